"""The one table of operations: all that is known of each kind, under its usual name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from convscope.graph.graph import Node
from convscope.graph.operations.call import Call, Recipient
from convscope.graph.operations.forms import Form
from convscope.graph.operations.numbers import Index, Operand, Product
from convscope.graph.region import Region

NEEDED = object()  # marks an argument without a default


def signature(*needed: str, **defaults: Any) -> dict[str, Any]:
    """The arguments of a function in their order: those without a default, then the others."""
    return dict.fromkeys(needed, NEEDED) | defaults


@dataclass(frozen=True, eq=False)
class OperationKind:
    """What is known of one kind of operation. What isn't known is asked of the operation itself.

    Attributes:
        name: The usual name, as in "convolution".
        functions: PyTorch's names of the functions, with spaces between.
        arguments: Names of the arguments in their order, with the defaults; see `signature`.
        family: "activation", "arithmetic" (one number of each input makes one of the output, as in
            activations), "moving" (numbers get another place and stay what they are), or "".
        bind: Takes PyTorch's name and the arguments, and gives the kind and the arguments that they
            stand for, where these aren't simply this kind and the same.
        looks_at: The region of an input that a region of the output is computed from; given the
            node, which of its inputs, and the region.
        forward: How one number of the output was computed, given its index; None if the rule
            doesn't cover the call.
        backward: What the gradient in a number that was given consists of: products of gradients
            in the output (the operand) and how much those change with it. None if not covered.
        own_part: The part of a parameter that one number is computed with, as an index of
            the parameter; given the name of the argument and the number's index.
        macs: MACs of the forward pass, given the network's weights by path. None: what PyTorch's
            own counter found.
        words: What tells a layer from others of its kind, as in "convolution 3×3, stride 2".
        way: How the gradient flows back, in words.
        part: Which part of a network's drawing a layer is; None if it goes with its neighbour.
    """

    name: str
    functions: str = ""
    arguments: Mapping[str, Any] = field(default_factory=lambda: signature("input"))
    family: str = ""
    bind: Callable[[str, dict[str, Any]], tuple[str, dict[str, Any]]] | None = None
    looks_at: Callable[[Node, int, Region], Region] | None = None
    forward: Callable[[Call, Index], Form | None] | None = None
    backward: Callable[[Call, Recipient, Operand], list[Product] | None] | None = None
    own_part: Callable[[Call, str, Index], tuple[int | slice, ...]] | None = None
    macs: Callable[[Node, Mapping[str, Tensor]], int] | None = None
    words: Callable[[Node], str] | None = None
    way: str = "the gradient, passed on"
    part: Callable[[Node], str | None] | None = None

    @property
    def is_activation(self) -> bool:
        """Whether it is an activation function."""
        return self.family == "activation"


UNKNOWN = OperationKind("unknown")
"""Stands for every operation that isn't in the table."""

KINDS: dict[str, OperationKind] = {}
"""The kinds by their names."""

FUNCTIONS: dict[str, OperationKind] = {}
"""The kinds by PyTorch's names of their functions."""


def register(kind: OperationKind) -> OperationKind:
    """Put a kind of operation into the table.

    Raises:
        ValueError: Its name, or one of its functions, is taken.
    """
    names = kind.functions.split()
    taken = [name for name in names if name in FUNCTIONS]
    if kind.name in KINDS or taken:
        raise ValueError(f"already registered: {', '.join(taken) or kind.name}")
    KINDS[kind.name] = kind
    FUNCTIONS.update(dict.fromkeys(names, kind))
    return kind


def find(name: str) -> OperationKind:
    """The kind of this name; `UNKNOWN` if there is none."""
    return KINDS.get(name, UNKNOWN)


def describe(node: Node) -> str:
    """A layer's kind with what tells it from others of its kind: "convolution 3×3, stride 2"."""
    words = find(node.kind).words
    return node.kind if words is None else words(node)
