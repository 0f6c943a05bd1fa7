"""The matrix of a convolution against PyTorch, and what it looks like."""

import numpy as np
import pytest
import torch

from convscope.errors import UsageError
from convscope.experiments import dense_matrix
from convscope.experiments.dense_matrix import convolution_matrix
from tests.experiments.results import check_result

KERNEL = [[1.0, 2.0], [3.0, 4.0]]


def test_the_matrix_of_a_small_kernel_by_hand():
    found = convolution_matrix(KERNEL, (2, 3))
    assert found.matrix.tolist() == [[1, 2, 0, 3, 4, 0], [0, 1, 2, 0, 3, 4]]
    assert (found.output, found.places) == ((1, 2), [2, 2, 2, 2])
    assert found.zeros == pytest.approx(4 / 12)
    assert "33 %" in check_result(found)


@pytest.mark.parametrize(
    "settings",
    [{}, {"stride": 2}, {"padding": 1}, {"padding": 1, "padding_mode": "circular", "stride": 2}],
)
def test_it_does_what_pytorch_does(settings):
    found = convolution_matrix(np.arange(1.0, 10).reshape(3, 3), 7, **settings)
    assert found.difference < 1e-12
    assert found.matrix.shape == (np.prod(found.output), 49)


def test_a_kernel_with_zeros_has_them_counted_by_place():
    """An entry of the kernel that happens to be 0 is no zero of the layout."""
    assert convolution_matrix([[0.0, 1.0]], (1, 4)).zeros == 0.5


def test_a_wrong_matrix_is_noticed(monkeypatch):
    right = dense_matrix.cross_correlation_matrix
    monkeypatch.setattr(
        dense_matrix,
        "cross_correlation_matrix",
        lambda weight, size, **settings: right(weight[..., ::-1, ::-1], size, **settings),
    )
    assert convolution_matrix(KERNEL, 4).difference > 0.1


def test_the_modes_are_those_of_pytorch():
    layer = torch.nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect", bias=False)
    kernel = layer.weight.detach().double().numpy()[0, 0]
    found = convolution_matrix(kernel, 5, padding=1, padding_mode="reflect")
    x = torch.rand(1, 1, 5, 5)
    expected = layer(x).detach().numpy().ravel()
    assert np.allclose(found.matrix @ x.numpy().ravel(), expected, atol=1e-6)


def test_what_is_no_kernel_is_refused():
    with pytest.raises(UsageError, match="matrix of numbers"):
        convolution_matrix([1, 2], 4)
    with pytest.raises(UsageError, match="does not fit"):
        convolution_matrix(KERNEL, 1)
