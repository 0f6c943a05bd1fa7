"""A network layer by layer: shapes, parameters, MACs, memory, receptive fields.

    print(trace("resnet18", 96))
    trace(my_module, (3, 224, 224)).as_dict()

Nothing is computed: the network runs on tensors without numbers.

Conventions. A MAC is 2 floating-point operations (FLOPs); counted are convolutions, dense
layers and matrix products, forward and backward, as PyTorch's `FlopCounterMode` does (see `count`).
Parameters are counted where they are first used, so that the rows add up to the network's. Memory
is that of each layer's output for one image, nothing where it overwrites or views another's.
Receptive fields are those of the image as if it went on beyond its border (see `layer_fields`), and
"unknown" where an operation doesn't tell what it looks at. Backward FLOPs are those of training
with the parameters that are frozen now. Shapes leave out the axis that counts the images.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from convscope.graph.capture import capture
from convscope.graph.count import count_operation_costs
from convscope.graph.folding import Fold, fold, list_layers
from convscope.graph.graph import Graph, Node
from convscope.graph.operations.table import describe
from convscope.graph.reach import is_understood
from convscope.inspection.open.network import Inspectable, open_for_shape
from convscope.inspection.receptive_field.layer_fields import layer_fields
from convscope.inspection.trace.html import as_html
from convscope.inspection.trace.layers import TracedLayer, TraceNumbers
from convscope.inspection.trace.table import as_table, as_text
from convscope.look.numbers import quantity
from convscope.runtime.usual_settings import in_usual_settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import Console, ConsoleOptions, RenderResult


class Trace(TraceNumbers):
    """A network layer by layer. It prints as a table, and shows as one in a notebook."""

    def __str__(self) -> str:
        return as_text(self)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from as_table(self, options.max_width)

    def _repr_html_(self) -> str:
        return as_html(self)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw where the parameters, the MACs and the memory are, block by block.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.inspection.trace.figure import trace_figure

        return trace_figure(self, path)


@in_usual_settings
def trace(network: Inspectable, shape: int | Sequence[int] | None = None) -> Trace:
    """Say layer by layer what a network does to an image, and what that costs.

    Args:
        network: A name of the catalog, any module that maps images to one tensor, or a run, its
            folder or a `model.safetensors`.
        shape: (channels, height, width) of the images, or their height and width as one number.
            None: what the run was trained with, or the catalog's network is usually given.

    Raises:
        UsageError: An unknown name, a missing or impossible shape, or a module that cannot be
            traced (see `capture`).
    """
    module, image = open_for_shape(network, shape)
    return trace_graph(capture(module, image))


def trace_graph(graph: Graph) -> Trace:
    """The trace of a network whose graph is there already."""
    return _Tracer(graph).trace()


class _Tracer:
    """Puts together what is known about each layer of a graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._costs = count_operation_costs(graph)
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
        shown = list_layers(graph)
        seen = set(shown)
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
            backward_flops=sum(cost.backward_flops for cost in total)
            + (graph.recomputed_flops or 0),
            activation_bytes=sum(row.activation_bytes for row in rows),
            uncounted=tuple(n.name for n in graph if self._is_uncounted(n, n in seen)),
            notes=tuple(self._notes(shown)),
        )

    def _row(self, fold: Fold) -> TracedLayer:
        found = [self._costs[node] for node in fold.nodes]
        new = [path for node in fold.nodes for path in self._new[node]]
        within = set(new)
        return TracedLayer(
            name=fold.name,
            kind=fold.kind if fold.parts else fold.last.kind,
            description=fold.kind,
            output_shape=fold.last.unit_shape,
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
        reused = sorted({path for node in shown for path in self._shared[node]})
        if reused:
            notes.append(f"Used more than once, counted once: {', '.join(reused)}.")
        if self._unused:
            notes.append(f"Parameters that this call does not use: {', '.join(self._unused)}.")
        guessed = [n.name for n in shown if n.depends_on_images and not is_understood(n)]
        if guessed:
            notes.append(
                "Not known to Convscope, so taken to see all of their inputs: "
                f"{', '.join(guessed)}."
            )
        again = self._graph.recomputed_flops
        if again is None:
            notes.append(
                "Backward FLOPs leave out what the network's checkpoints compute once more: "
                "that couldn't be counted."
            )
        elif again:
            notes.append(
                f"Of the backward FLOPs, {quantity(again)} are forward operations that the "
                "network's checkpoints compute once more. They are in the total, not in the rows."
            )
        partly = [
            f"{n.name} ({', '.join(self._costs[n].overlooked)})"
            for n in shown
            if self._is_partly_counted(n)
        ]
        if partly:
            notes.append(
                "Only partly counted, for want of a rule for what is in brackets: "
                f"{', '.join(partly)}."
            )
        return notes

    def _is_uncounted(self, node: Node, is_shown: bool) -> bool:
        """Of what isn't shown, as what is made of weights alone, only what multiplies."""
        return (
            node.kind.startswith("other: ")
            and not self._costs[node].macs
            and not node.is_counted
            and not node.arguments.get("output")  # what a second output costs is in the first
            and (is_shown or bool(self._costs[node].overlooked))
        )

    def _is_partly_counted(self, node: Node) -> bool:
        cost = self._costs[node]
        return bool(cost.overlooked) and cost.macs > 0


def _bytes(node: Node) -> int:
    return 0 if node.shares_memory else prod(node.shape) * node.dtype.itemsize
