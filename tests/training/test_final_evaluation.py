"""The end of a run: stopped, or told what its accuracy hides."""

import numpy as np
import pytest
import torch
from torch import nn

import convscope as cs
from convscope.errors import ConvscopeError
from convscope.training import final_evaluation
from tests.conftest import slow


def arrays(seed, share=0.5):
    """Images of two classes, the second with this share; every image is noise."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (60, 1, 8, 8), dtype=np.uint8)
    return cs.ImageSet(images, (np.arange(60) >= 60 * (1 - share)).astype(int), ("ok", "broken"))


def data(share=0.5):
    return {"train": arrays(0, share), "test": arrays(1, share)}


PLAIN = {"precision": "float32", "device": "cpu", "threads": 1}
OPTIONS = PLAIN | {"batch_size": 20}


def dense(*more):
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 2), *more)


@pytest.mark.parametrize(
    "name", ["calibrate_on", *slow("evaluate_images", "analyse", "write_report")]
)
def test_a_stop_says_that_the_training_is_kept_and_how_to_go_on(tmp_path, monkeypatch, name):
    def stop(*_, **__):
        raise KeyboardInterrupt

    out = tmp_path / "run"
    with monkeypatch.context() as patched:
        patched.setattr(final_evaluation, name, stop)
        recipe = cs.Recipe(epochs=1, validation=0.1, batch_size=128)
        with pytest.raises(ConvscopeError) as caught:
            cs.train("softmax-regression", "digits", recipe, out=out, quiet=True, **PLAIN)
    assert caught.value.exit_code == 130
    assert "the training has ended and is kept" in str(caught.value)
    assert f"convscope resume {out}" in str(caught.value)
    assert f"convscope evaluate {out}" in str(caught.value)
    run = cs.resume(out, quiet=True)
    assert len(run.metrics("epoch")) == 1
    assert run.summary()["split"] == "test"


def test_a_last_softmax_is_told_after_the_first_epoch_and_at_the_end(tmp_path, capsys):
    network = dense(nn.Softmax(1))
    recipe = cs.Recipe(epochs=5, validation=0.0)
    run = cs.train(network, data(), recipe, out=tmp_path / "run", **OPTIONS)
    told = capsys.readouterr().err
    assert told.count("it ends in a softmax") == 2
    assert told.index("it ends in a softmax") < told.index("2/5") < told.rindex("ends in a softmax")
    assert "it ends in a softmax" in run.report_file.read_text()


def test_one_answer_for_an_unequal_set_is_told(tmp_path, capsys):
    recipe = cs.Recipe(epochs=1, validation=0.0, learning_rate=1e-5)
    network = dense()
    with torch.no_grad():
        network[1].bias[:] = torch.tensor([50.0, -50.0])
    cs.train(network, data(share=0.05), recipe, out=tmp_path / "run", **OPTIONS)
    told = " ".join(capsys.readouterr().err.split())
    assert told.count("of the images are given the class 'ok'") == 1
    assert "balanced accuracy 50.0 %" in told


@pytest.mark.slow
def test_nothing_is_told_of_a_network_that_tells_classes_apart(good_digits_run):
    evaluation = cs.evaluate(good_digits_run, quiet=True)
    assert not any("softmax" in note or "given the class" in note for note in evaluation.notes)
    assert evaluation.balanced_accuracy == pytest.approx(evaluation.accuracy, abs=0.02)
