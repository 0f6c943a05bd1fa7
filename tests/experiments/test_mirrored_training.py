"""Networks of convolutions and of cross-correlations, trained beside one another."""

import pytest
import torch

from convscope.errors import UsageError
from convscope.experiments import mirrored_training
from convscope.experiments.mirrored_training import train_mirrored, turn
from tests.experiments.results import check_result


def test_from_mirrored_starts_both_stay_the_same():
    found = train_mirrored(steps=8)
    assert max(found.outputs) < 1e-12
    assert found.kernels < 1e-12
    assert found.accuracies[0] == found.accuracies[1]
    assert "mirrored start" in check_result(found)


def test_from_the_same_start_they_differ():
    found = train_mirrored(mirrored=False, steps=8)
    assert min(found.outputs) > 1e-3
    assert found.kernels > 1e-3


def test_a_convolution_that_does_not_turn_is_noticed(monkeypatch):
    monkeypatch.setattr(mirrored_training, "turn", lambda images: images)
    assert max(train_mirrored(steps=2).outputs) > 1e-3
    assert max(train_mirrored(mirrored=False, steps=2).outputs) == 0


def test_turn_is_by_180_degrees():
    assert turn(torch.arange(4).reshape(2, 2)).tolist() == [[3, 2], [1, 0]]


def test_no_steps_are_refused():
    with pytest.raises(UsageError, match="at least 1"):
        train_mirrored(steps=0)
