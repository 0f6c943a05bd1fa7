"""The graph behind a number: values, slopes and the chain rule, against hand figures.

Tests experiments/scalar_graph_figure.py.
"""

import pytest
import torch

from convscope.errors import UsageError
from convscope.experiments.scalar_graph import value_graph


def formula(x, y, z):
    return (x * y + z) ** 2


def test_values_slopes_and_gradients_of_a_small_formula():
    graph = value_graph(formula, x=2.0, y=3.0, z=-4.0)
    assert [node.label for node in graph.nodes] == ["x", "y", "z", "×", "+", "^ 2"]
    assert [node.value for node in graph.nodes] == [2, 3, -4, 6, 2, 4]
    assert graph.gradients == {"x": 12, "y": 8, "z": 4}
    assert graph.nodes[3].slopes == (3, 2)
    assert graph.nodes[3].inputs == (0, 1)
    assert graph.chain_rule() == (12, 8, 4, 4, 4, 1)


def test_ways_add_up():
    graph = value_graph(lambda x: torch.sin(x) * x + x * x, x=2.0)
    expected = torch.cos(torch.tensor(2.0)) * 2 + torch.sin(torch.tensor(2.0)) + 4
    assert graph.gradients["x"] == pytest.approx(float(expected), rel=1e-6)
    assert graph.chain_rule_error < 1e-12


def test_what_is_detached_has_no_gradient_and_passes_none_on():
    graph = value_graph(lambda x: (x * x).detach() * x, x=3.0)
    assert graph.gradients == {"x": 9}
    detached = next(node for node in graph.nodes if node.label == "detach")
    assert detached.gradient is None
    assert detached.slopes == (0,)
    assert graph.chain_rule_error == 0


def test_branches_are_recorded_as_they_happen():
    def branching(a):
        while a < 10:
            a = 2 * a
        return a

    assert [node.label for node in value_graph(branching, a=3.0).nodes] == ["a", "× 2", "× 2"]
    assert value_graph(branching, a=3.0).gradients == {"a": 4}


def test_what_is_not_used_is_left_out():
    def wasteful(x):
        x.exp()
        return x * 3

    assert [node.label for node in value_graph(wasteful, x=1.0).nodes] == ["x", "× 3"]


@pytest.mark.parametrize("function", [lambda x: 3.0, lambda x: torch.ones(2) * x])
def test_what_gives_no_number_is_refused(function):
    with pytest.raises(UsageError, match="one number that depends on its inputs"):
        value_graph(function, x=1.0)


def test_text_dict_and_figure(tmp_path):
    graph = value_graph(formula, x=2.0, y=3.0, z=-4.0)
    assert "6 values; the result is 4" in str(graph)
    assert graph.as_dict()["nodes"][0]["gradient"] == 12
    figure = graph.figure(tmp_path / "graph.png")
    drawn = {text.get_text() for text in figure.axes[0].texts}
    assert {"×\n6", "× 3", "12"} <= drawn
    assert (tmp_path / "graph.png").stat().st_size > 10_000
