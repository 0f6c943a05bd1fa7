"""Pieces of a drawing: a stretch of the network in coordinates, pieces side by side, frames.

What goes through a piece enters at its left edge and leaves at its right, at the height 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from convscope.inspection.drawing.cells import StepCell
from convscope.inspection.drawing.letters import LINE, SIZE, text_width
from convscope.inspection.drawing.scale import RADIUS, Placement, Scale
from convscope.inspection.drawing.shapes import Pen, Point, Shape, Text, arrow, line, rectangle
from convscope.inspection.drawing.steps import DrawingStep
from convscope.inspection.drawing.stretches import JOINS, Edge, Stretch
from convscope.look.palette import ACCENT, DIM, FRAME, FRAME_EDGE

WIRE, SHORTCUT = Pen(DIM, 1.0), Pen(ACCENT, 1.3)
_GAP = 14.0  # between columns, where nothing turns
_TRACK = 6.0  # between lines that turn in one gap
_LEVEL = 7.0  # between lines that go around
_LANE = 6.0  # between lanes


@dataclass(frozen=True)
class Piece:
    """Part of a drawing, in its own coordinates.

    Attributes:
        width: Width of the whole piece.
        up: How far it reaches above the height at which it is entered.
        down: How far it reaches below.
        leaves: Where the line to the next piece begins.
        shapes: What it consists of, those behind first.
        boxes: Where the blocks stand.
    """

    width: float
    up: float
    down: float
    leaves: float
    shapes: tuple[Shape, ...]
    boxes: dict[DrawingStep, Placement] = field(default_factory=dict)


def piece_of(stretch: Stretch, scale: Scale) -> Piece:
    """A stretch in coordinates."""
    return _Placer(stretch, scale).piece()


def beside(pieces: Sequence[Piece], space: float = 0.0) -> Piece:
    """Pieces one behind the other, joined by lines.

    Args:
        pieces: From left to right.
        space: Points between them.
    """
    shapes: list[Shape] = []
    boxes: dict[DrawingStep, Placement] = {}
    x, leaves = 0.0, None
    for piece in pieces:
        if leaves is not None and x > leaves:
            shapes.append(line([(leaves, 0), (x, 0)], WIRE))
        shapes += [shape.moved(x, 0) for shape in piece.shapes]
        boxes |= {step: box.moved(x, 0) for step, box in piece.boxes.items()}
        leaves = x + piece.leaves
        x += piece.width + space
    return Piece(
        x - space,
        max(piece.up for piece in pieces),
        max(piece.down for piece in pieces),
        leaves or 0.0,
        tuple(shapes),
        boxes,
    )


def frame(piece: Piece, titles: Sequence[str], count: int) -> Piece:
    """A piece with a frame around it.

    Args:
        piece: What is framed.
        titles: What may stand above it; the first that fits is taken.
        count: How often what is framed repeats.
    """
    margin, inner = 3.0, 4.0
    side = margin + inner
    badge = f"×{count}" if count > 1 else ""
    badge_size = SIZE + 3
    taken = text_width(badge, badge_size, bold=True) + 4 if badge else 0.0
    width = piece.width + 2 * side
    room = width - 2 * margin - 8 - taken
    title = next((text for text in titles if text_width(text) <= room), "")
    header = badge_size + 3 if badge else LINE + 2 if title else 2.0
    up, down = piece.up + header + 4, piece.down + 5
    pen = Pen(FRAME_EDGE, fill=FRAME, title=titles[0])
    shapes: list[Shape] = [
        rectangle(margin, -up, width - margin, down, 5, pen),
        Text(margin + 5, -up + SIZE + 3.5, title, SIZE, DIM, anchor="start"),
    ]
    if badge:
        end, at = width - margin - 5, -up + badge_size + 1.5
        shapes.append(Text(end, at, badge, badge_size, ACCENT, bold=True, anchor="end"))
    shapes.append(line([(0, 0), (side, 0)], WIRE))
    shapes += [shape.moved(side, 0) for shape in piece.shapes]
    boxes = {step: box.moved(side, 0) for step, box in piece.boxes.items()}
    return Piece(width, up + 3, down + 3, side + piece.leaves, tuple(shapes), boxes)


class _Placer:
    """Gives everything in one stretch its coordinates."""

    def __init__(self, stretch: Stretch, scale: Scale) -> None:
        self._stretch = stretch
        self._cells = {step: StepCell(step, scale) for step in stretch.steps}
        self._place_lanes()
        self._place_columns()

    def _place_lanes(self) -> None:
        stretch, cells = self._stretch, self._cells
        inside = [
            [cells[s] for s in stretch.steps[:-1] if stretch.lane[s] == lane]
            for lane in range(stretch.lanes)
        ]
        ups = [max(cell.up for cell in lane) for lane in inside]
        downs = [max(cell.down for cell in lane) for lane in inside]
        ys = [0.0] * stretch.lanes
        for lane in range(1, stretch.lanes):
            ys[lane] = ys[lane - 1] + downs[lane - 1] + ups[lane] + _LANE
        if ys:  # of two lanes the lower is the way straight on
            middle = ys[-1] if len(ys) < 3 else (ys[0] + ys[-1]) / 2
            ys = [y - middle for y in ys]
        self._lane_y = ys
        cut = cells[stretch.cut]
        self._up = max([cut.up, *(up - y for up, y in zip(ups, ys, strict=True))])
        self.down = max([cut.down, *(down + y for down, y in zip(downs, ys, strict=True))])
        self.up = self._up + (4 + _LEVEL * stretch.levels if stretch.levels else 0)

    def _place_columns(self) -> None:
        stretch = self._stretch
        self._tracks: dict[int, list[object]] = {}
        for edge in stretch.edges:
            begin, along, end = self._heights(edge)
            if begin != along:
                self._track(edge.leaves, ("from", edge.source))
            if along != end and not self._from_above(edge):
                self._track(edge.enters, ("to", edge.target))
        self._gap_x: dict[int, float] = {}
        self._x: dict[DrawingStep, float] = {}
        x = 0.0
        for column in range(1 + max(stretch.column.values())):
            members = [s for s in stretch.steps if stretch.column[s] == column]
            width = max(self._cells[step].width for step in members)
            self._gap_x[column] = x
            if stretch.edges:
                x += max(_GAP, 6 + _TRACK * len(self._tracks.get(column, ())) + 6)
            self._x |= dict.fromkeys(members, x + width / 2)
            x += width
        self.width = x + 2

    def _track(self, gap: int, key: object) -> float:
        """Where in a gap a line turns."""
        keys = self._tracks.setdefault(gap, [])
        if key not in keys:
            keys.append(key)
        return 6 + _TRACK * keys.index(key)

    def _y(self, step: DrawingStep | None) -> float:
        lane = self._stretch.lane.get(step) if step is not None else None
        return 0.0 if lane is None else self._lane_y[lane]

    def _heights(self, edge: Edge) -> tuple[float, float, float]:
        begin, end = self._y(edge.source), self._y(edge.target)
        if edge.lane is None:
            return begin, -(self._up + 4 + _LEVEL * edge.level), end
        if edge.leaves != edge.enters:
            return begin, self._lane_y[edge.lane], end
        return begin, end if edge.source is None else begin, end

    def _from_above(self, edge: Edge) -> bool:
        """Whether a line enters its target from above: only a sum, and only if nothing is there."""
        _, along, end = self._heights(edge)
        column = self._stretch.column
        beside = [s for s in column if column[s] == column[edge.target] and self._y(s) < end]
        return edge.target.part in JOINS and along < end - 2 * RADIUS and not beside

    def _points(self, edge: Edge) -> list[Point]:
        begin, along, end = self._heights(edge)
        box = None if edge.source is None else self._box(edge.source)
        points = [(0.0 if box is None else box.right, begin)]
        if begin != along:
            x = self._gap_x[edge.leaves] + self._track(edge.leaves, ("from", edge.source))
            points += [(x, begin), (x, along)]
        target = self._box(edge.target)
        if self._from_above(edge):
            x = self._x[edge.target]
            return [*points, (x, along), (x, target.top)]
        if along != end:
            x = self._gap_x[edge.enters] + self._track(edge.enters, ("to", edge.target))
            points += [(x, along), (x, end)]
        return [*points, (target.left, end)]

    def _box(self, step: DrawingStep) -> Placement:
        return self._cells[step].box(self._x[step], self._y(step))

    def piece(self) -> Piece:
        stretch = self._stretch
        shapes: list[Shape] = []
        around = [edge for edge in stretch.edges if edge.lane is None]
        for edge in [*(e for e in stretch.edges if e.lane is not None), *around]:
            shapes += arrow(self._points(edge), SHORTCUT if edge.lane is None else WIRE)
        for step, cell in self._cells.items():
            shapes += cell.shapes(self._x[step], self._y(step))
        boxes = {step: self._box(step) for step in stretch.steps}
        leaves = boxes[stretch.cut].right
        return Piece(self.width, self.up, self.down, leaves, tuple(shapes), boxes)
