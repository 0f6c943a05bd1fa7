"""What a unit sees of the image: its receptive field.

    field = unit_field(graph, "layer2", (5, 3, 3))     # channel 5, row 3, column 3
    field.box                                          # on the image, cut off at its border

The theoretical field follows from the sizes of the windows alone, over the real graph: a sum or a
concatenation sees what any of its inputs sees. No pixel outside can matter. How much the pixels
inside matter differs, and is the effective field (`effective_field.py`).

Source: Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks",
Distill, 2019.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from convscope.errors import UsageError
from convscope.graph.graph import Graph, Node
from convscope.graph.reach import looks_at
from convscope.graph.region import Extent, Region, join_regions
from convscope.look.language import pick


@dataclass(frozen=True)
class Box:
    """Rows and columns of an image, both ends included; below 0 and behind the last is padding.

    Attributes:
        top: The first row.
        left: The first column.
        bottom: The last row.
        right: The last column.
    """

    top: int
    left: int
    bottom: int
    right: int

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.bottom - self.top + 1, self.right - self.left + 1


@dataclass(frozen=True)
class UnitField:
    """The receptive field of one unit.

    Attributes:
        layer: Name of the unit's layer.
        unit: Its index there, (channel, row, column), or (number,) where there are no maps.
        rows: bool (height of the image): the rows it sees.
        columns: bool (width of the image): the columns it sees. There can be gaps.
        box: The least box around the pixels it sees.
        unclipped: The same if the image went on beyond its border.
    """

    layer: str
    unit: tuple[int, ...]
    rows: NDArray[np.bool_] = field(repr=False)
    columns: NDArray[np.bool_] = field(repr=False)
    box: Box
    unclipped: Box

    @property
    def place(self) -> str:
        """The unit's index in words."""
        if len(self.unit) == 3:
            places = "channel {}, row {}, column {}", "通道 {}，行 {}，列 {}"
            return pick(*places).format(*self.unit)
        return f"{pick('unit', '单元')} {', '.join(str(index) for index in self.unit)}"


def check_unit(node: Node, unit: Sequence[int]) -> tuple[int, ...]:
    """The index of a unit, if there is one.

    Args:
        node: The layer.
        unit: (channel, row, column), or (number,) where there are no maps.

    Raises:
        UsageError: The layer has no such unit.
    """
    if not node.shape:
        raise UsageError(f"{node.name} ({node.kind}) is a single number without units.")
    shape = node.unit_shape
    if len(unit) != len(shape) or any(
        not 0 <= index < size for index, size in zip(unit, shape, strict=False)
    ):
        names = ("channel", "row", "column") if len(shape) == 3 else ("number",) * len(shape)
        ranges = ", ".join(
            f"{name} 0 to {size - 1}" for name, size in zip(names, shape, strict=True)
        )
        given = ", ".join(str(index) for index in unit)
        raise UsageError(f"{node.name} has no unit ({given}). Its units are: {ranges}.")
    return tuple(int(index) for index in unit)


def unit_field(graph: Graph, layer: str | Node, unit: Sequence[int]) -> UnitField:
    """The theoretical receptive field of one unit, exact to the pixel.

    Args:
        graph: From `capture`, with or without values.
        layer: Name of the layer, or its node.
        unit: (channel, row, column), or (number,) where there are no maps.

    Raises:
        UsageError: No such layer or unit, or one that does not depend on the image.
    """
    node = graph[layer] if isinstance(layer, str) else layer
    unit = check_unit(node, unit)
    seen = regions_seen(graph, node, unit).get(graph.input)
    if seen is None or not all(extent.inside.any() for extent in seen):
        where = ", ".join(map(str, unit))
        raise UsageError(
            f"Unit ({where}) of {node.name} sees no pixel of the image, only padding or weights."
        )
    rows, columns = seen[-2:]
    pixels = [np.flatnonzero(extent.inside) for extent in (rows, columns)]
    (top, bottom), (left, right) = ((int(each[0]), int(each[-1])) for each in pixels)
    return UnitField(
        layer=node.name,
        unit=unit,
        rows=rows.inside,
        columns=columns.inside,
        box=Box(top, left, bottom, right),
        # circular padding comes from the other side of the image, so the box can lie further out
        unclipped=Box(
            min(rows.first, top),
            min(columns.first, left),
            max(rows.last, bottom),
            max(columns.last, right),
        ),
    )


def regions_seen(graph: Graph, node: Node, unit: tuple[int, ...]) -> dict[Node, Region | None]:
    """The region of every layer that a unit is computed from, its own and the image's included.

    Args:
        graph: From `capture`.
        node: The unit's layer.
        unit: Its index there, from `check_unit`.

    Raises:
        UsageError: The layer does not depend on the image.
    """
    if not node.depends_on_images:
        raise UsageError(f"{node.name} ({node.kind}) does not depend on the image.")
    asked = tuple(
        Extent(np.arange(size) == index, index, index)
        for index, size in zip(node.full_index(unit), node.shape, strict=True)
    )
    regions: dict[Node, Region | None] = {node: asked}
    for current in reversed(graph.nodes[: graph.nodes.index(node) + 1]):
        region = regions.get(current)
        if region is None or not all(extent.inside.any() for extent in region):
            continue  # not looked at, or nothing but padding is
        for index, source in enumerate(current.inputs):
            if source.depends_on_images:
                found = looks_at(current, index, region)
                regions[source] = join_regions(regions.get(source), found)
    return regions
