"""Reading a network at the level of its blocks: rows, some of which stand for many layers.

A block is a call of a module that makes several layers and is more than a container: a class of
the network's own, or a `Sequential` that occurs again beside itself. Blocks of one class and one
output shape that follow each other become one row, as in "2 × BasicBlock".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from convscope.graph.graph import Graph, ModuleCall, Node
from convscope.graph.operations.table import describe

MOST_LISTED = 3  # layers of a block that are all named in its row


@dataclass(frozen=True)
class Fold:
    """One row of a table: a layer, or several folded together.

    Attributes:
        name: The name of the layer or the module.
        kind: What it is, as in "convolution" or "2 × BasicBlock".
        nodes: The layers it stands for.
        last: The one that made its output.
        parts: The rows it unfolds to; none for a layer.
    """

    name: str
    kind: str
    nodes: tuple[Node, ...]
    last: Node
    parts: tuple[Fold, ...] = ()


def fold(graph: Graph) -> list[Fold]:
    """The rows of a graph, folded to blocks."""
    return _BlockFolder(graph).rows(graph.root)


def list_layers(graph: Graph) -> list[Node]:
    """The operations that are shown: those that depend on the image, or hold parameters."""
    return [
        node
        for node in graph
        if node is not graph.input and (node.depends_on_images or node.parameters)
    ]


class _BlockFolder:
    """Folds the calls of one graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._shown = set(list_layers(graph))

    def rows(self, call: ModuleCall) -> list[Fold]:
        """The rows of what happened in a call, in the order of execution."""
        structures = [self._structure(inner) for inner in call.calls]
        repeated = {each for each in structures if structures.count(each) > 1}
        rows: list[Fold] = []
        items = self._items(call)
        for key, group in groupby(items, self._run_key):
            members = list(group)
            if key is not None and len(members) > 1:
                rows.append(self._run(call, [m for m in members if isinstance(m, ModuleCall)]))
                continue
            for member in members:
                rows += self._single(member, repeated)
        return rows

    def _items(self, call: ModuleCall) -> Iterator[Node | ModuleCall]:
        """The calls made by a call, and the layers it made itself."""
        index = call.start
        for inner in [*call.calls, None]:
            stop = call.stop if inner is None else inner.start
            yield from (n for n in self._graph.nodes[index:stop] if n in self._shown)
            if inner is not None:
                index = inner.stop
                if self._within(inner):
                    yield inner

    def _within(self, call: ModuleCall) -> tuple[Node, ...]:
        return tuple(n for n in self._graph.nodes[call.start : call.stop] if n in self._shown)

    def _structure(self, call: ModuleCall) -> tuple[object, ...]:
        return (call.type_name, *(self._structure(inner) for inner in call.calls))

    def _run_key(self, item: Node | ModuleCall) -> tuple[object, ...] | None:
        """What neighbours must have in common to be folded into one row; None is never folded."""
        if isinstance(item, Node) or len(self._within(item)) < 2:
            return None
        what = self._structure(item) if _is_container(item) else (item.type_name,)
        return (*what, self._within(item)[-1].shape)

    def _single(self, item: Node | ModuleCall, repeated: set[tuple[object, ...]]) -> list[Fold]:
        if isinstance(item, Node):
            return [Fold(item.name, describe(item), (item,), item)]
        nodes = self._within(item)
        parts = self.rows(item)
        if len(parts) == 1:  # a module around one layer or one run
            only = parts[0]
            name = only.name if len(only.nodes) == 1 else item.name
            return [Fold(name, only.kind, only.nodes, only.last, only.parts)]
        is_block = not _is_container(item) or self._structure(item) in repeated
        if not is_block or len(nodes) > len(self._shown) / 2:
            return parts
        return [Fold(item.name, _block_kind(item, nodes), nodes, nodes[-1], tuple(parts))]

    def _run(self, caller: ModuleCall, calls: list[ModuleCall]) -> Fold:
        nodes = tuple(node for call in calls for node in self._within(call))
        parts = [
            Fold(c.name, _block_kind(c, self._within(c)), w, w[-1], tuple(self.rows(c)))
            for c in calls
            for w in [self._within(c)]
        ]
        what = _block_kind(calls[0], self._within(calls[0]), with_strides=False)
        kind = f"{len(calls)} × ({what})" if " " in what else f"{len(calls)} × {what}"
        return Fold(name_range(calls[0].name, calls[-1].name), kind, nodes, nodes[-1], tuple(parts))


def name_range(first: str, last: str) -> str:
    """From one name to another: "features.4 – 5", "inception4a – 4c"."""
    number = re.search(r"\d", first)
    end = number.start() if number else 0
    begin = max(first.rfind(".") + 1, end if "." not in first[end:] else 0)
    return f"{first} – {last[begin:]}" if first[:begin] == last[:begin] else f"{first} – {last}"


def _is_container(call: ModuleCall) -> bool:
    return call.library and call.type_name in ("Sequential", "ModuleList")


def _block_kind(call: ModuleCall, nodes: Sequence[Node], *, with_strides: bool = True) -> str:
    """A few layers by their names, a class of blocks by its own."""
    if len(nodes) <= MOST_LISTED or _is_container(call):
        few = len(nodes) <= MOST_LISTED
        named = [node for node in nodes if few or node.kind in ("convolution", "dense")]
        texts = [describe(node) for node in named]
        return " + ".join(text if with_strides else text.split(",")[0] for text in texts)
    inner = [each.type_name for each in call.calls if each.calls]
    if len(inner) > 1 and len(set(inner)) == 1:
        return f"{call.type_name} of {len(inner)} × {inner[0]}"
    return call.type_name
