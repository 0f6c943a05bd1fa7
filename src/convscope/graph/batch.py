"""Which axis of each tensor counts the images.

It is not always the first: recurrent layers and attention take (sequence, images, features), and
what is computed from weights alone has none. So the network runs again, on one image more: the axis
that grew by one is it. Nothing is computed by that, as the tensors have no numbers.
"""

from __future__ import annotations

from collections.abc import Callable

from convscope.graph.graph import Graph, Node


def find_batch_axes(graph: Graph, run_again: Callable[[tuple[int, ...]], Graph]) -> None:
    """Set `batch_axis` of every node.

    Args:
        graph: A call.
        run_again: Records another call, for images of the shape that it is given.
    """
    count = graph.input.shape[0]
    if all(_is_plain(node, count) for node in graph):
        return
    try:
        other = run_again((count + 1, *graph.input.shape[1:]))
    except Exception:  # the network takes just so many images, or decides by their numbers
        other = None
    if other is None or [node.kind for node in other] != [node.kind for node in graph]:
        for node in graph:
            node.batch_axis = _guess(node, count)
        return
    for node, grown in zip(graph, other, strict=True):
        node.batch_axis = _grown_axis(node.shape, grown.shape, count)


def _is_plain(node: Node, count: int) -> bool:
    """Whether the first axis must be the one, as nothing else has its size or could replace it."""
    moves = node.kind in ("permutation", "reshape") and node.shape.count(count) > 1
    return node.depends_on_images and node.shape[:1] == (count,) and not moves


def _grown_axis(before: tuple[int, ...], after: tuple[int, ...], count: int) -> int | None:
    if len(before) != len(after):
        return None
    axes = [
        axis
        for axis, sizes in enumerate(zip(before, after, strict=True))
        if sizes == (count, count + 1)
    ]
    return axes[0] if len(axes) == 1 else None


def _guess(node: Node, count: int) -> int | None:
    """The first axis of the right size, of what depends on the images."""
    axes = [axis for axis, size in enumerate(node.shape) if size == count]
    return axes[0] if axes and node.depends_on_images else None
