"""What an operation costs.

A MAC is one product and its addition to a sum; it is 2 floating-point operations (FLOPs).
Counted are the operations that multiply by weights or matrices: convolutions, dense layers, matrix
products. Everything else (normalization, activations, pooling, sums, bias) is zero by convention,
as in PyTorch's `FlopCounterMode`: beside them it is a few in a thousand.

Backward, a counted operation is done twice more: for the gradient of its weights, and for that of
its input, unless nothing before it learns.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from torch import Tensor

from convscope.graph.graph import Graph, Node

FLOPS_PER_MAC = 2


class Cost(NamedTuple):
    """Of one operation.

    Attributes:
        macs: MACs of the forward pass.
        flops: Floating-point operations of the forward pass.
        backward_flops: Floating-point operations of the backward pass.
    """

    macs: int = 0
    flops: int = 0
    backward_flops: int = 0


def costs(graph: Graph) -> dict[Node, Cost]:
    """The cost of every operation of the graph, for all its images together."""
    learning: set[Node] = set()  # a gradient is wanted at what these made
    found = {}
    for node in graph:
        learned = [role for role, path in node.parameters.items() if path in graph.parameter_names]
        through = [source for source in node.inputs if source in learning]
        factors = len(through) + len([role for role in learned if role != "bias"])
        if node.kind.startswith("other: "):  # whose inputs and weights cannot be told apart
            factors = bool(through) + bool(learned or through)
        macs = count_node_macs(node, graph.weights)
        backward = macs * factors
        found[node] = Cost(macs, FLOPS_PER_MAC * macs, FLOPS_PER_MAC * backward)
        if learned or through:
            learning.add(node)
    return found


def count_node_macs(node: Node, weights: dict[str, Tensor]) -> int:
    """MACs of the forward pass."""
    if "weight" in node.parameters:
        weight = tuple(weights[node.parameters["weight"]].shape)
    elif len(node.inputs) > 1:
        weight = node.inputs[1].shape  # computed in the call, as normalized weights are
    else:
        weight = ()
    if node.kind == "convolution":
        # each weight is used once for each output position of each image
        return prod(weight) * prod(node.shape) // weight[0]
    if node.kind == "transposed convolution":
        return prod(weight) * prod(node.inputs[0].shape) // weight[0]
    if node.kind == "dense":
        return prod(node.shape) * weight[1]
    if node.kind == "matrix product":
        left = node.inputs[0].shape
        inner = weights[node.parameters["input"]].shape if "input" in node.parameters else left
        return prod(node.shape) * inner[-1]
    return node.pytorch_flops // FLOPS_PER_MAC
