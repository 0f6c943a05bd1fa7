"""What a run computes after training is what the forecast counts."""

import numpy as np
import pytest
import torch
from torch import nn

import convscope as cs
from convscope.planning.run_time import predictions_after_training
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
    assert predictions_after_training(workload, macs=128) == pytest.approx(answered, rel=0.02)
