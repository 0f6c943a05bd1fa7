"""Several seeds of a recipe: resumable, and a seed that fails doesn't stop the others.

Tests training/seeds.py, training/one_of_several.py.
"""

import json

import numpy as np
import pytest
import torch
from torch import nn

import convscope as cs
from convscope.errors import ConvscopeError, UsageError
from convscope.runs.checked_json import write_checked
from convscope.training import one_of_several as module
from convscope.training.interrupt import TrainingStoppedError

QUICK = {"epochs": 2, "batch_size": 32, "precision": "float32", "threads": 1, "quiet": True}


@pytest.fixture(scope="module")
def images():
    """Two classes that a line can tell apart."""
    random = np.random.default_rng(0)

    def some(count, split):
        labels = np.arange(count) % 2
        images = random.integers(0, 120, (count, 1, 8, 8)) + 100 * labels[:, None, None, None]
        return cs.ImageSet(images.astype(np.uint8), labels, ["dark", "light"], split=split)

    return {"train": some(96, "train"), "test": some(40, "test")}


def small():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 2))


@pytest.fixture
def train(images, tmp_path):
    """Train `small` with three seeds into one folder."""

    def run(**changes):
        return cs.train_seeds(
            small, images, "fast", out=tmp_path / "g", **{"seeds": 3, **QUICK, **changes}
        )

    return run


@pytest.mark.slow
def test_each_seed_is_a_run(train, images, tmp_path):
    group = train(seed=4)
    assert [run.folder.name for run in group.runs] == ["seed-4", "seed-5", "seed-6"]
    assert [run.recipe.seed for run in group.runs] == [4, 5, 6]
    weights = {tuple(run.model(small()).network[1].weight.flatten().tolist()) for run in group.runs}
    assert len(weights) == 3
    assert group.spread.lowest <= group.spread.median <= group.spread.highest
    # A seed by itself gives the same run.
    torch.manual_seed(5)
    alone = cs.train(small(), images, "fast", out=tmp_path / "alone", seed=5, **QUICK)
    assert alone.summary()["loss"] == group.runs[1].summary()["loss"]


@pytest.mark.slow
def test_finished_seeds_are_not_repeated(train, tmp_path, capsys):
    train(seeds=2)
    files = {file: file.stat().st_mtime_ns for file in (tmp_path / "g").rglob("model.safetensors")}
    group = train(seeds=4, quiet=False)
    assert len(group.runs) == 4
    assert all(file.stat().st_mtime_ns == time for file, time in files.items())
    messages = capsys.readouterr().err
    assert "Seed 1 (2 of 4) has ended before: not repeated" in messages
    assert "Seed 2 (3 of 4)\n" in messages


@pytest.mark.slow
def test_stopped_in_the_middle_and_gone_on_with(train, tmp_path, monkeypatch):
    carry_on = module.train

    def stop(network, data, recipe, **options):
        if recipe.seed == 1:
            raise TrainingStoppedError(options["out"], 128 + 15)
        return carry_on(network, data, recipe, **options)

    monkeypatch.setattr(module, "train", stop)
    with pytest.raises(ConvscopeError, match="Stopped in seed 1; everything is kept") as error:
        train()
    assert error.value.exit_code == 143
    assert f"the same command and --out {tmp_path / 'g'}" in str(error.value)
    monkeypatch.undo()
    assert len(train().runs) == 3


@pytest.mark.slow
def test_a_run_that_was_stopped_is_resumed(train, tmp_path, monkeypatch):
    whole = train(seeds=2)
    expected = whole.runs[1].summary()["loss"]
    whole.runs[1].evaluation_file.unlink()
    resumed = []
    carry_on = module.resume
    monkeypatch.setattr(
        module, "resume", lambda run, **given: resumed.append(run) or carry_on(run, **given)
    )
    group = train(seeds=2)
    assert resumed == [tmp_path / "g" / "seed-1"]
    assert group.runs[1].summary()["loss"] == expected
    # Stopped before its first step: it begins anew.
    (tmp_path / "g" / "seed-1" / "evaluation.json").unlink()
    (tmp_path / "g" / "seed-1" / "environment.json").unlink()
    assert train(seeds=2).runs[1].summary()["loss"] == expected
    assert len(resumed) == 1


def exploding():
    """For seed 1, weights so large that the loss is infinite."""
    network = small()
    if torch.initial_seed() == 1:
        nn.init.constant_(network[1].weight, 3e38)
    return network


@pytest.mark.slow
def test_a_seed_that_fails_does_not_stop_the_others(images, tmp_path):
    def run():
        return cs.train_seeds(exploding, images, "fast", out=tmp_path / "g", seeds=3, **QUICK)

    group = run()
    assert list(group.failures) == [1]
    assert "The loss became" in group.failures[1]
    assert [run.recipe.seed for run in group.runs] == [0, 2]
    before = (tmp_path / "g" / "seed-1" / "recipe.toml").stat().st_mtime_ns
    assert run().failures == group.failures
    assert (tmp_path / "g" / "seed-1" / "recipe.toml").stat().st_mtime_ns == before


@pytest.mark.slow
def test_a_network_that_only_guesses_has_failed_but_counts(train):
    group = train(learning_rate=1e-12, warmup=0.0, ema=None, initialization="constant", seeds=2)
    assert sorted(group.failures) == [0, 1]
    assert "isn't learning" in group.failures[0]
    assert group.spread.median == 0.5


@pytest.mark.slow
def test_changed_images_are_noticed(images, tmp_path, train):
    train(seeds=2)
    file = tmp_path / "g" / "seed-1" / "environment.json"
    write_checked(file, json.loads(file.read_text()) | {"data_fingerprint": "other"})
    with pytest.raises(UsageError, match="they have changed in between"):
        train()


def test_one_mistake_ends_all(images, tmp_path):
    with pytest.raises(UsageError, match="at least 2, since one run shows no spread; given 1"):
        cs.train_seeds("lenet", images, seeds=1)
    with pytest.raises(UsageError, match="a function that builds the module"):
        cs.train_seeds(small(), images)
    with pytest.raises(UsageError, match="Unknown network 'lenett'"):
        cs.train_seeds("lenett", images, out=tmp_path / "g")
    with pytest.raises(UsageError, match="8"):
        cs.train_seeds("lenet", images, size=8, out=tmp_path / "g")
    assert not (tmp_path / "g").exists()
