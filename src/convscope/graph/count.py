"""What an operation costs.

A MAC is one product and its addition to a sum; it is 2 floating-point operations (FLOPs).
Counted are the operations that multiply by weights or matrices: convolutions, dense layers, matrix
products, and transforms, distances and decompositions by the formulas of `product_formulas`.
Everything else (normalization, activations, pooling, resampling, norms, sums, bias) is zero by
convention, as in PyTorch's `FlopCounterMode`: beside them it is a few in a thousand. What is
neither is named as not counted.

Backward, a counted operation is done once more for each of its factors that a gradient is wanted
in: its weights, unless they are frozen, and its input, if anything before it learns. Nothing is
counted of what no gradient comes to: parts that the network detaches or runs without gradients.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from convscope.graph.graph import Graph, Node
from convscope.graph.operations.table import find
from convscope.graph.product_counter import PLAIN_DEVICES, ProductCounter, in_plain_steps

FLOPS_PER_MAC = 2


class OperationCost(NamedTuple):
    """What one operation costs.

    Attributes:
        macs: MACs of the forward pass.
        flops: Floating-point operations of the forward pass.
        backward_flops: Floating-point operations of the backward pass.
        overlooked: PyTorch's names of products within that no count is known of.
    """

    macs: int = 0
    flops: int = 0
    backward_flops: int = 0
    overlooked: tuple[str, ...] = ()


def count_operation_costs(graph: Graph) -> dict[Node, OperationCost]:
    """The cost of every operation of the graph, for all its images together."""
    ways = _find_gradient_ways(graph)
    found = {}
    for node, *others in _calls_of(graph):
        macs, overlooked = _count_forward(node, graph.weights)
        # of several outputs the gradient may come to any, as in recurrent layers to the last state
        backward = [
            _count_backward(each, macs, ways[each], graph)
            for each in (node, *others)
            if macs and each in ways
        ]
        found[node] = OperationCost(
            macs, FLOPS_PER_MAC * macs, max(backward, default=0), overlooked
        )
        found |= dict.fromkeys(others, OperationCost())  # what they cost is in the first
    return found


def _calls_of(graph: Graph) -> list[list[Node]]:
    """The nodes of each call of a function, which has several if it makes several tensors."""
    calls: list[list[Node]] = []
    for node in graph:
        if node.arguments.get("output"):  # the number of a further one
            calls[-1].append(node)
        else:
            calls.append([node])
    return calls


class _GradientWay(NamedTuple):
    """What a backward pass computes the gradients of, at one operation.

    Attributes:
        sources: Which of the operation's inputs, by their number.
        roles: Which of its parameters, by the name of the argument.
    """

    sources: tuple[int, ...]
    roles: tuple[str, ...]


def _find_gradient_ways(graph: Graph) -> dict[Node, _GradientWay]:
    """The operations that a backward pass from the network's output comes to."""
    learned = {path for path in graph.parameter_names if graph.weights[path].requires_grad}
    ways: dict[Node, _GradientWay] = {}  # of all operations behind a parameter that is learned
    for node in graph:
        if not (node.dtype.is_floating_point or node.dtype.is_complex):
            continue
        # what is written into a tensor in a no_grad block leaves that tensor's own way open
        open_ways = range(len(node.inputs) if node.grad_enabled else int(node.changes_input))
        sources = [i for i in open_ways if node.inputs[i] in ways and i not in node.detached]
        roles = [r for r, path in node.parameters.items() if node.grad_enabled and path in learned]
        if sources or roles:
            ways[node] = _GradientWay(tuple(sources), tuple(roles))
    reached: set[Node] = set() if graph.output_is_detached else {graph.output}
    for node in reversed(graph.nodes):
        if node in reached and node in ways:
            reached |= {node.inputs[i] for i in ways[node].sources}
    return {node: way for node, way in ways.items() if node in reached}


def _count_backward(node: Node, macs: int, way: _GradientWay, graph: Graph) -> int:
    """A product costs the same again for each of its factors that a gradient is wanted in."""
    if node.kind.startswith("other: "):  # whose factors can't be told apart
        asked = _ask_backward(node, way, graph)
        return FLOPS_PER_MAC * macs * 2 if asked is None else asked
    weights = [role for role in way.roles if role != "bias"]
    of_images = [i for i in way.sources if node.roles[i] != "bias"]
    return FLOPS_PER_MAC * macs * (len(of_images) + len(weights))


def _ask_backward(node: Node, way: _GradientWay, graph: Graph) -> int | None:
    """What PyTorch's counter finds in the backward pass; None if it can't be run."""
    for device in PLAIN_DEVICES:
        try:
            with in_plain_steps():
                inputs, weights = _stand_ins(node, graph.weights, device)
                wanted = [*(inputs[i] for i in way.sources), *(weights[role] for role in way.roles)]
                for tensor in wanted:
                    tensor.requires_grad_()
                made = node.replay(*inputs, weights=weights)
                with ProductCounter() as counter:
                    torch.autograd.grad(made, wanted, torch.ones_like(made), allow_unused=True)
        except Exception:  # noqa: S112 - an unknown function can raise anything
            continue
        return counter.flops
    return None


def count_node_macs(node: Node, weights: Mapping[str, Tensor]) -> int:
    """MACs of the forward pass: by the kind's rule, or else as PyTorch's own counter found."""
    return _count_forward(node, weights)[0]


def _count_forward(node: Node, weights: Mapping[str, Tensor]) -> tuple[int, tuple[str, ...]]:
    """The MACs of the forward pass, and the products within that they leave out."""
    rule = find(node.kind).macs
    if rule is not None:
        return rule(node, weights), ()
    flops, overlooked = node.pytorch_flops, node.overlooked
    if overlooked:  # in something fused, perhaps
        flops, overlooked = _ask_forward(node, weights) or (flops, overlooked)
    return flops // FLOPS_PER_MAC, overlooked


def _ask_forward(node: Node, weights: Mapping[str, Tensor]) -> tuple[int, tuple[str, ...]] | None:
    """What PyTorch's counter finds and what it overlooks; None if the operation can't be run."""
    for device in PLAIN_DEVICES:
        try:
            with in_plain_steps():
                inputs, own_weights = _stand_ins(node, weights, device)
                with ProductCounter() as counter:
                    node.replay(*inputs, weights=own_weights)
        except Exception:  # noqa: S112 - an unknown function can raise anything
            continue
        return counter.flops, counter.overlooked
    return None


def _stand_ins(
    node: Node, weights: Mapping[str, Tensor], device: str
) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Tensors like those that the operation was given: its inputs, and its own weights."""
    own = {role: weights[path] for role, path in node.parameters.items()}
    return (
        [torch.empty(given.shape, dtype=given.dtype, device=device) for given in node.inputs],
        {role: torch.empty(w.shape, dtype=w.dtype, device=device) for role, w in own.items()},
    )
