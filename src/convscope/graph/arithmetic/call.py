"""One operation of a graph, as the rules of its arithmetic ask about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from convscope.graph.arithmetic.numbers import (
    Numbers,
    Operand,
    Place,
    aligned,
    constant,
    has_batch,
    operands,
    span,
)
from convscope.graph.arithmetic.words import number
from convscope.graph.graph import Graph, Node

OFFSETS = "ijk"  # the symbols of places within a window


class Call:
    """An operation with what it was given.

    Args:
        graph: Of a call with a real image.
        node: The operation.
    """

    def __init__(self, graph: Graph, node: Node) -> None:
        self.graph = graph
        self.node = node

    @cached_property
    def given(self) -> dict[str, Operand]:
        """The tensors by the names of the arguments."""
        return operands(self.graph, self.node)

    def argument(self, name: str) -> Any:
        """An argument that is no tensor."""
        return self.node.arguments[name]

    def single(self, role: str, index: Sequence[int]) -> Numbers:
        """One number of an operand at an output's index, or the plain number it is."""
        if role in self.given:
            operand = self.given[role]
            return operand.numbers(*aligned(index, operand.shape))
        value = float(self.argument(role))
        return constant(number(value), value)

    def channel(self, role: str, channel: int, otherwise: float) -> Numbers:
        """A channel's own parameter, or the number that stands for a parameter left out."""
        if role in self.given:
            return self.given[role].numbers(channel)
        return constant(number(otherwise), otherwise)

    def shown(self, index: Sequence[int]) -> str:
        """An output's index in a formula, without the batch axis."""
        return ", ".join(map(str, index[1:] if has_batch(self.node) else index))

    def windows(self) -> Iterator[tuple[int, int, int, int]]:
        """Kernel size, stride, padding and dilation along each axis."""
        names = ("kernel_size", "stride", "padding", "dilation")
        yield from zip(*(self.argument(name) for name in names), strict=True)

    def window(self, spots: Sequence[int]) -> list[Place]:
        """What the window at this output looks at along each axis."""
        return [
            spot * stride - padding + dilation * span(kernel)
            for spot, (kernel, stride, padding, dilation) in zip(spots, self.windows(), strict=True)
        ]
