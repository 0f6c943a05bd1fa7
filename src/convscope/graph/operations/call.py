"""One operation of a graph, as the rules of its arithmetic ask about it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

from convscope.graph.graph import Graph, Node
from convscope.graph.operations.numbers import (
    Index,
    Numbers,
    Operand,
    Place,
    align_index,
    constant,
    layer_operand,
)
from convscope.graph.operations.windows import windows_of
from convscope.graph.operations.words import number

OFFSETS = "ijk"  # the symbols of places within a window


class Recipient(NamedTuple):
    """A number that an operation was given, as what a gradient flows into.

    Attributes:
        role: The name of the argument that it is in, as in "weight".
        source: Which of the node's inputs it belongs to; None for a parameter.
        place: Where it stands there, with the batch axis.
    """

    role: str
    source: int | None
    place: Index


class Call:
    """An operation with what it was given.

    Args:
        graph: A call with a real image.
        node: The operation.
    """

    def __init__(self, graph: Graph, node: Node) -> None:
        self.graph = graph
        self.node = node

    @cached_property
    def given(self) -> dict[str, Operand]:
        """The tensors by the names of the arguments; of a list of tensors the first.

        Plain numbers among the arguments are in the node's own.
        """
        found: dict[str, Operand] = {}
        for role, source in zip(self.node.roles, self.node.inputs, strict=True):
            found.setdefault(role, layer_operand(source))
        for role in self.node.parameters:
            found[role] = self.parameter(role)
        return found

    def parameter(self, role: str) -> Operand:
        """A parameter of the network, by the name of the argument."""
        path = self.node.parameters[role]
        return Operand(path, self.graph.weights[path])

    def argument(self, name: str) -> Any:
        """An argument that is no tensor."""
        return self.node.arguments[name]

    def single(self, role: str, index: Sequence[int]) -> Numbers:
        """One number of an operand at an output's index, or the plain number it is."""
        if role in self.given:
            operand = self.given[role]
            return operand.numbers(*align_index(index, operand.shape))
        value = float(self.argument(role))
        return constant(number(value), value)

    def channel(self, role: str, channel: int, otherwise: float) -> Numbers:
        """A channel's own parameter, or the number that stands for a parameter left out."""
        if role in self.given:
            return self.given[role].numbers(channel)
        return constant(number(otherwise), otherwise)

    def shown(self, index: Sequence[int]) -> str:
        """An output's index in a formula, without the batch axis."""
        return ", ".join(map(str, self.node.unit_index(tuple(index))))

    def window(self, spots: Sequence[int]) -> list[Place]:
        """What the window at this output looks at along each axis."""
        windows = zip(windows_of(self.node), spots, strict=True)
        return [window.covers(spot) for window, spot in windows]

    def windows_over(
        self, spots: Sequence[int], counts: Sequence[int]
    ) -> tuple[list[Place], list[Place]]:
        """The windows that a place lies in along each axis, and at which of their entries.

        Args:
            spots: The place, along each axis.
            counts: How many windows there are along each axis.
        """
        windows = zip(windows_of(self.node), spots, counts, strict=True)
        found = [window.over(spot, count) for window, spot, count in windows]
        return [numbers for numbers, _ in found], [entries for _, entries in found]

    def met_by(self, entry: Sequence[int], counts: Sequence[int]) -> list[Place]:
        """Where, along each axis, the windows at all positions have this entry of the kernel."""
        windows = zip(windows_of(self.node), entry, counts, strict=True)
        return [window.met_by(at, count) for window, at, count in windows]

    def recipient(self, source: int, place: Index) -> Recipient:
        """One number of an input, as what a gradient flows into."""
        return Recipient(self.node.roles[source], source, place)
