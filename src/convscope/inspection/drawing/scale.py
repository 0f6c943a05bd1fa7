"""Feature maps as blocks: how large, and how they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import prod, sqrt
from typing import NamedTuple

from convscope.inspection.drawing.shapes import Pen, Shape, circle, line, polygon
from convscope.inspection.drawing.steps import DrawingStep
from convscope.inspection.drawing.stretches import JOINS
from convscope.look.language import Words
from convscope.look.palette import KINDS, WHITE

RADIUS = 6.5  # of the circle of a sum
EDGE = 0.7  # width of the edges of blocks
_DEEP = 0.3  # how far up and to the right the depth of a block goes, for each point of its side
_THICKEST = 0.5  # of the highest
_LEAST = 1.6  # points, so that everything can be seen
_BAR = 5.5  # points, the width of a vector
_MANY_CHANNELS, _MANY_UNITS = 16, 128  # so that small networks look small
_SHORTEST = 11.0  # points, of a vector
RULE = Words(
    "To scale: the height, depth and thickness of a block are proportional to the square roots of "
    "its height, width and channels, the length of a bar to that of its units; the smallest are "
    "enlarged.",
    "按比例画出：长方体的高、深、厚分别与高、宽、通道数的平方根成正比，条的长度与单元数的平方根成正比；"
    "太小的画得大一些。",
)


class Placement(NamedTuple):
    """A rectangle on the page, in points.

    Attributes:
        left: Its left edge.
        top: Its upper edge.
        right: Its right edge.
        bottom: Its lower edge.
    """

    left: float
    top: float
    right: float
    bottom: float

    def moved(self, x: float, y: float) -> Placement:
        """The same rectangle, moved by (x, y)."""
        return Placement(self.left + x, self.top + y, self.right + x, self.bottom + y)


class Size(NamedTuple):
    """How large a block is drawn, in points.

    Attributes:
        thickness: From left to right: its channels.
        height: Height of its front.
        deep: How far its depth goes up and to the right.
    """

    thickness: float
    height: float
    deep: float


@dataclass(frozen=True)
class Scale:
    """How large blocks are drawn.

    Attributes:
        highest: Points that the largest side of a feature map takes, and the longest vector.
        widest: Points that a line of a label may take, if its words let it.
        side: That side, in pixels.
        channels: The most channels, or enough to be many if there are few.
        units: Length of the longest vector, or enough to be many.
    """

    highest: float
    widest: float
    side: int
    channels: int
    units: int

    def size(self, step: DrawingStep) -> Size:
        """How large a step's block is drawn."""
        if step.part in JOINS:
            return Size(2 * RADIUS, 2 * RADIUS, 0.0)
        if len(step.shape) < 2:
            units = prod(step.shape)
            return Size(_BAR, max(_SHORTEST, self._length(units, self.units)), 0.0)
        channels, height, width = _maps(step.shape)
        thick = max(_LEAST, self.highest * _THICKEST * sqrt(channels / self.channels))
        return Size(thick, self._length(height, self.side), _DEEP * self._length(width, self.side))

    def _length(self, count: int, most: int) -> float:
        return max(2 * _LEAST, self.highest * sqrt(count / most))


def scale_for(steps: Sequence[DrawingStep], highest: float, widest: float) -> Scale:
    """The scale at which the largest feature map of a network is as high as asked.

    Args:
        steps: All that are drawn.
        highest: In points.
        widest: Points that a line of a label may take.
    """
    maps = [_maps(step.shape) for step in steps if len(step.shape) > 1]
    units = [step.shape[0] for step in steps if len(step.shape) == 1]
    return Scale(
        highest,
        widest,
        side=max((max(height, width) for _, height, width in maps), default=1),
        channels=max([_MANY_CHANNELS, *(channels for channels, _, _ in maps)]),
        units=max([_MANY_UNITS, *units]),
    )


def block_shapes(step: DrawingStep, size: Size, title: str) -> list[Shape]:
    """A step's block; the middle of its front's left edge is at (0, 0).

    Args:
        step: What is drawn.
        size: From `Scale.size`.
        title: What is said of it when the mouse is over it.
    """
    if step.part in JOINS:
        return join_shapes(step.part, title)
    colours = KINDS[step.part]
    width, half, deep = size.thickness, size.height / 2, size.deep
    dashed = not step.nodes
    edge = Pen(colours.edge, EDGE, dashed=dashed, title=title)
    front = [(0, -half), (width, -half), (width, half), (0, half)]
    shapes: list[Shape] = [polygon(front, replace(edge, fill=WHITE if dashed else colours.face))]
    if deep:
        top = [(0, -half), (deep, -half - deep), (width + deep, -half - deep), (width, -half)]
        side = [(width, -half), (width + deep, -half - deep), (width + deep, half - deep)]
        shapes.append(polygon(top, replace(edge, fill=colours.top)))
        shapes.append(polygon([*side, (width, half)], replace(edge, fill=colours.side)))
    for x in _borders(step, width):
        points = [(x, half), (x, -half), (x + deep, -half - deep)]
        shapes.append(line(points, Pen(colours.edge, EDGE), radius=0))
    return shapes


def join_shapes(part: str, title: str) -> list[Shape]:
    """The circle of a sum or a product; its left edge is at (0, 0).

    Args:
        part: "sum" or "product".
        title: What is said of it when the mouse is over it.
    """
    colours = KINDS[part]
    pen = Pen(colours.edge, 1.3)
    arms = [(3.2, 0.0), (0.0, 3.2)] if part == "sum" else [(2.3, 2.3), (2.3, -2.3)]
    return [
        circle(RADIUS, 0, RADIUS, replace(pen, fill=colours.face, title=title)),
        *(line([(RADIUS - x, -y), (RADIUS + x, y)], pen) for x, y in arms),
    ]


def _borders(step: DrawingStep, width: float) -> list[float]:
    """Where the channels of one input of a concatenation end and those of the next begin.

    Of blocks that are drawn once, in the last.
    """
    if step.part != "concatenation":
        return []
    total = _maps(step.shapes[-1])[0]
    within = [s for s in step.inputs if len(s.shapes) == len(step.shapes)]
    counts = {source: _maps(source.shapes[-1])[0] for source in within}
    rest = total - sum(counts.values())
    if len(within) == len(step.inputs) - 1:  # the other is what enters the first of the blocks
        counts = {source: counts.get(source, rest) for source in step.inputs}
    if sum(counts.values()) != total or len(counts) < len(step.inputs):
        return []  # put together along another axis
    ends = accumulate(counts[source] for source in step.inputs)
    return [width * end / total for end in ends if end < total]


def _maps(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Channels, height and width; of a sequence (tokens, features) its features and tokens."""
    if len(shape) < 2:
        return prod(shape), 1, 1
    if len(shape) == 2:
        return shape[1], shape[0], 1
    return shape[0], shape[-2], shape[-1]
