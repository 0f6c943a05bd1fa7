"""Errors over shifts: only multiples of the stride are followed."""

import numpy as np
import pytest
import torch
from torch import nn

from convscope.errors import UsageError
from convscope.experiments.shift_curves import measure_shift_curves
from tests.experiments.results import check_result

IMAGE = np.random.default_rng(0).normal(size=(1, 24, 48))


def test_strides_multiply():
    torch.manual_seed(0)
    curves = measure_shift_curves(
        {
            "1": nn.Conv2d(1, 2, 3, padding=1),
            "3": nn.Conv2d(1, 2, 3, stride=3, padding=1),
            "2 · 2": nn.Sequential(nn.Conv2d(1, 2, 3, stride=2, padding=1), nn.MaxPool2d(2)),
        },
        IMAGE,
    )
    assert curves.exact("1") == [*range(9)]
    assert curves.exact("3") == [0, 3, 6]
    assert curves.exact("2 · 2") == [0, 4, 8]
    assert "stride's multiples" in check_result(curves)
    alone = measure_shift_curves({"1": nn.Conv2d(1, 2, 3)}, IMAGE, 2)
    assert "every shift" in check_result(alone)


def test_nothing_to_measure_is_refused():
    with pytest.raises(UsageError, match="at least one network"):
        measure_shift_curves({}, IMAGE)
