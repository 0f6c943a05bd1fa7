"""A drawing as SVG: text stays text, and blocks say what they are when the mouse is over them."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from convscope.inspection.drawing.shapes import Path, Shape, Text
from convscope.look.palette import WHITE

FONTS = "DejaVu Sans, Verdana, Noto Sans CJK SC, sans-serif"  # the first two are equally wide


def as_svg(shapes: Sequence[Shape], width: float, height: float, title: str) -> str:
    """The text of an SVG file.

    Args:
        shapes: Those drawn later cover those before.
        width: Width of the page in points.
        height: Height of the page in points.
        title: What the drawing is of.
    """
    root = Xml.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {_number(width)} {_number(height)}",
            "font-family": FONTS,
        },
    )
    Xml.SubElement(root, "title").text = title
    Xml.SubElement(root, "rect", {"width": "100%", "height": "100%", "fill": WHITE})
    for shape in shapes:
        if isinstance(shape, Text):
            _add_text(root, shape)
        else:
            _add_path(root, shape)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode")


def _add_text(root: Xml.Element, text: Text) -> None:
    attributes = {
        "x": _number(text.x),
        "y": _number(text.y),
        "font-size": _number(text.size),
        "fill": text.colour,
        "text-anchor": text.anchor,
    }
    if text.bold:
        attributes["font-weight"] = "bold"
    Xml.SubElement(root, "text", attributes).text = text.text


def _add_path(root: Xml.Element, path: Path) -> None:
    data = " ".join(
        " ".join(p if isinstance(p, str) else f"{_number(p[0])},{_number(p[1])}" for p in command)
        for command in path.commands
    )
    attributes = {"d": data, "fill": path.pen.fill or "none"}
    if path.pen.stroke is not None:
        attributes |= {
            "stroke": path.pen.stroke,
            "stroke-width": _number(path.pen.width),
            "stroke-linejoin": "round",
        }
        if path.pen.dashed:
            attributes["stroke-dasharray"] = "3 2"
    element = Xml.SubElement(root, "path", attributes)
    if path.pen.title:
        Xml.SubElement(element, "title").text = path.pen.title


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
