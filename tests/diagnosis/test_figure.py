"""What the figure shows, read back from the drawing."""

from types import SimpleNamespace

import pytest
import torch
from matplotlib.figure import Figure

from convscope.diagnosis import figure as module
from convscope.diagnosis.activations import Activation
from convscope.diagnosis.gradients import LayerGradient


@pytest.fixture
def axes():
    return Figure().subplots()


def relu(layer, zeros, values=10):
    return Activation(layer, "ReLU", None, torch.tensor(zeros), values)


def test_bars_are_the_shares(axes):
    units = [relu("features.relu1", [10.0, 0.0]), relu("ReLU after conv2", [5.0, 5.0])]
    module._units(axes, units)
    widths = [[bar.get_width() for bar in bars] for bars in axes.containers]
    assert widths == [[0.5, 0.5], [0.5, 0.0]]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["features.relu1 (ReLU)", "ReLU after conv2"]
    assert axes.get_legend().get_texts()[0].get_text() == "values that give 0"


def test_a_gradient_of_zero_is_said_in_words(axes):
    first = (LayerGradient("a", 2.0, 1.0), LayerGradient("b", 2.0, 4.0))
    module._gradients(axes, [LayerGradient("a", 2.0, 0.0), LayerGradient("b", 2.0, 1.0)], first)
    began, now = axes.lines
    assert list(began.get_xdata()) == [0.5, 2.0]
    assert list(now.get_xdata()) == [0.5]
    assert [(text.get_text(), text.get_position()[1]) for text in axes.texts] == [("0", 0)]


def test_ratios_are_measured_by_whole_decades(axes):
    module._gradients(axes, [LayerGradient("a", 2.0, 0.4), LayerGradient("b", 2.0, 0.8)], ())
    assert axes.get_xlim() == pytest.approx((0.1, 1.0))
    axes.figure.canvas.draw()
    assert not any(label.get_text() for label in axes.get_xticklabels(minor=True))


def test_what_is_not_there_is_said(axes):
    module._units(axes, [])
    assert axes.texts[0].get_text() == "No ReLU, sigmoid or tanh was seen."
    measured = SimpleNamespace(
        range_test=None, subject=SimpleNamespace(recipe=SimpleNamespace(learning_rate=0.1))
    )
    module._range_test(axes, measured)
    assert axes.texts[1].get_text() == "The weights that the run began with aren't known."


@pytest.mark.parametrize("count", [1, 40, 41, 500])
def test_many_layers_are_thinned_evenly(count):
    layers = list(range(count))
    shown = module._thinned(layers)
    assert len(shown) == min(count, 40)
    assert shown[0] == 0
    assert shown[-1] == count - 1
    assert shown == sorted(set(shown))
