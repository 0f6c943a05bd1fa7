"""The legend: the five parts of a network, what else occurs, and the rule of the scale."""

from __future__ import annotations

from collections.abc import Sequence

from convscope.graph.operations.layer_words import say_layer
from convscope.inspection.drawing.letters import LINE, SIZE, text_width, wrap
from convscope.inspection.drawing.pieces import SHORTCUT, Piece
from convscope.inspection.drawing.scale import EDGE, RULE, join_shapes
from convscope.inspection.drawing.shapes import Pen, Shape, Text, arrow, rectangle
from convscope.inspection.drawing.steps import PARTS, DrawingStep
from convscope.inspection.drawing.stretches import JOINS, arrange, cut
from convscope.look.language import Words, pick
from convscope.look.palette import FAINT, INK, KINDS

_SWATCH = 9.0  # points, the side of a square
_SPACE = 15.0  # between entries
_MIDDLE = 3.0  # of small letters, above their baseline
_OTHERS = ("concatenation", "sum", "product", "other")
_HEADING = Words("The five parts:", "五个部分：")
_SHORTCUT = Words("shortcut", "捷径")
_SOFTMAX = Words(
    "Dashed: the network returns logits; the softmax is applied by the loss and by prediction.",
    "虚线：网络输出的是未规范化的预测（logits），softmax 在损失和预测中计算。",
)
_REPEATS = Words("×N: N blocks made alike, drawn once", "×N：N 个构造相同的块，只画一次")
_RANGES = Words("; of their channels, the least and the most", "；通道数写出最少与最多")


def _entries(steps: Sequence[DrawingStep]) -> list[tuple[list[Shape], float]]:
    """What stands in the first line, each with its width."""
    occur = {step.part for step in steps}
    heading = str(_HEADING)
    entries: list[tuple[list[Shape], float]] = [
        (
            [Text(0, 0, heading, SIZE, INK, bold=True, anchor="start")],
            text_width(heading, bold=True),
        )
    ]
    entries += [_entry(part, missing=part not in occur) for part in PARTS]
    entries += [_entry(part) for part in _OTHERS if part in occur]
    if any(edge.lane is None for group in cut(steps) for edge in arrange(group).edges):
        text = str(_SHORTCUT)
        points = [(0.0, -_MIDDLE), (18.0, -_MIDDLE)]
        sample = arrow(points, SHORTCUT)
        named = Text(22, 0, text, SIZE, INK, anchor="start")
        entries.append(([*sample, named], 22 + text_width(text)))
    return entries


def _entry(part: str, *, missing: bool = False) -> tuple[list[Shape], float]:
    text = say_layer(part) + (pick(" (none)", "（无）") if missing else "")
    colours = KINDS[part]
    if part in JOINS:
        sample = [shape.moved(0, -_MIDDLE) for shape in join_shapes(part, "")]
        begin = 17.0
    else:
        pen = Pen(colours.edge, EDGE, fill=colours.face)
        half = _SWATCH / 2
        sample = [rectangle(0, -_MIDDLE - half, _SWATCH, -_MIDDLE + half, 1.5, pen)]
        begin = _SWATCH + 4
    is_part = part in PARTS
    colour = FAINT if missing else colours.edge if is_part else INK
    named = Text(begin, 0, text, SIZE, colour, bold=is_part, anchor="start")
    return [*sample, named], begin + text_width(text, bold=is_part)


def _notes(steps: Sequence[DrawingStep]) -> list[str]:
    notes = [str(RULE)]
    if any(len(step.shapes) > 1 for step in steps):
        ranges = any(len(set(step.shapes)) > 1 for step in steps)
        notes.append(f"{_REPEATS}{_RANGES if ranges else ''}{pick('.', '。')}")
    if any(not step.nodes for step in steps):
        notes.append(str(_SOFTMAX))
    return notes


class Legend:
    """What is said below a drawing."""

    def __init__(self, steps: Sequence[DrawingStep]) -> None:
        self._entries = _entries(steps)
        self._notes = pick(" ", "").join(_notes(steps))

    def piece(self, width: float) -> Piece:
        """The legend, as wide as asked, below the height 0."""
        shapes: list[Shape] = []
        x, y = 0.0, SIZE
        for entry, entry_width in self._entries:
            if x and x + entry_width > width:
                x, y = 0.0, y + LINE + 4
            shapes += [shape.moved(x, y) for shape in entry]
            x += entry_width + _SPACE
        y += 2
        for text in wrap(self._notes, width):
            y += LINE + 2
            shapes.append(Text(0, y, text, SIZE, FAINT, anchor="start"))
        return Piece(width, 0.0, y + 3, 0.0, tuple(shapes))
