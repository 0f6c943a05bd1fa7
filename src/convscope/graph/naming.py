"""What the nodes of a graph are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from convscope.graph.graph import ModuleCall, Node


def name_nodes(nodes: Sequence[Node], callers: Sequence[ModuleCall], root: ModuleCall) -> None:
    """Give every node its name, and number the calls of modules that were called again."""
    times_called: Counter[str] = Counter()
    for call in root.walk():
        times_called[call.path] += 1
        if times_called[call.path] > 1:
            call.name = f"{call.path}:{times_called[call.path]}"
    times: Counter[str] = Counter()
    for index, (node, call) in enumerate(zip(nodes, callers, strict=True)):
        if node.kind == "input":
            base = "image"
        elif call.path and _is_the_operation_of(call, index):
            base = call.path
        else:
            base = f"{call.path}.{node.kind.removeprefix('other: ')}".lstrip(".").replace(" ", "_")
        times[base] += 1
        node.name = base if times[base] == 1 else f"{base}:{times[base]}"


def _is_the_operation_of(call: ModuleCall, index: int) -> bool:
    """Whether a node is what its module is there for, so that it can bear the module's name.

    Of PyTorch's own layers that is the last (a convolution may pad first); of others, the only one.
    """
    alone = call.stop - call.start == 1
    return not call.calls and (alone or (call.library and index == call.stop - 1))
