"""Training that begins from weights which have learned something.

Tests training/job.py, training/carry_out.py, runs/choose_recipe.py.
"""

import numpy as np
import pytest
import safetensors.torch
import torch

import convscope as cs
from convscope.errors import UsageError
from convscope.runs.begin_from import read_origin
from convscope.runs.checkpoint import latest_checkpoint
from convscope.runs.model_file import read_card
from tests.conftest import leave_out_figures, leave_out_forecast

OPTIONS = {"precision": "float32", "quiet": True, "device": "cpu", "threads": 1}


def arrays(classes, seed, channels=1):
    """Images of 8 pixels, a bar in another row for each class."""
    random = np.random.default_rng(seed)
    labels = np.arange(60) % len(classes)
    images = random.integers(0, 60, (60, channels, 8, 8), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[:, label] = 250
    return cs.ImageSet(images, labels, tuple(classes))


def data(classes, channels=1):
    return {name: arrays(classes, n, channels) for n, name in enumerate(("train", "test"))}


def train(images, out, epochs=2, **changes):
    return cs.train("mlp", images, "fast", epochs=epochs, out=out, **OPTIONS, **changes)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        leave_out_figures(patch)
        leave_out_forecast(patch)
        return train(data("abcde"), tmp_path_factory.mktemp("source") / "run")


def test_size_and_normalization_are_the_sources_and_the_card_says_where_from(source, tmp_path):
    run = train(data("xyz"), tmp_path / "run", from_=source)
    card, theirs = read_card(run.model_file), read_card(source.model_file)
    assert (card.mean, card.std, card.size) == (theirs.mean, theirs.std, theirs.size)
    assert card.origin is not None
    assert card.origin == read_origin(run)
    assert card.origin.source == str(source.folder)
    assert len(card.origin.new) == 2
    assert run.recipe.from_ == str(source.folder)
    assert "origin" not in source.environment
    assert theirs.origin is None


def test_the_recipe_is_transfer_unless_told_otherwise(source):
    from convscope.runs.choose_recipe import choose_recipe

    changes = {"from_": str(source.folder)}
    assert choose_recipe("mlp", "digits", None, changes).learning_rate != 0.1
    assert choose_recipe("mlp", "digits", None, {}).learning_rate == 0.1  # the book's
    assert choose_recipe("mlp", "digits", "fast", changes | {"size": 8}).size == 8
    own = cs.Recipe(epochs=3, size=12, normalization="unit")
    found = choose_recipe("mlp", "digits", own, changes)
    assert (found.size, found.normalization, found.epochs) == (12, "unit", 3)
    with pytest.raises(UsageError, match="from_ takes"):
        choose_recipe("mlp", "digits", None, {"from_": 3})


def test_it_begins_with_the_sources_weights(source, tmp_path):
    run = train(data("xyz"), tmp_path / "run", epochs=1, from_=source, learning_rate=1e-12)
    ours, theirs = (safetensors.torch.load_file(each.model_file) for each in (run, source))
    origin = read_origin(run)
    for name in ours.keys() - set(origin.new):
        torch.testing.assert_close(ours[name], theirs[name], rtol=0, atol=1e-9)


@pytest.mark.slow
def test_a_run_goes_on_without_its_source(source, tmp_path, monkeypatch):
    """Bit for bit, from before its first step: the weights it took are in its first checkpoint."""
    import shutil

    import convscope.training.loop as loop
    from convscope.errors import ConvscopeError

    shutil.copytree(source.folder, tmp_path / "source")
    whole = train(data("xyz"), tmp_path / "whole", from_=tmp_path / "source")

    def fail(*arguments, **options):
        raise ConvscopeError("stopped")

    with monkeypatch.context() as patch:
        patch.setattr(loop, "training_loss", fail)
        with pytest.raises(ConvscopeError, match="stopped"):
            train(data("xyz"), tmp_path / "stopped", from_=tmp_path / "source")
    assert latest_checkpoint(tmp_path / "stopped" / "checkpoints").state["step"] == 0
    shutil.rmtree(tmp_path / "source")
    resumed = cs.resume(tmp_path / "stopped", data=data("xyz"), quiet=True)
    ours, theirs = (safetensors.torch.load_file(each.model_file) for each in (resumed, whole))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert read_card(resumed.model_file).origin == read_card(whole.model_file).origin
    shutil.rmtree(resumed.checkpoints)
    with pytest.raises(UsageError, match=r"stopped before its first step\. Start it again"):
        cs.resume(resumed, data=data("xyz"), quiet=True)


@pytest.mark.slow
def test_grey_images_are_repeated_for_a_colour_network(tmp_path):
    colour = train(data("abcde", channels=3), tmp_path / "colour")
    run = train(data("xyz"), tmp_path / "run", from_=colour)
    card = read_card(run.model_file)
    assert (card.channels, run.recipe.channels) == (3, 3)
    assert cs.evaluate(run, data("xyz"), quiet=True).accuracy > 0.2


def test_colour_images_into_a_grey_network(source, tmp_path):
    run = train(data("xyz", channels=3), tmp_path / "run", from_=source)
    card = read_card(run.model_file)
    assert card.channels == 3
    assert card.mean == read_card(source.model_file).mean * 3
