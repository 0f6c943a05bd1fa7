"""What a run computes after training is what the forecast counts."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import convscope as cs
from convscope.planning.run_time import (
    HEAD_STEP_SECONDS,
    HeadTime,
    head_time,
    predictions_after_training,
)
from convscope.planning.training_time import EpochTime
from convscope.planning.workload import make_workload
from tests.conftest import slow

pytestmark = pytest.mark.usefixtures("own_cache")


class Counts(nn.Module):
    """Counts the images that it answers in evaluation, those that are tried one by one apart."""

    answered = 0

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(64, 2)

    def forward(self, images):
        if not self.training and len(images) > 1:
            Counts.answered += len(images)
        return self.dense(images.flatten(1))


def images(count):
    generator = np.random.default_rng(count)
    pixels = generator.integers(0, 255, (count, 1, 8, 8), dtype=np.uint8)
    return cs.ImageSet(pixels, np.arange(count) % 2, ("a", "b"))


@pytest.mark.slow
@pytest.mark.parametrize("unknown_rate", [*slow(0), 0.05])
@pytest.mark.parametrize("validation", [*slow(0), 0.2])
def test_predictions_after_training(validation, unknown_rate, tmp_path):
    data = {"train": images(1500), "test": images(300)}
    recipe = cs.Recipe(
        epochs=1, batch_size=50, precision="float32", threads=1, device="cpu",
        validation=validation, unknown_rate=unknown_rate, allow_leaks=True,
    )  # fmt: skip
    torch.manual_seed(0)
    network = Counts()
    Counts.answered = 0
    cs.train(network, data, recipe, out=tmp_path / "run", quiet=True)
    after_an_epoch = 300
    answered = Counts.answered - after_an_epoch
    workload = make_workload(network, data, recipe)
    # A batch of one is not counted by the network, and some are tried when a run begins.
    assert predictions_after_training(workload, macs=128, shown=1500) == pytest.approx(
        answered, rel=0.02
    )


def workload_of(**stages):
    recipe = cs.Recipe(epochs=10, from_="published", stages=stages)
    return SimpleNamespace(recipe=recipe, counts={"train": 1000, "validation": 100})


def test_a_new_layer_costs_the_features_of_all_copies():
    epoch = EpochTime(step=0.5, steps=10, evaluation=0.4, checkpoint=0.1)
    assert head_time(workload_of(), epoch, 0.01, 0.4) == HeadTime()
    plain = head_time(workload_of(head_epochs=4, copies=0), epoch, 0.01, 0.4)
    more = head_time(workload_of(head_epochs=4, copies=3), epoch, 0.01, 0.4)
    assert plain.steps == more.steps == 40
    assert more.seconds - plain.seconds == pytest.approx(3 * 1000 * 0.01)
    assert plain.seconds == pytest.approx(1100 * 0.01 + 4 * (0.1 + 10 * HEAD_STEP_SECONDS))
    # Two epochs follow in which a third and two thirds learn.
    assert more.saved == pytest.approx(2 / 3 * 0.4 * 10 * (2 / 3 + 1 / 3))


def test_without_a_source_there_is_no_stage():
    epoch = EpochTime(step=0.5, steps=10, evaluation=0.4, checkpoint=0.1)
    workload = workload_of(head_epochs=4)
    workload.recipe = workload.recipe.replace(from_="")
    assert head_time(workload, epoch, 0.01, 0.4) == HeadTime()


@pytest.mark.slow
def test_a_plan_knows_the_stages(tmp_path):
    """The epochs of the new layer are among those that were asked for."""
    data = {"train": images(300), "test": images(100)}
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    recipe = cs.Recipe(epochs=40, batch_size=50, precision="float32", threads=1, device="cpu")
    run = cs.train(network, data, recipe.replace(epochs=1), out=tmp_path / "run", quiet=True)
    stages = {"head_epochs": 15, "copies": 0}
    assert cs.plan(network, data, recipe, from_=run, stages=stages).forecast().epochs == 40
