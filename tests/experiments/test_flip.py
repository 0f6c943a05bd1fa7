"""Convolution, cross-correlation and what PyTorch computes."""

import numpy as np
import pytest
import torch

from convscope.errors import UsageError
from convscope.experiments.flip import compare_flip
from tests.experiments.results import check_result

IMAGE = np.random.default_rng(0).integers(0, 256, size=(3, 12, 14)).astype(np.uint8)
SLOPE = [[-2, -1, 0], [-1, 0, 1], [0, 1, 2]]


def test_a_turn_by_180_degrees_makes_them_equal():
    found = compare_flip(IMAGE, SLOPE)
    assert found.plain > 100
    assert found.turned == found.framework == 0
    assert not found.symmetric
    assert np.allclose(found.convolution, -found.correlation)  # this kernel is antisymmetric
    assert "cross-correlation doesn't" in check_result(found)


def test_symmetric_kernels_make_no_difference():
    found = compare_flip(IMAGE[0], [[0, 1, 0], [1, -4, 1], [0, 1, 0]])
    assert (found.symmetric, found.plain) == (True, 0)
    assert "both are the same" in check_result(found)


def test_a_framework_that_flips_is_noticed(monkeypatch):
    right = torch.nn.functional.conv2d
    monkeypatch.setattr(torch.nn.functional, "conv2d", lambda x, w: right(x, w.flip(2, 3)))
    assert compare_flip(IMAGE, SLOPE).framework > 100


def test_other_shapes_are_refused():
    with pytest.raises(UsageError, match="image must be"):
        compare_flip(IMAGE[0, 0], SLOPE)
