"""Weights counted in PyTorch's own modules."""

import pytest

from convscope.definitions.counting import convolution_parameters, dense_parameters
from convscope.errors import UsageError
from convscope.experiments.weight_counts import count_weights
from tests.experiments.results import check_result


def test_a_photograph_needs_three_and_a_half_billion():
    counts = count_weights()
    assert counts.dense[-1] == dense_parameters(36_000_000, 100, bias=False) == 3_600_000_000
    assert set(counts.convolution) == {convolution_parameters(3, 100, (5, 5), bias=False)}
    assert counts.dense[0] == 28 * 28 * 3 * 100
    shown = check_result(counts)
    assert "3,600,000,000" in shown
    assert "14.4 GB" in shown


def test_one_kernel_is_a_few_dozen_weights_however_large_the_image():
    counts = count_weights((100, 10_000), units=1, kernel=3)
    assert counts.convolution == (27, 27)
    assert counts.dense == (300, 30_000)


@pytest.mark.parametrize("wrong", [{"pixels": ()}, {"pixels": (0,)}, {"units": 0}])
def test_wrong_sizes_are_refused(wrong):
    with pytest.raises(UsageError, match="whole numbers from 1 on"):
        count_weights(**wrong)
