"""Small runs and images to evaluate."""

import numpy as np
import pytest
import torch
from PIL import Image

from convscope.networks.catalog import build
from convscope.runs.model_file import ModelCard, save_model
from convscope.runs.recipe import Recipe
from convscope.runs.run import new_run

CLASSES = ("cat", "dog", "emu")


@pytest.fixture
def images(tmp_path):
    """A folder of 3 classes with 10 grey PNG files of 28×28 each."""
    random = np.random.default_rng(0)
    for shade, name in enumerate(CLASSES):
        folder = tmp_path / "images" / name
        folder.mkdir(parents=True)
        for number in range(10):
            pixels = random.integers(60 * shade, 60 * shade + 100, (28, 28)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")
    return tmp_path / "images"


@pytest.fixture
def make_run(tmp_path):
    """Make a run with an untrained network, as training would leave it."""

    def make(data, *, name="run", channels=1, classes=CLASSES, spoil=False, **recipe):
        torch.manual_seed(4)
        network = build("lenet-bn", channels, len(classes)).requires_grad_(requires_grad=False)
        if spoil:
            next(network.parameters()).fill_(float("nan"))
        card = ModelCard(
            network="lenet-bn", classes=classes, channels=channels, size=28,
            mean=(0.4,) * channels, std=(0.25,) * channels,
        )  # fmt: skip
        settings = Recipe(network="lenet-bn", data=str(data), validation=0.2, epochs=1, **recipe)
        run = new_run(tmp_path / name, settings)
        save_model(run.model_file, network, card)
        return run

    return make
