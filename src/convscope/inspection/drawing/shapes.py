"""What a drawing is made of: paths and lines of text, in points (1/72 inch), y downwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot

Point = tuple[float, float]
Command = tuple[str | Point, ...]

_HEAD = 4.5  # points, the length of an arrowhead
_CIRCLE = 0.5523  # how far control points lie out, in radii, for a quarter circle as a cubic curve


@dataclass(frozen=True)
class Pen:
    """How a path is drawn.

    Attributes:
        stroke: Colour of the line, or None.
        width: Width of the line.
        fill: Colour of the inside, or None.
        dashed: Whether the line is dashed.
        title: What a viewer shows when the mouse is over the path.
    """

    stroke: str | None = None
    width: float = 0.8
    fill: str | None = None
    dashed: bool = False
    title: str = ""


@dataclass(frozen=True)
class Path:
    """Straight lines and curves, filled or not.

    Attributes:
        commands: ("M", point) to begin, ("L", point) for a line, ("Q", control, point) and ("C",
            control, control, point) for curves, ("Z",) to close.
        pen: How it is drawn.
    """

    commands: tuple[Command, ...]
    pen: Pen

    def moved(self, x: float, y: float) -> Path:
        """The same shape, moved by (x, y)."""
        commands = tuple(
            tuple(p if isinstance(p, str) else (p[0] + x, p[1] + y) for p in command)
            for command in self.commands
        )
        return replace(self, commands=commands)


@dataclass(frozen=True)
class Text:
    """One line of text.

    Attributes:
        x: Where its beginning, middle or end is, as `anchor` says.
        y: Where its baseline is.
        text: What it says.
        size: Size of the letters.
        colour: Colour of the letters.
        bold: Whether the letters are bold.
        anchor: "start", "middle" or "end".
    """

    x: float
    y: float
    text: str
    size: float
    colour: str
    bold: bool = False
    anchor: str = "middle"

    def moved(self, x: float, y: float) -> Text:
        """The same shape, moved by (x, y)."""
        return replace(self, x=self.x + x, y=self.y + y)


Shape = Path | Text


def polygon(points: Sequence[Point], pen: Pen) -> Path:
    """A closed path with straight sides."""
    begin, *others = points
    return Path((("M", begin), *(("L", point) for point in others), ("Z",)), pen)


def rectangle(
    left: float, top: float, right: float, bottom: float, radius: float, pen: Pen
) -> Path:
    """A rectangle with rounded corners."""
    commands: tuple[Command, ...] = (
        ("M", (left + radius, top)),
        ("L", (right - radius, top)),
        ("Q", (right, top), (right, top + radius)),
        ("L", (right, bottom - radius)),
        ("Q", (right, bottom), (right - radius, bottom)),
        ("L", (left + radius, bottom)),
        ("Q", (left, bottom), (left, bottom - radius)),
        ("L", (left, top + radius)),
        ("Q", (left, top), (left + radius, top)),
        ("Z",),
    )
    return Path(commands, pen)


def circle(x: float, y: float, radius: float, pen: Pen) -> Path:
    """A circle about a point."""
    r, c = radius, radius * _CIRCLE
    commands: tuple[Command, ...] = (
        ("M", (x + r, y)),
        ("C", (x + r, y + c), (x + c, y + r), (x, y + r)),
        ("C", (x - c, y + r), (x - r, y + c), (x - r, y)),
        ("C", (x - r, y - c), (x - c, y - r), (x, y - r)),
        ("C", (x + c, y - r), (x + r, y - c), (x + r, y)),
        ("Z",),
    )
    return Path(commands, pen)


def line(points: Sequence[Point], pen: Pen, radius: float = 5.0) -> Path:
    """A line from point to point whose corners are rounded."""
    points = _without_repeats(points)
    commands: list[Command] = [("M", points[0])]
    for before, corner, behind in zip(points, points[1:], points[2:], strict=False):
        room = min(radius, _distance(before, corner) / 2, _distance(corner, behind) / 2)
        commands.append(("L", _towards(corner, before, room)))
        commands.append(("Q", corner, _towards(corner, behind, room)))
    commands.append(("L", points[-1]))
    return Path(tuple(commands), pen)


def arrow(points: Sequence[Point], pen: Pen) -> list[Shape]:
    """A line that ends in an arrowhead."""
    points = _without_repeats(points)
    if len(points) < 2:
        return []
    tip, before = points[-1], points[-2]
    back = _towards(tip, before, min(_HEAD, _distance(tip, before)))
    across = (tip[1] - back[1]) * 0.4, (back[0] - tip[0]) * 0.4
    wings = [
        (back[0] + across[0], back[1] + across[1]),
        (back[0] - across[0], back[1] - across[1]),
    ]
    return [
        line([*points[:-1], back], pen),
        polygon([tip, *wings], Pen(fill=pen.stroke)),
    ]


def _without_repeats(points: Sequence[Point]) -> list[Point]:
    """Without points that lie on the one before, or on the way straight on."""
    kept: list[Point] = []
    for point in points:
        if kept and _distance(kept[-1], point) < 0.01:
            continue
        if len(kept) > 1 and any(
            abs(kept[-2][axis] - kept[-1][axis]) < 0.01 and abs(kept[-1][axis] - point[axis]) < 0.01
            for axis in (0, 1)
        ):
            kept.pop()
        kept.append(point)
    return kept


def _distance(one: Point, other: Point) -> float:
    return hypot(one[0] - other[0], one[1] - other[1])


def _towards(start: Point, goal: Point, by: float) -> Point:
    distance = _distance(start, goal)
    if distance < 0.01:
        return start
    share = by / distance
    return start[0] + (goal[0] - start[0]) * share, start[1] + (goal[1] - start[1]) * share
