"""Figures of the curriculum, C10 to C17: convolution and pooling as layers, and their cost."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from convscope.definitions.counting import (
    Window,
    convolution_macs,
    convolution_parameters,
    receptive_field,
)
from convscope.definitions.cross_correlation import cross_correlation_1d, cross_correlation_2d
from convscope.definitions.dense import dense
from convscope.definitions.pooling import average_pool, max_pool
from convscope.definitions.windows import output_size
from tests.definitions.reference import normal


def test_c10_the_formula_counts_padding_on_both_sides_the_layer_on_each():
    for n, k, p, s in itertools.product(range(4, 10), range(1, 5), range(4), range(1, 4)):
        y = cross_correlation_1d(normal(1, 1, n), normal(1, 1, k), padding=p, stride=s)
        assert (
            y.shape[2]
            == (n - k + 2 * p + s) // s
            == output_size(n, k, total_padding=2 * p, stride=s)
        )


@pytest.mark.parametrize("k", range(1, 8))
def test_c10_padding_by_k_minus_1_keeps_the_size_and_odd_kernels_pad_evenly(k):
    assert output_size(8, k, total_padding=k - 1) == 8
    evenly = cross_correlation_1d(normal(1, 1, 8), normal(1, 1, k), padding=(k - 1) // 2)
    assert (evenly.shape[2] == 8) == (k % 2 == 1)


@pytest.mark.parametrize(("size", "layers"), [(32, 7), (224, 55)])
def test_c10_kernels_of_5_lose_4_a_layer(size, layers):
    for _ in range(layers):
        smaller = output_size(size, 5)
        assert smaller == size - 4
        size = smaller
    assert size == 4


@pytest.mark.parametrize(
    ("kernel", "settings", "expected"),
    [
        ((3, 3), {"padding": 1}, (8, 8)),
        ((5, 3), {"padding": (2, 1)}, (8, 8)),
        ((3, 3), {"padding": 1, "stride": 2}, (4, 4)),
        ((3, 5), {"padding": (0, 1), "stride": (3, 4)}, (2, 2)),
    ],
)
def test_c10_a_image_of_8_by_8(kernel, settings, expected):
    y = cross_correlation_2d(normal(1, 1, 8, 8), normal(1, 1, *kernel), **settings)
    assert y.shape[2:] == expected


def two_channels():
    x = np.stack([np.arange(9), np.arange(1, 10)]).reshape(1, 2, 3, 3)
    return x, np.stack([np.arange(4), np.arange(1, 5)]).reshape(1, 2, 2, 2)


def test_c11_input_channels_add_up():
    x, kernel = two_channels()
    y = cross_correlation_2d(x, kernel)
    assert y.tolist() == [[[[56, 72], [104, 120]]]]
    each = [cross_correlation_2d(x[:, [c]], kernel[:, [c]]) for c in range(2)]
    assert np.array_equal(y, sum(each))


def test_c12_output_channels():
    x, kernel = two_channels()
    y = cross_correlation_2d(x, np.concatenate([kernel, kernel + 1, kernel + 2]))
    assert y[0].tolist() == [
        [[56, 72], [104, 120]],
        [[76, 100], [148, 172]],
        [[96, 128], [192, 224]],
    ]


def test_c13_a_1x1_convolution_is_a_dense_layer_over_channels_at_each_pixel():
    x, weight, bias = normal(1, 3, 3, 3), normal(2, 3, seed=1), normal(2, seed=2)
    y = cross_correlation_2d(x, weight[:, :, None, None], bias)
    pixels = x[0].reshape(3, 9).T  # (3, 3, 3) → (pixels, channels)
    assert_allclose(y[0], dense(pixels, weight, bias).T.reshape(2, 3, 3), atol=1e-6)


def test_c14_cost():
    layer = convolution_macs(100, 100, (5, 5), (64, 64))
    assert layer == 100 * 100 * 5 * 5 * 64 * 64
    assert layer == pytest.approx(1e9, rel=0.03)  # about 1 GFLOP, a MAC counted as one
    assert 10 * 1_000_000 * layer == pytest.approx(10e15, rel=0.03)  # about 10 PFLOP


@pytest.mark.parametrize("n", [1, 2, 5, 10])
def test_c15_layers_of_3x3_see_2n_plus_1(n):
    assert receptive_field([Window(3)] * n).size == 2 * n + 1


def test_c15_ten_of_3x3_see_as_far_as_five_of_5x5_with_fewer_operations():
    assert receptive_field([Window(3)] * 10) == receptive_field([Window(5)] * 5)
    small, large = (convolution_macs(8, 8, (k, k), (32, 32)) for k in (3, 5))
    assert 10 * small < 5 * large


def test_c15_strides_and_pooling_multiply_the_receptive_field():
    seen = receptive_field(
        [Window(3), Window(2, stride=2), Window(3), Window(2, stride=2), Window(3)]
    )
    assert (seen.size, seen.stride) == (3 + 1 + 2 * 2 + 2 + 4 * 2, 4)


def test_c16_pooling():
    x = np.arange(16).reshape(1, 1, 4, 4)
    assert max_pool(x, 3).tolist() == [[[[10]]]]
    assert max_pool(x, 3, padding=1, stride=2).tolist() == [[[[5, 7], [13, 15]]]]
    assert average_pool(x, 2).tolist() == [[[[2.5, 4.5], [10.5, 12.5]]]]


def test_c16_each_channel_is_pooled_alone():
    x = np.concatenate([np.arange(16.0), np.arange(1, 17.0)]).reshape(1, 2, 4, 4)
    y = max_pool(x, 3, padding=1, stride=2)
    assert y.tolist() == [[[[5, 7], [13, 15]], [[6, 8], [14, 16]]]]


def test_c17_a_depthwise_convolution_is_one_of_its_own_for_each_channel():
    x, kernels = normal(2, 4, 6, 6), normal(4, 1, 3, 3, seed=1)
    y = cross_correlation_2d(x, kernels, groups=4)
    alone = [cross_correlation_2d(x[:, [c]], kernels[[c]]) for c in range(4)]
    assert_allclose(y, np.concatenate(alone, axis=1))


def test_c17_depthwise_and_1x1_save_parameters_and_operations():
    """The share that is left is 1/c_o + 1/k² (MobileNet, section 3.1)."""
    c_in, c_out, k, m = 64, 128, 3, 56
    plain = convolution_macs(c_in, c_out, (k, k), (m, m))
    depthwise = convolution_macs(c_in, c_in, (k, k), (m, m), groups=c_in)
    pointwise = convolution_macs(c_in, c_out, (1, 1), (m, m))
    assert (depthwise + pointwise) / plain == pytest.approx(1 / c_out + 1 / k**2)
    weights = convolution_parameters(c_in, c_out, (k, k), bias=False)
    separable = convolution_parameters(
        c_in, c_in, (k, k), groups=c_in, bias=False
    ) + convolution_parameters(c_in, c_out, (1, 1), bias=False)
    assert separable / weights == pytest.approx(1 / c_out + 1 / k**2)
    assert convolution_parameters(c_in, c_out, (k, k), groups=4, bias=False) == weights / 4
