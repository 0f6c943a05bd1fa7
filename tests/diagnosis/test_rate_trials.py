"""Trials at other learning rates are plain training from the same weights on the same batches."""

import math
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from convscope.diagnosis.rate_trials import LAST, STEPS, rate_trials
from convscope.runs.recipe import Recipe
from convscope.runtime.execution import Execution

RATE = 0.01


def batches():
    """Two classes that a dense layer can tell apart."""
    random = torch.Generator().manual_seed(0)
    while True:
        labels = torch.randint(2, (16,), generator=random)
        yield torch.randn(16, 1, 2, 2, generator=random) + 2 * labels.view(-1, 1, 1, 1) - 1, labels


def first():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(4, 2))


@pytest.fixture
def subject():
    """As much of a run's `Subject` as is read here."""
    return SimpleNamespace(
        recipe=Recipe(epochs=1, learning_rate=RATE),
        execution=Execution(torch.device("cpu"), "float32"),
        first=first,
        training_batches=batches,
    )


def plain_loss(rate):
    """The mean loss of the last steps, by PyTorch's own loop."""
    network, losses = first(), []
    optimizer = torch.optim.SGD(network.parameters(), lr=rate)
    for _, (images, labels) in zip(range(STEPS), batches(), strict=False):
        loss = F.cross_entropy(network(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses[-LAST:]) / LAST


def test_each_trial_is_plain_training_at_its_rate(subject):
    steps = []
    trials = rate_trials(subject, (1e-2, 1.0, 10.0), steps.append)
    assert [trial.rate for trial in trials] == pytest.approx([1e-4, 1e-2, 1e-1])
    for trial in trials:
        assert trial.steps == STEPS
        assert trial.loss == pytest.approx(plain_loss(trial.rate), rel=1e-4)
    assert sum(steps) == 3 * STEPS
    assert trials[2].loss < trials[1].loss < trials[0].loss


def test_a_rate_at_which_the_loss_runs_away_is_infinitely_bad(subject):
    [trial] = rate_trials(subject, (1e40,))
    assert math.isinf(trial.loss)
