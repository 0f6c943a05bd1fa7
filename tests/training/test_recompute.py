"""Recomputation as a field of the recipe: the same run with less memory."""

import numpy as np
import pytest
import torch
from torch import nn

import convscope as cs
from convscope.errors import UsageError
from convscope.runs.checkpoint import latest_checkpoint
from convscope.training import loop
from convscope.training.interrupt import StopRequest, TrainingStoppedError

SETTINGS = {
    "epochs": 2,
    "batch_size": 16,
    "learning_rate": 0.05,
    "ema": 0.9,
    "validation": 0.2,
    "precision": "float32",
    "threads": 1,
    "device": "cpu",
    "quiet": True,
}


def images(seed):
    images = np.random.default_rng(seed).integers(0, 255, (48, 1, 8, 8), dtype=np.uint8)
    return cs.ImageSet(images, np.arange(48) % 3, tuple("abc"))


DATA = {"train": images(0), "test": images(1)}


def network():
    torch.manual_seed(0)
    units = []
    for _ in range(3):
        units += [nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.2)]
    stem, head = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 4, 3)
    return nn.Sequential(stem, *units, head, nn.Flatten(), nn.Linear(144, 3))


def weights(run):
    return latest_checkpoint(run.checkpoints).tensors


def assert_same(expected, got):
    assert got.keys() == expected.keys()
    assert all(torch.equal(expected[name], got[name]) for name in expected)


@pytest.mark.slow
def test_the_run_is_the_same_and_its_recipe_names_the_blocks(tmp_path):
    plain = cs.train(network(), DATA, "fast", out=tmp_path / "plain", **SETTINGS)
    named = cs.train(
        network(), DATA, "fast", out=tmp_path / "named", recompute=["[1:5]"], **SETTINGS
    )
    auto = cs.train(network(), DATA, "fast", out=tmp_path / "auto", recompute="auto", **SETTINGS)
    assert plain.recipe.recompute == ()
    assert named.recipe.recompute == ("[1:5]",)
    assert auto.recipe.recompute not in ((), "auto")
    assert_same(weights(plain), weights(named))
    assert_same(weights(plain), weights(auto))


@pytest.mark.slow
def test_a_stopped_run_goes_on_bit_for_bit(tmp_path, monkeypatch):
    whole = cs.train(network(), DATA, "fast", out=tmp_path / "whole", **SETTINGS)
    requests, counted, created = [], loop.Progress.count, StopRequest.__init__

    def create(request, folder):
        created(request, folder)
        requests.append(request)

    def count(progress, *arguments):
        counted(progress, *arguments)
        if progress.step == 2:
            requests[-1].receive(15, None)

    monkeypatch.setattr(StopRequest, "__init__", create)
    monkeypatch.setattr(loop.Progress, "count", count)
    with pytest.raises(TrainingStoppedError):
        cs.train(network(), DATA, "fast", out=tmp_path / "stopped", recompute="auto", **SETTINGS)
    monkeypatch.undo()
    resumed = cs.resume(tmp_path / "stopped", module=network(), data=DATA, quiet=True)
    assert resumed.recipe.recompute
    assert_same(weights(whole), weights(resumed))


def test_a_wrong_block_leaves_no_folder(tmp_path):
    with pytest.raises(UsageError, match="Unknown block to recompute 'layer1'. There are: 0, 1"):
        cs.train(network(), DATA, "fast", out=tmp_path / "r", recompute=["layer1"], **SETTINGS)
    assert not (tmp_path / "r").exists()


@pytest.mark.slow
def test_a_network_that_looks_at_its_values(tmp_path):
    class Looking(nn.Sequential):
        def forward(self, x):
            return super().forward(x if x.sum() > 0 else -x)

    looking = Looking(*network())
    run = cs.train(looking, DATA, "fast", out=tmp_path / "r", recompute="auto", **SETTINGS)
    assert run.recipe.recompute == ()  # planned by a real step; nothing of it would save memory


@pytest.mark.parametrize("value", ["layer1", 3, [1], True])
def test_what_the_recipe_accepts(value):
    with pytest.raises(UsageError, match='recompute: takes "auto" or a list of blocks'):
        cs.Recipe(epochs=1).replace(recompute=value)


def test_the_recipe_as_toml(tmp_path):
    from convscope.runs import recipe

    for value in ("auto", ("layer1.0", "features[0:7]"), ()):
        written = cs.Recipe(epochs=1).replace(recompute=value)
        written.write(tmp_path / "r.toml")
        assert recipe.read(tmp_path / "r.toml").recompute == value
