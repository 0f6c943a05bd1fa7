"""A trained model: what it offers, and how often its file is opened in a training run.

Tests runs/open_model.py.
"""

import numpy as np
import pytest
import safetensors
import safetensors.torch
import torch

import convscope as cs
from convscope.data.image_set import ImageSet
from convscope.errors import UsageError
from convscope.runs.model import Model, load_model
from convscope.runs.model_file import ModelCard, save_model
from convscope.runs.open_model import open_model


def card_of(network, **changes):
    fields = {
        "network": network,
        "network_arguments": {"size": 28},
        "classes": ("cat", "dog", "cow"),
        "channels": 1,
        "size": 28,
        "mean": (0.5,),
        "std": (0.25,),
    }
    return ModelCard(**fields | changes)


def test_what_callers_need_of_both_parts():
    model = Model(cs.build("lenet", 1, 3), card_of("lenet"))
    assert (model.name, model.image_shape) == ("lenet", (1, 28, 28))
    white = torch.full((1, 1, 28, 28), 255, dtype=torch.uint8)
    assert float(model.normalization.apply(white).mean()) == pytest.approx((1 - 0.5) / 0.25)
    assert Model(torch.nn.Flatten(), card_of("")).name == "Flatten"


def test_a_path_a_folder_and_a_run_open_the_same(digits_run):
    opened = [open_model(each) for each in (digits_run, digits_run.folder, digits_run.model_file)]
    for model in opened:
        assert model.card == opened[0].card
        assert not model.network.training
        for name, weights in opened[0].network.state_dict().items():
            assert torch.equal(model.network.state_dict()[name], weights)


def test_an_error_says_which_file_it_is(tmp_path):
    file = tmp_path / "model.safetensors"
    save_model(file, cs.build("lenet", 1, 3), card_of("lenet"))
    with pytest.raises(UsageError, match="model.safetensors.*are of another architecture than"):
        load_model(file, torch.nn.Linear(3, 3))


def opened(monkeypatch):
    """The names of all safetensors files that are opened to be read, one by one."""
    files = []
    one, all_of_it = safetensors.safe_open, safetensors.torch.load_file

    def counting_open(path, *arguments, **options):
        files.append(str(path))
        return one(path, *arguments, **options)

    def counting_load(path, *arguments, **options):
        files.append(str(path))
        return all_of_it(path, *arguments, **options)

    monkeypatch.setattr(safetensors, "safe_open", counting_open)
    monkeypatch.setattr(safetensors.torch, "load_file", counting_load)
    return files


@pytest.mark.parametrize(
    ("validation", "most"), [(0.2, 2), pytest.param(0, 1, marks=pytest.mark.slow)]
)
def test_a_training_run_opens_the_model_file_once_and_to_rewrite_its_card(
    tmp_path, monkeypatch, validation, most
):
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 10)
    pixels = random.integers(0, 256, (len(labels), 1, 8, 8)).astype(np.uint8)
    images = ImageSet(pixels, labels, ["a", "b", "c"])
    files = opened(monkeypatch)
    run = cs.train(
        "softmax-regression", {"train": images, "test": images}, "fast", out=tmp_path / "run",
        epochs=1, validation=validation, quiet=True, precision="float32", threads=1,
    )  # fmt: skip
    assert run.report_file.exists()
    assert 1 <= len([file for file in files if file.endswith("model.safetensors")]) <= most
