"""The page: pieces in rows, as wide as a slide is, under a title and over a legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from convscope.inspection.drawing.blocks import DrawnBlock
from convscope.inspection.drawing.legend import Legend
from convscope.inspection.drawing.letters import SIZE, text_width
from convscope.inspection.drawing.pieces import WIRE, Piece, beside
from convscope.inspection.drawing.scale import Placement, scale_for
from convscope.inspection.drawing.shapes import Point, Shape, Text, line
from convscope.inspection.drawing.steps import DrawingStep
from convscope.inspection.drawing.units import units_of
from convscope.look.palette import FAINT, INK

SLIDE = 16 / 9  # width over height
_NARROWEST = 620.0  # points
_COMFORTABLE = 760.0  # points; up to this letters are large enough, and larger blocks are better
_HEIGHTS = (130.0, 112.0, 96.0, 76.0, 60.0, 48.0, 38.0)  # that the highest block may have
_LABELS = (78.0, 58.0, 118.0)  # that a line of text may take
_LOSS = 1.04  # by how much wider a page may be for the sake of larger blocks
_MARGIN = 16.0
_BETWEEN = 18.0  # rows, at least
_STRETCHED = 90.0  # between pieces, at most
_HEADER = 24.0
_FOOTER = 10.0  # above the legend


@dataclass(frozen=True)
class DrawingPage:
    """A drawing, ready to be written.

    Attributes:
        width: Width in points.
        height: Height in points.
        shapes: What it consists of, those behind first.
        boxes: Where the blocks stand.
    """

    width: float
    height: float
    shapes: tuple[Shape, ...]
    boxes: dict[DrawingStep, Placement]


def page_of(
    steps: Sequence[DrawingStep], blocks: Sequence[DrawnBlock], title: str, subtitle: str
) -> DrawingPage:
    """A network on a page of the shape of a slide.

    Args:
        steps: What is drawn.
        blocks: The outermost blocks, which may hold others.
        title: Stands above.
        subtitle: Stands behind it, smaller.
    """
    legend = Legend(steps)

    def rows(highest: float, widest: float) -> _Rows:
        return _best_rows(units_of(steps, blocks, scale_for(steps, highest, widest)), legend)

    best = rows(_HEIGHTS[-1], _LABELS[0])
    label = _LABELS[0]
    for widest in _LABELS[1:]:
        tried = rows(_HEIGHTS[-1], widest)
        if tried.width < 0.98 * best.width and best.width > _COMFORTABLE:
            best, label = tried, widest
    for highest in _HEIGHTS[:-1]:
        tried = rows(highest, label)
        if tried.width <= max(_LOSS * best.width, _COMFORTABLE):
            return tried.page(title, subtitle)
    return best.page(title, subtitle)


class _Rows:
    """Pieces in rows on a page."""

    def __init__(self, rows: list[list[Piece]], legend: Legend) -> None:
        self._rows = rows
        self._legend = legend
        heights = [max(p.up for p in row) + max(p.down for p in row) for row in rows]
        self._content = sum(heights) + _BETWEEN * (len(rows) - 1)

    @cached_property
    def width(self) -> float:
        """Width of the page, in points."""
        widest = max(sum(piece.width for piece in row) for row in self._rows)
        width = max(_NARROWEST, 2 * _MARGIN + widest)
        while self._free(width) < -0.1:  # a wider page has a lower legend
            width -= self._free(width) * SLIDE
        return width

    def _free(self, width: float) -> float:
        """How much of the height of a page so wide would be left over."""
        legend = self._legend.piece(width - 2 * _MARGIN)
        return width / SLIDE - 2 * _MARGIN - _HEADER - self._content - _FOOTER - legend.down

    def page(self, title: str, subtitle: str) -> DrawingPage:
        """The page."""
        width, height = self.width, self.width / SLIDE
        legend = self._legend.piece(width - 2 * _MARGIN)
        shapes = _heading(title, subtitle)
        shapes += [s.moved(_MARGIN, height - _MARGIN - legend.down) for s in legend.shapes]
        boxes: dict[DrawingStep, Placement] = {}
        space = self._free(width) / (len(self._rows) + 1)
        y = _MARGIN + _HEADER + space
        before: Point | None = None  # where the row above leaves
        for pieces in self._rows:
            row = _spread(pieces, legend.width)
            x = _MARGIN + ((legend.width - row.width) / 2 if len(self._rows) == 1 else 0)
            if before is not None:
                middle = y - (space + _BETWEEN) / 2
                shapes.append(_turn(before, (x, y + row.up), middle, width))
            y += row.up
            shapes += [shape.moved(x, y) for shape in row.shapes]
            boxes |= {step: box.moved(x, y) for step, box in row.boxes.items()}
            before = x + row.leaves, y
            y += row.down + space + _BETWEEN
        return DrawingPage(width, height, tuple(shapes), boxes)


def _heading(title: str, subtitle: str) -> list[Shape]:
    size, y = 14.0, _MARGIN + 11
    behind = _MARGIN + text_width(title, size, bold=True) + 10
    return [
        Text(_MARGIN, y, title, size, INK, bold=True, anchor="start"),
        Text(behind, y, subtitle, SIZE + 1, FAINT, anchor="start"),
    ]


def _turn(leaves: Point, enters: Point, middle: float, width: float) -> Shape:
    """The line from the end of one row to the beginning of the next."""
    right, left = width - _MARGIN * 0.55, _MARGIN * 0.45
    points = [
        leaves,
        (right, leaves[1]),
        (right, middle),
        (left, middle),
        (left, enters[1]),
        enters,
    ]
    return line(points, WIRE)


def _spread(pieces: Sequence[Piece], width: float) -> Piece:
    """Pieces in a row, with more room between them if there is."""
    free = width - sum(piece.width for piece in pieces)
    return beside(pieces, min(max(0.0, free) / max(1, len(pieces) - 1), _STRETCHED))


def _best_rows(pieces: Sequence[Piece], legend: Legend) -> _Rows:
    """The pieces in as many rows as make the page smallest, and so the letters largest."""
    widths = [piece.width for piece in pieces]
    best: _Rows | None = None
    for count in range(1, len(pieces) + 1):
        rows = _Rows(_broken(pieces, widths, count), legend)
        if best is not None and rows.width >= best.width:
            if count > 12:
                break
            continue
        best = rows
    assert best is not None, "there is always the input"  # noqa: S101
    return best


def _broken(pieces: Sequence[Piece], widths: Sequence[float], count: int) -> list[list[Piece]]:
    """Pieces in so many rows, the widest of which is as narrow as can be."""
    low, high = max(widths), sum(widths)
    while high - low > 1:
        middle = (low + high) / 2
        if len(_filled(widths, middle)) <= count:
            high = middle
        else:
            low = middle
    rows = []
    begin = 0
    for length in _filled(widths, high):
        rows.append([*pieces[begin : begin + length]])
        begin += length
    return rows


def _filled(widths: Sequence[float], most: float) -> list[int]:
    """How many pieces go into each row if rows are filled one after the other."""
    lengths, used = [0], 0.0
    for width in widths:
        if lengths[-1] and used + width > most:
            lengths.append(0)
            used = 0.0
        lengths[-1] += 1
        used += width
    return lengths
