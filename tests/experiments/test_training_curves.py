"""Training without a folder: the same numbers as `cs.train`, bit for bit where seeds agree.

Tests experiments/training_curves_figure.py.
"""

import math

import pytest
import torch
from torch import nn

import convscope as cs
from convscope.errors import UsageError
from convscope.experiments.lenet_variants import LENET_VARIANTS, lenet_recipe, lenet_variant
from convscope.experiments.training_curves import measure_curves, weight_difference
from convscope.look.language import use_language

SHORT = lenet_recipe("digits", size=28, epochs=2, batch_size=64, learning_rate=0.1, threads=1)


@pytest.fixture(scope="module")
def curves():
    return measure_curves(LENET_VARIANTS["relu, max"], "digits", SHORT)


@pytest.mark.slow
def test_the_numbers_are_those_of_train(tmp_path, without_figures):
    curves = measure_curves("lenet", "digits", SHORT)
    run = cs.train("lenet", "digits", SHORT, out=tmp_path / "run", quiet=True, precision="float32")
    lines = run.metrics("epoch")
    assert [line["test_accuracy"] for line in lines] == [*curves.accuracy]
    assert [line["train_loss"] for line in lines] == pytest.approx(curves.train_loss, rel=1e-5)


@pytest.mark.slow
def test_the_seed_decides_everything(curves):
    again = measure_curves(LENET_VARIANTS["relu, max"], "digits", SHORT)
    other = measure_curves(LENET_VARIANTS["relu, max"], "digits", SHORT.replace(seed=1))
    assert weight_difference(curves.network, again.network) == 0
    assert curves.accuracy == again.accuracy
    assert weight_difference(curves.network, other.network) > 0.01


def test_the_generator_of_the_caller_is_left_alone():
    torch.manual_seed(7)
    before = torch.rand(1)
    torch.manual_seed(7)
    measure_curves(LENET_VARIANTS["mlp"], "digits", SHORT.replace(epochs=1))
    assert torch.equal(torch.rand(1), before)


def test_held_out_images_are_watched_where_there_are_some(curves):
    assert curves.held_out == "test"
    held_out = measure_curves("lenet", "digits", SHORT.replace(validation=0.1, epochs=1))
    assert held_out.held_out == "validation"


def test_steps_are_counted(curves):
    assert curves.steps == math.ceil(1438 / 64)
    assert curves.total_steps == 2 * curves.steps
    assert curves.classes == 10
    assert len(curves.seconds) == len(curves.accuracy) == 2


def test_a_loss_that_is_not_finite_ends_the_training():
    wild = SHORT.replace(learning_rate=1e12, epochs=3)
    curves = measure_curves(LENET_VARIANTS["relu, max"], "digits", wild)
    assert math.isnan(curves.train_loss[-1])
    assert len(curves.accuracy) == 3


def test_networks_of_other_layers_are_not_compared():
    with pytest.raises(UsageError, match="other parameters"):
        weight_difference(nn.Linear(2, 2), nn.Linear(2, 3))
    first, second = lenet_variant(), lenet_variant()
    second.load_state_dict(first.state_dict())
    with torch.no_grad():
        second.classifier.dense1.bias[3] += 0.5
    assert weight_difference(first, second) == pytest.approx(0.5)


def test_text_dict_and_figure(curves, tmp_path):
    with use_language("en"):
        assert "of the test images right after 46 steps" in str(curves)
    with use_language("zh"):
        assert "测试图像的正确率" in str(curves)
    assert curves.as_dict()["steps"] == 23
    assert "network" not in curves.as_dict()
    figure = curves.figure(tmp_path / "curves.png")
    assert [*figure.axes[1].lines[1].get_ydata()] == [*curves.accuracy]
    assert (tmp_path / "curves.png").stat().st_size > 10_000
