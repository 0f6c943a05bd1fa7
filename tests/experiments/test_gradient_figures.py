"""Figures about gradients: what they say, in both languages."""

import pytest
import torch

from convscope.experiments.backward_time import BackwardCost, BackwardCosts
from convscope.experiments.gradient_check import measure_step_errors
from convscope.experiments.gradient_modes import compare_gradient_modes
from convscope.experiments.untrained_parameters import ParameterPath, ParameterPaths
from convscope.look.language import use_language

RESULTS = {
    "steps": lambda: measure_step_errors(lambda x: x**3, torch.tensor(1.0), [1e-1, 1e-5, 1e-12]),
    "modes": lambda: compare_gradient_modes((4, 8), (4, 8)),
    "costs": lambda: BackwardCosts((BackwardCost("lenet", 61_706, 1.0, 1.5, 1.7),)),
    "paths": lambda: ParameterPaths(
        (ParameterPath("a.weight", 0.5, True), ParameterPath("b.weight", 0.0, False))
    ),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_figure_is_written_and_says_what_it_shows(name, tmp_path):
    result = RESULTS[name]()
    with use_language("en"):
        figure = result.figure(tmp_path / "figure.png")
        english = figure.get_suptitle()
    assert (tmp_path / "figure.png").stat().st_size > 10_000
    with use_language("zh"):
        chinese = result.figure().get_suptitle()
    assert english
    assert chinese


def test_bars_are_as_long_as_the_ratios():
    axes = RESULTS["costs"]().figure().axes[0]
    assert [bar.get_width() for bar in axes.patches] == [1.5]


def test_detached_parameters_are_named_in_the_figure():
    with use_language("en"):
        axes = RESULTS["paths"]().figure().axes[0]
    assert [text.get_text().strip() for text in axes.texts] == ["detached: no gradient"]


def test_operations_are_drawn_over_inputs():
    result = RESULTS["modes"]()
    work = result.figure().axes[0]
    forward = [cost.operations for cost in result.over_inputs if cost.mode == "forward"]
    assert any([*line.get_ydata()] == forward for line in work.lines)
