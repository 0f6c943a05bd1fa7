"""Which weight and which input of a number to show: those with the largest gradients."""

from __future__ import annotations

import numpy as np
import torch

from convscope.graph.graph import Graph, Node
from convscope.graph.operations.call import Call
from convscope.graph.operations.forms import Copied, Extreme, Form, Share, WeightedSum
from convscope.graph.operations.general import used_part
from convscope.graph.operations.numbers import Numbers, Operand
from convscope.graph.operations.table import find
from convscope.inspection.unit.loss import Loss


def find_steepest_weight(
    graph: Graph, loss: Loss, node: Node, index: tuple[int, ...]
) -> tuple[str, tuple[int, ...]] | None:
    """The weight with the largest gradient among those that a number was computed with.

    Returns:
        The parameter's path and the weight's index; None if the number depends on no weight.
    """
    path = node.parameters.get("weight") or next(
        (p for p in node.parameters.values() if p in graph.parameter_names), None
    )
    if path is None or path not in graph.parameter_names or node.edge is None:
        return None
    role = next(role for role, name in node.parameters.items() if name == path)
    (gradient,) = graph.gradients(loss.tensor, [path])
    own = torch.zeros_like(gradient, dtype=torch.bool)
    call, rule = Call(graph, node), find(node.kind).own_part
    own[used_part(call, role, index) if rule is None else rule(call, role, index)] = True
    if not own.any():
        return None
    sizes = torch.where(own, gradient.abs(), -1.0)
    return path, _unraveled(int(sizes.argmax()), tuple(gradient.shape))


def find_steepest_input(
    graph: Graph, loss: Loss, form: Form
) -> tuple[Node, tuple[int, ...]] | None:
    """The number with the largest gradient among those that a number was computed from."""
    best: tuple[float, Node, tuple[int, ...]] | None = None
    for numbers in _layer_numbers(form):
        node = next((node for node in graph if node.name == numbers.name), None)
        if node is None or node.edge is None or not numbers.places:
            continue
        (gradient,) = graph.gradients(loss.tensor, [node])
        found = Operand(node.name, gradient, node).numbers(*numbers.places)
        sizes = np.where(numbers.outside, -1.0, abs(found.values))
        place = np.unravel_index(int(sizes.argmax()), sizes.shape)
        size = float(sizes[place])
        if best is None or size > best[0]:
            index = numbers.index([int(i) for i in place])
            best = size, node, node.full_index(index)
    return None if best is None else best[1:]


def _layer_numbers(form: Form) -> list[Numbers]:
    if isinstance(form, WeightedSum):
        return [numbers for term in form.terms for numbers in (term.left, term.right)]
    if isinstance(form, Extreme | Copied):
        return [form.given]
    return [form.scores] if isinstance(form, Share) else [*form.given.values()]


def _unraveled(place: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(place, shape))
