"""A network layer by layer: shapes, parameters, operations, memory, receptive fields.

    print(trace("resnet18", 96))
    trace(my_module, (3, 224, 224)).as_dict()

Nothing is computed: the network runs on tensors without numbers.

Conventions. A MAC is 2 floating-point operations (FLOPs); counted are convolutions, dense
layers and matrix products, forward and backward, as PyTorch's `FlopCounterMode` does (see `count`).
Parameters are counted where they are first used, so that the rows add up to the network's. Memory
is that of each layer's output for one image, nothing where it overwrites or views another's.
Receptive fields are those of the image as if it went on beyond its border (see `layer_fields`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

from torch import nn

from convscope.graph.capture import capture
from convscope.graph.count import costs
from convscope.graph.folding import Fold, fold, layers
from convscope.graph.graph import Graph, Node
from convscope.graph.operations.table import describe
from convscope.graph.reach import is_understood
from convscope.inspection.layer_fields import LayerField, layer_fields
from convscope.inspection.subject import subject

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult


@dataclass(frozen=True)
class Row:
    """One layer, or a block of them.

    Attributes:
        name: As in the graph; of a block, the module's path.
        kind: The layer's usual name, as in "convolution"; of a block, what it consists of.
        description: The kind with sizes, as in "convolution 3×3, stride 2".
        output_shape: Without the batch axis.
        parameters: Numbers that are learned, without those that an earlier row has counted.
        shared: Paths of the parameters that an earlier row has counted.
        macs: MACs forward.
        flops: Floating-point operations forward.
        backward_flops: Floating-point operations backward.
        activation_bytes: Memory of the outputs.
        receptive_field: Of the units of the output; None where they do not depend on the image.
        parts: The rows that a block unfolds to.
    """

    name: str
    kind: str
    description: str
    output_shape: tuple[int, ...]
    parameters: int
    shared: tuple[str, ...]
    macs: int
    flops: int
    backward_flops: int
    activation_bytes: int
    receptive_field: LayerField | None
    parts: tuple[Row, ...] = field(default=(), repr=False)

    def as_dict(self) -> dict[str, Any]:
        """All but the parts, as plain data."""
        seen = self.receptive_field
        return {
            "name": self.name,
            "kind": self.kind,
            "description": self.description,
            "output_shape": list(self.output_shape),
            "parameters": self.parameters,
            "shared": list(self.shared),
            "macs": self.macs,
            "flops": self.flops,
            "backward_flops": self.backward_flops,
            "activation_bytes": self.activation_bytes,
            "receptive_field": None if seen is None else seen.as_dict(),
        }


@dataclass(frozen=True)
class Trace:
    """A network layer by layer. It prints as a table, and shows as one in a notebook.

    Attributes:
        network: The network's name.
        image: (channels, height, width) of the image it was traced with.
        layers: Every operation, in the order of execution.
        blocks: The same, folded to blocks.
        parameters: All parameters of the network.
        macs: MACs forward, for one image.
        flops: Floating-point operations forward, for one image.
        backward_flops: Floating-point operations backward, for one image.
        activation_bytes: Memory of all outputs for one image.
        uncounted: Layers whose operations could not be counted.
        notes: What else a person should know.
    """

    network: str
    image: tuple[int, ...]
    layers: tuple[Row, ...] = field(repr=False)
    blocks: tuple[Row, ...] = field(repr=False)
    parameters: int
    macs: int
    flops: int
    backward_flops: int
    activation_bytes: int
    uncounted: tuple[str, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """All as plain data, layers unfolded."""
        return {
            "network": self.network,
            "image": list(self.image),
            "layers": self.rows(),
            "parameters": self.parameters,
            "macs": self.macs,
            "flops": self.flops,
            "backward_flops": self.backward_flops,
            "activation_bytes": self.activation_bytes,
            "uncounted": list(self.uncounted),
            "notes": list(self.notes),
        }

    def rows(self) -> list[dict[str, Any]]:
        """One dict a layer, as `pandas.DataFrame` takes them."""
        return [row.as_dict() for row in self.layers]

    def __str__(self) -> str:
        from convscope.inspection.trace.table import as_text

        return as_text(self)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from convscope.inspection.trace.table import as_table

        yield from as_table(self, options.max_width)

    def _repr_html_(self) -> str:
        from convscope.inspection.trace.html import as_html

        return as_html(self)


def trace(network: str | nn.Module, shape: int | Sequence[int] | None = None) -> Trace:
    """Say layer by layer what a network does to an image, and what that costs.

    Args:
        network: A name of the catalog, or any module that maps images to one tensor.
        shape: (channels, height, width) of the images, or their height and width as one number.
            Default: what the catalog's networks are usually given.

    Raises:
        UsageError: An unknown name, a missing or impossible shape, or a module that cannot be
            traced (see `capture`).
    """
    module, image = subject(network, shape)
    return traced(capture(module, image))


def traced(graph: Graph) -> Trace:
    """The trace of a network whose graph is there already."""
    return _Tracer(graph).trace()


class _Tracer:
    """Puts together what is known about each layer of a graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._costs = costs(graph)
        self._fields = layer_fields(graph)
        self._new: dict[Node, list[str]] = {}
        self._shared: dict[Node, list[str]] = {}
        counted: set[str] = set()
        for node in graph:
            paths = [p for p in node.parameters.values() if p in graph.parameter_names]
            self._new[node] = [path for path in paths if path not in counted]
            self._shared[node] = [path for path in paths if path in counted]
            counted |= set(paths)
        self._unused = [path for path in graph.parameter_names if path not in counted]

    def trace(self) -> Trace:
        graph = self._graph
        shown = layers(graph)
        rows = tuple(self._row(Fold(n.name, describe(n), (n,), n)) for n in shown)
        total = [self._costs[node] for node in graph]
        return Trace(
            network=graph.network,
            image=graph.input.shape[1:],
            layers=rows,
            blocks=tuple(self._row(fold) for fold in fold(graph)),
            parameters=sum(graph.weights[path].numel() for path in graph.parameter_names),
            macs=sum(cost.macs for cost in total),
            flops=sum(cost.flops for cost in total),
            backward_flops=sum(cost.backward_flops for cost in total),
            activation_bytes=sum(row.activation_bytes for row in rows),
            uncounted=tuple(
                n.name
                for n in shown
                if n.kind.startswith("other: ")
                and not self._costs[n].macs
                and not n.arguments.get("output")  # what a second output costs is in the first
            ),
            notes=tuple(self._notes(shown)),
        )

    def _row(self, fold: Fold) -> Row:
        found = [self._costs[node] for node in fold.nodes]
        new = [path for node in fold.nodes for path in self._new[node]]
        within = set(new)
        return Row(
            name=fold.name,
            kind=fold.kind if fold.parts else fold.last.kind,
            description=fold.kind,
            output_shape=fold.last.shape[1:],
            parameters=sum(self._graph.weights[path].numel() for path in new),
            shared=tuple(
                path for node in fold.nodes for path in self._shared[node] if path not in within
            ),
            macs=sum(cost.macs for cost in found),
            flops=sum(cost.flops for cost in found),
            backward_flops=sum(cost.backward_flops for cost in found),
            activation_bytes=sum(_bytes(node) for node in fold.nodes),
            receptive_field=self._fields.get(fold.last),
            parts=tuple(self._row(part) for part in fold.parts),
        )

    def _notes(self, shown: Sequence[Node]) -> list[str]:
        notes = [*self._graph.notes]
        for path, others in self._graph.tied.items():
            notes.append(f"{path} is also {', '.join(others)}: tied, counted once.")
        again = sorted({path for node in shown for path in self._shared[node]})
        if again:
            notes.append(f"Used more than once, counted once: {', '.join(again)}.")
        if self._unused:
            notes.append(f"Parameters that this call does not use: {', '.join(self._unused)}.")
        guessed = [n.name for n in shown if n.depends_on_images and not is_understood(n)]
        if guessed:
            notes.append(
                "Not known to Convscope, so taken to see all of their inputs: "
                f"{', '.join(guessed)}."
            )
        return notes


def _bytes(node: Node) -> int:
    return 0 if node.shares_memory else prod(node.shape) * node.dtype.itemsize
