"""One step of a drawing: its block, the shape above it and the label below."""

from __future__ import annotations

from itertools import groupby

from convscope.graph.operations.layer_words import say_layer
from convscope.inspection.drawing.letters import LINE, SIZE, text_width, wrap
from convscope.inspection.drawing.scale import Placement, Scale, block_shapes
from convscope.inspection.drawing.shapes import Shape, Text
from convscope.inspection.drawing.steps import DrawingStep
from convscope.inspection.drawing.stretches import JOINS
from convscope.look.language import pick
from convscope.look.palette import INK, KINDS


def _label_lines(step: DrawingStep, widest: float) -> list[tuple[str, bool]]:
    """The lines of a label, and whether they are bold: those of the layer that gives the name."""
    lines: list[tuple[str, bool]] = []
    for bold, texts in groupby(step.label, lambda text: text == step.name):
        text = pick(", ", "，").join(_with_sizes_together(say_layer(text)) for text in texts)
        lines += [(part, bold) for part in wrap(text, widest, bold=bold)]
    return lines


def _with_sizes_together(text: str) -> str:
    """A layer's description whose sizes stay on one line: "3×3, stride 2"."""
    name, times, sizes = text.partition("×")
    *words, first = name.split(" ")
    if not times or not words:
        return text
    return " ".join([*words, (first + times + sizes).replace(" ", "\u00a0")])


class StepCell:
    """A step's block and its text, on one axis.

    Attributes:
        width: Width of the block or of its text, whichever is wider.
        up: How far it reaches above its axis.
        down: How far it reaches below its axis.
    """

    def __init__(self, step: DrawingStep, scale: Scale) -> None:
        self._step = step
        self._size = scale.size(step)
        self._half = self._size.height / 2
        self._block_width = self._size.thickness + self._size.deep
        self._joins = step.part in JOINS
        self._lines = _label_lines(step, scale.widest)
        if self._joins:  # what goes around layers comes in from above, where the shape would stand
            self._lines.insert(0, (step.shape_label, False))
        texts = [(step.shape_label, False), *self._lines]
        widths = [text_width(text, bold=bold) for text, bold in texts]
        self.width = max(self._block_width, *widths)
        self.up = self._half + (2 if self._joins else self._size.deep + LINE + 1)
        self.down = self._half + 2 + LINE * len(self._lines)

    def shapes(self, x: float, y: float) -> list[Shape]:
        """Block and text about (x, y)."""
        step, left = self._step, x - self._block_width / 2
        title = "\n".join([*(node.name for node in step.nodes), step.shape_label])
        shapes = [shape.moved(left, y) for shape in block_shapes(step, self._size, title)]
        if not self._joins:
            baseline = y - self._half - self._size.deep - 3
            shapes.append(Text(x, baseline, step.shape_label, SIZE, INK))
        baseline = y + self._half + SIZE + 1.5
        for text, bold in self._lines:
            colour = KINDS[step.part].edge if bold else INK
            shapes.append(Text(x, baseline, text, SIZE, colour, bold=bold))
            baseline += LINE
        return shapes

    def box(self, x: float, y: float) -> Placement:
        """Where the block stands."""
        left, top = x - self._block_width / 2, y - self._half - self._size.deep
        return Placement(left, top, left + self._block_width, y + self._half)
