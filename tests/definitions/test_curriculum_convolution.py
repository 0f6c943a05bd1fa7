"""Figures of the curriculum, C1 to C9: what convolution is."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from convscope.definitions.convolution import (
    continuous_convolution,
    convolution,
    cross_correlation_matrix,
    discrete_convolution,
    flip,
)
from convscope.definitions.counting import convolution_parameters, dense_parameters
from convscope.definitions.cross_correlation import (
    cross_correlation_1d,
    cross_correlation_2d,
    cross_correlation_3d,
    cross_correlation_backward,
)
from convscope.definitions.losses import squared_error, squared_error_backward
from convscope.definitions.pooling import max_pool
from tests.definitions.reference import normal


def image_3x3():
    return np.arange(9).reshape(1, 1, 3, 3)


def kernel_2x2():
    return np.arange(4).reshape(1, 1, 2, 2)


def eaten(hour):
    """Grams an hour: half an hour of breakfast at 8, one hour of lunch at 12."""
    return np.where((hour >= 8) & (hour < 8.5), 600.0, 0) + np.where(
        (hour >= 12) & (hour < 13), 800.0, 0
    )


def undigested(age):
    """The share of a meal that is left after some hours; what will be eaten is not there yet."""
    return np.where(age >= 0, np.exp(-np.maximum(age, 0) / 2), 0.0)


def test_c1_what_is_in_the_stomach():
    def left(t, start, stop, rate):  # the integral, by hand, for a meal that is over
        return rate * 2 * (np.exp(-(t - stop) / 2) - np.exp(-(t - start) / 2))

    now = continuous_convolution(
        eaten, undigested, [7.0, 10.0, 18.0], start=0, stop=24, intervals=4800
    )
    expected = [0, left(10, 8, 8.5, 600), left(18, 8, 8.5, 600) + left(18, 12, 13, 800)]
    assert_allclose(now, expected, rtol=1e-6)


def test_c1_the_arguments_add_up_to_t_and_g_appears_flipped():
    seen = {}

    def note(name, function):
        return lambda argument: seen.setdefault(name, argument) * 0 + function(argument)

    continuous_convolution(
        note("f", eaten), note("g", undigested), 18.0, start=0, stop=24, intervals=100
    )
    assert_allclose(seen["f"] + seen["g"], 18.0)
    assert (np.diff(seen["f"]) > 0).all()
    assert (np.diff(seen["g"]) < 0).all()


def test_c1_the_discrete_form_is_the_continuous_one_on_a_grid():
    hours = np.arange(0, 24, 0.01) + 0.005
    sums = discrete_convolution(eaten(hours), undigested(hours - 0.005)) * 0.01
    smooth = continuous_convolution(eaten, undigested, 18.0, start=0, stop=24, intervals=4800)
    assert sums[1800] == pytest.approx(float(smooth), rel=0.01)


def test_c2_convolution_is_cross_correlation_with_the_kernel_turned_by_180_degrees():
    x, kernel = normal(1, 1, 6, 6), normal(1, 1, 3, 3, seed=1)
    turned = np.rot90(kernel, 2, axes=(2, 3))
    assert_allclose(convolution(x, kernel), cross_correlation_2d(x, turned))
    assert not np.allclose(convolution(x, kernel), cross_correlation_2d(x, kernel))
    symmetric = kernel + flip(kernel)
    assert_allclose(convolution(x, symmetric), cross_correlation_2d(x, symmetric))


def test_c4_the_dense_weights_of_a_convolution():
    """W[i, j, k, l] re-indexed by offset: the same V[a, b] at all (i, j), and 0 where it is far."""
    x, kernel = normal(1, 1, 5, 6), normal(1, 1, 3, 2, seed=1)
    matrix = cross_correlation_matrix(kernel, (5, 6))
    assert_allclose(matrix @ x.ravel(), cross_correlation_2d(x, kernel).ravel())
    dense_weights = matrix.reshape(3, 5, 5, 6)
    for i, j, k, l in np.ndindex(3, 5, 5, 6):  # noqa: E741
        a, b = k - i, l - j
        near = 0 <= a < 3 and 0 <= b < 2
        assert dense_weights[i, j, k, l] == (kernel[0, 0, a, b] if near else 0)


def test_c4_a_photograph_is_too_much_for_a_dense_layer():
    inputs = 12_000_000 * 3
    assert inputs == 36_000_000
    assert dense_parameters(inputs, 100, bias=False) == 3_600_000_000
    assert convolution_parameters(3, 1, (3, 3)) == 28  # whatever the size of the image


def test_c5_shifted_input_shifted_map():
    x, kernel = normal(1, 1, 12, 12), normal(1, 1, 3, 3, seed=1)
    shifted = np.roll(x, 2, axis=3)
    y, y_shifted = cross_correlation_2d(x, kernel), cross_correlation_2d(shifted, kernel)
    assert_allclose(y_shifted[..., 2:], y[..., :-2])  # inside the borders
    around = {"padding": 1, "padding_mode": "circular"}
    assert_allclose(
        cross_correlation_2d(shifted, kernel, **around),
        np.roll(cross_correlation_2d(x, kernel, **around), 2, axis=3),
    )


def test_c5_with_stride_only_shifts_by_its_multiples_carry_over():
    x, kernel = normal(1, 1, 12, 12), normal(1, 1, 3, 3, seed=1)
    around = {"padding": 1, "padding_mode": "circular", "stride": 2}
    y = cross_correlation_2d(x, kernel, **around)
    for shift in range(1, 5):
        moved = cross_correlation_2d(np.roll(x, shift, axis=3), kernel, **around)
        as_some_shift = [np.allclose(moved, np.roll(y, s, axis=3)) for s in range(6)]
        assert any(as_some_shift) == (shift % 2 == 0)


def test_c5_pooling_tolerates_small_shifts():
    x = np.zeros((1, 1, 8, 8))
    x[0, 0, 2, 4] = 1
    shifted = np.roll(x, 1, axis=3)  # still in the same window
    assert np.array_equal(max_pool(x, 2), max_pool(shifted, 2))


def test_c5_the_same_pattern_in_two_places_gives_the_same_response():
    x, pattern = np.zeros((1, 1, 12, 12)), normal(3, 3)
    x[0, 0, 1:4, 2:5] = x[0, 0, 7:10, 6:9] = pattern
    y = cross_correlation_2d(x, pattern[None, None])
    assert y[0, 0, 1, 2] == y[0, 0, 7, 6] == pytest.approx((pattern**2).sum())


def test_c6_two_dimensional_cross_correlation():
    y = cross_correlation_2d(image_3x3(), kernel_2x2())
    assert y.tolist() == [[[[19, 25], [37, 43]]]]
    assert y.shape[2:] == (3 - 2 + 1, 3 - 2 + 1)


def edge_example():
    x = np.ones((1, 1, 6, 8))
    x[..., 2:6] = 0
    return x, np.array([[[[1.0, -1.0]]]])


def test_c7_an_edge_detector():
    x, kernel = edge_example()
    y = cross_correlation_2d(x, kernel)
    assert y.shape == (1, 1, 6, 7)
    assert y[0, 0].tolist() == [[0, 1, 0, 0, 0, -1, 0]] * 6
    assert not cross_correlation_2d(x.swapaxes(2, 3), kernel).any()


def test_c7_one_bias_for_each_output_channel():
    x, kernel = edge_example()
    with_bias = cross_correlation_2d(x, kernel, [0.5])
    assert np.array_equal(with_bias, cross_correlation_2d(x, kernel) + 0.5)


def test_c8_learning_the_edge_detectors_kernel():
    x, wanted = edge_example()
    target = cross_correlation_2d(x, wanted)
    kernel = np.zeros_like(wanted)
    losses = []
    for _ in range(10):
        y = cross_correlation_2d(x, kernel)
        losses.append(squared_error(y, target, reduction="sum"))
        gradient = squared_error_backward(y, target, reduction="sum")
        kernel -= 0.03 * cross_correlation_backward(gradient, x, kernel).weight
    assert losses == sorted(losses, reverse=True)
    # The error shrinks by 1 − 2 · 0.03 · 6 a step: 6 is the image's share in this direction.
    assert_allclose(kernel, wanted * (1 - 0.64**10), rtol=1e-12)
    assert_allclose(kernel, wanted, atol=0.02)


def test_c9_one_and_three_dimensions():
    assert cross_correlation_1d([[[0, 1, 2, 3, 4, 5, 6]]], [[[1, 2]]]).tolist() == [
        [[2, 5, 8, 11, 14, 17]]
    ]
    volume, kernel = normal(1, 2, 6, 7, 8), normal(4, 2, 3, 3, 3, seed=1)  # 5-D kernels
    y = cross_correlation_3d(volume, kernel)
    assert y.shape == (1, 4, 4, 5, 6)
    slices = [cross_correlation_2d(volume[:, :, 1 + d], kernel[:, :, d]) for d in range(3)]
    assert_allclose(y[:, :, 1], sum(slices))  # per-slice 2-D, added up
