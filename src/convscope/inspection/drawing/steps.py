"""What a drawing shows: the graph's layers, gathered to steps that each make one block.

A convolution with the batch norm and the activation behind it is one step. What joins branches is
a step of its own. Normalizations and activations that come first in their module, as in DenseNet,
belong to the convolution that they prepare.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import prod

from convscope.graph.folding import list_layers
from convscope.graph.graph import Graph, ModuleCall, Node
from convscope.graph.operations.table import describe, find

PARTS = ("input", "convolution", "pooling", "dense", "softmax")
"""The five parts of a convolutional network."""

_SOFTMAX = ("softmax", "log softmax")


@dataclass(eq=False)
class DrawingStep:
    """One block of a drawing, and the layers that made it.

    Attributes:
        part: One of `PARTS`, "sum" and "product" for what joins branches number by number,
            "concatenation", or "other".
        nodes: The layers, in the order of execution; none for a softmax that the network leaves to
            the loss.
        inputs: The steps whose output it takes.
        shapes: Shape of the output without the batch axis; several where steps are folded into one.
        summary: What is said instead of its layers, if they are too many.
    """

    part: str
    nodes: list[Node]
    inputs: list[DrawingStep] = field(default_factory=list)
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    summary: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"DrawingStep({self.part!r}, {self.label}, {self.shape_label})"

    @property
    def label(self) -> list[str]:
        """Its layers by their usual names."""
        if self.summary:
            return [*self.summary]
        if self.part == "input":
            return ["input"]
        return [_described(node) for node in self.nodes] or ["softmax"]

    @property
    def name(self) -> str:
        """The layer that makes the step what it is; among several alike, the last."""
        if self.part == "input" or self.summary or not self.nodes:
            return self.label[0]
        main = [node for node in self.nodes if part_of(node) == self.part]
        return _described((main or self.nodes)[-1])

    @property
    def shape(self) -> tuple[int, ...]:
        """The output's, the largest if there are several."""
        return max(self.shapes, key=prod)

    @property
    def shape_label(self) -> str:
        """The shape as people write it: 64×24×24, or 64–256×24×24 for several."""
        sizes = []
        for axis in zip(*self.shapes, strict=True):
            least, most = min(axis), max(axis)
            sizes.append(str(least) if least == most else f"{least}–{most}")
        return "×".join(sizes) or "1"


def steps_of(graph: Graph, blocks: Iterable[ModuleCall]) -> list[DrawingStep]:
    """The steps of a graph, each behind those it takes its inputs from.

    Args:
        graph: From `capture`.
        blocks: Calls of modules that are read as blocks; no step reaches across their borders.
    """
    return _Gatherer(graph, list(blocks)).steps()


def part_of(node: Node) -> str | None:
    """Which part of a network an operation is; None if it goes with the one before or behind."""
    rule = find(node.kind).part
    part = None if rule is None else rule(node)
    if part is None and (len(node.image_inputs) > 1 or node.kind.startswith("other: ")):
        return "other"
    return part


def _described(node: Node) -> str:
    return describe(node).removeprefix("other: ")


def _is_in(call: ModuleCall, position: int) -> bool:
    return call.start <= position < call.stop


class _Gatherer:
    """Goes through the nodes of one graph, in their order."""

    def __init__(self, graph: Graph, blocks: list[ModuleCall]) -> None:
        self._graph = graph
        self._nodes = list_layers(graph)
        self._users: dict[Node, list[Node]] = {}
        for node in self._nodes:
            for source in dict.fromkeys(node.inputs):
                self._users.setdefault(source, []).append(node)
        position = {node: index for index, node in enumerate(graph)}
        self._home = {
            node: min(
                ((c.stop - c.start, c.start) for c in blocks if _is_in(c, position[node])),
                default=None,
            )
            for node in graph
        }
        self._made: dict[Node, DrawingStep] = {}  # from a node to the step it is in
        self._waiting: dict[Node, list[Node]] = {}  # what goes with the layer behind, by its last
        self._steps: list[DrawingStep] = []

    def steps(self) -> list[DrawingStep]:
        graph = self._graph
        self._add(DrawingStep("input", [graph.input]))
        for node in self._nodes:
            if node.depends_on_images:
                self._gather(node)
        for node in list(self._waiting):
            self._add(DrawingStep("other", self._waiting.pop(node)))
        if self._returns_logits():
            last = self._made[graph.output]
            self._steps.append(DrawingStep("softmax", [], [last], [graph.output.unit_shape]))
        return self._steps

    def _gather(self, node: Node) -> None:
        weights = [n for n in dict.fromkeys(node.inputs) if n in self._nodes]
        prepared = [n for n in weights if not n.depends_on_images]  # as a transposed weight is
        sources, part = node.image_inputs, part_of(node)
        first = sources[0]
        if part is None and len(sources) == 1 and self._goes_with(node, first):
            self._made[first].nodes += [*prepared, node]
            self._made[node] = self._made[first]
            self._made[node].shapes = [node.unit_shape]
            return
        before: list[Node] = []
        if len(sources) == 1 and first in self._waiting and self._same_block(first, node):
            before = self._waiting.pop(first)
        for source in sources:
            if source in self._waiting:
                self._add(DrawingStep("other", self._waiting.pop(source)))
        nodes = [*before, *prepared, node]
        waits = part is None and len(self._users.get(node, ())) == 1
        if waits and node is not self._graph.output:
            self._waiting[node] = nodes
        else:
            self._add(DrawingStep(part or "other", nodes))

    def _goes_with(self, node: Node, source: Node) -> bool:
        """Whether `node` belongs to the step that made its only input."""
        step = self._made.get(source)
        return (
            step is not None
            and step.part not in ("input", "concatenation")
            and len(self._users[source]) == 1
            and self._same_block(source, node)
        )

    def _same_block(self, one: Node, other: Node) -> bool:
        return self._home[one] == self._home[other]

    def _add(self, step: DrawingStep) -> None:
        inside = set(step.nodes)
        sources = [n for node in step.nodes for n in node.image_inputs if n not in inside]
        step.inputs = list(dict.fromkeys(self._made[source] for source in sources))
        step.shapes = [step.nodes[-1].unit_shape]
        self._made |= dict.fromkeys(step.nodes, step)
        self._steps.append(step)

    def _returns_logits(self) -> bool:
        output = self._graph.output
        made = self._made.get(output)
        squashed = any(
            node.kind in _SOFTMAX
            and not any(user.kind == "matrix product" for user in self._users.get(node, ()))
            for node in self._nodes
        )
        return (
            made is not None
            and len(output.shape) == 2
            and not find(output.kind).is_activation
            and not squashed
        )
