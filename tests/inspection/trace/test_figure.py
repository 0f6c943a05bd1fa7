"""The figure of a trace shows where its numbers are."""

import pytest

from convscope.inspection.trace.trace import trace
from tests.drawn import texts


@pytest.fixture
def found():
    return trace("lenet")


def test_layers_and_totals_are_named(found):
    shown = texts(found.figure())
    for layer in found.blocks:
        if layer.parameters:
            assert layer.name in shown
    assert "parameters" in shown.lower()
    assert "MACs" in shown


def test_bars_are_as_long_as_the_numbers(found):
    figure = found.figure()
    own = sorted(layer.parameters for layer in found.blocks if layer.parameters)
    lengths = [sorted(bar.get_width() for bar in axes.patches) for axes in figure.axes]
    assert any([length for length in each if length] == pytest.approx(own) for each in lengths), (
        lengths
    )
