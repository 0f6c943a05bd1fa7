"""What an operation costs.

A MAC is one product and its addition to a sum; it is 2 floating-point operations (FLOPs).
Counted are the operations that multiply by weights or matrices: convolutions, dense layers, matrix
products. Everything else (normalization, activations, pooling, sums, bias) is zero by convention,
as in PyTorch's `FlopCounterMode`: beside them it is a few in a thousand.

Backward, a counted operation is done twice more: for the gradient of its weights, and for that of
its input, unless nothing before it learns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

from convscope.graph.graph import Graph, Node
from convscope.graph.operations.table import find

FLOPS_PER_MAC = 2


class OperationCost(NamedTuple):
    """What one operation costs.

    Attributes:
        macs: MACs of the forward pass.
        flops: Floating-point operations of the forward pass.
        backward_flops: Floating-point operations of the backward pass.
    """

    macs: int = 0
    flops: int = 0
    backward_flops: int = 0


def costs(graph: Graph) -> dict[Node, OperationCost]:
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
        found[node] = OperationCost(macs, FLOPS_PER_MAC * macs, FLOPS_PER_MAC * backward)
        if learned or through:
            learning.add(node)
    return found


def pytorch_counter() -> FlopCounterMode:
    """PyTorch's own counter, for operations without a rule, with the attention it overlooks."""
    on_processors = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    return FlopCounterMode(display=False, custom_mapping={on_processors: _attention_flops})


def _attention_flops(
    query: Sequence[int], key: Sequence[int], value: Sequence[int], *_: Any, **__: Any
) -> int:
    """Queries times keys, and the shares that come of them times values, by their shapes."""
    return int(sdpa_flop_count(query, key, value))  # type: ignore[no-untyped-call]


def count_node_macs(node: Node, weights: Mapping[str, Tensor]) -> int:
    """MACs of the forward pass: by the kind's rule, or else as PyTorch's own counter found."""
    rule = find(node.kind).macs
    return node.pytorch_flops // FLOPS_PER_MAC if rule is None else rule(node, weights)
