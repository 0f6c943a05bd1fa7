"""What must hold of every drawing, whatever the network."""

from itertools import pairwise

from convscope.inspection.drawing.letters import text_width
from convscope.inspection.drawing.pieces import SHORTCUT, WIRE
from convscope.inspection.drawing.scale import Placement
from convscope.inspection.drawing.shapes import Path, Text

TOUCH = 0.6  # points, by which letters may touch what is beside them


def overlap(one, other, by=0.0):
    return (
        min(one.right, other.right) - max(one.left, other.left) > by
        and min(one.bottom, other.bottom) - max(one.top, other.top) > by
    )


def text_box(text):
    width = text_width(text.text, text.size, bold=text.bold)
    left = text.x - {"start": 0, "middle": width / 2, "end": width}[text.anchor]
    return Placement(left, text.y - 0.73 * text.size, left + width, text.y + 0.05 * text.size)


def texts(page):
    return [shape for shape in page.shapes if isinstance(shape, Text) and shape.text]


def wires(page):
    """The lines between blocks, each as the points where it turns."""
    for shape in page.shapes:
        if isinstance(shape, Path) and any(shape.pen is pen for pen in (WIRE, SHORTCUT)):
            # a rounded corner is (L, …), (Q, corner, …): its corner is the control point
            yield [command[1] for command in shape.commands]


def assert_readable(page):
    """Nothing covers anything, and all is on the page."""
    boxes = list(page.boxes.items())
    letters = [(text.text, text_box(text)) for text in texts(page)]
    for index, (step, box) in enumerate(boxes):
        for other, its in boxes[index + 1 :]:
            assert not overlap(box, its), f"{step} covers {other}"
        for words, its in letters:
            assert not overlap(box, its, TOUCH), f"{words!r} stands on {step}"
    for index, (words, box) in enumerate(letters):
        for other, its in letters[index + 1 :]:
            assert not overlap(box, its, TOUCH), f"{words!r} stands on {other!r}"
    for points in wires(page):
        for begin, end in pairwise(points):
            segment = Placement(
                min(begin[0], end[0]) - 0.1,
                min(begin[1], end[1]) - 0.1,
                max(begin[0], end[0]) + 0.1,
                max(begin[1], end[1]) + 0.1,
            )
            for step, box in boxes:
                assert not overlap(segment, box, 0.15), f"a line crosses {step}"
    for what, box in [*boxes, *letters]:
        assert box.left >= 0, f"{what} leaves the page"
        assert box.top >= 0, f"{what} leaves the page"
        assert box.right <= page.width, f"{what} leaves the page"
        assert box.bottom <= page.height, f"{what} leaves the page"
