"""Line charts as SVG inside the page: crisp at any size, in the page's own colours.

Lines differ in colour, dashes and markers, so they can be told apart without colours. Every chart
has a text alternative, and its numbers stand in a table below that opens with a click.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from convscope.evaluation.page.scales import Axis
from convscope.evaluation.page.tables import TableCell, table
from convscope.look.html import escape

WIDTH, HEIGHT = 420.0, 278.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 22.0, 20.0, 46.0
MOST_WITH_MARKERS = 40  # points; more markers would run into a thick line
MOST_TOLD = 200  # points that tell their numbers to the mouse
MOST_ROWS = 120  # of the table of numbers; of more points, evenly spread ones are listed

Point = tuple[float, float]


@dataclass(frozen=True)
class Series:
    """One line of a chart.

    Attributes:
        name: For the legend and the table.
        points: (x, y), in the order they are joined.
        look: 1 blue, solid, circles; 2 orange, dashed, squares; 3 grey, dotted, no markers.
        band: (low, high) for each point, drawn as an area behind the line.
        bar: Where each point is drawn as a bar: its left and right end, from x on.
    """

    name: str
    points: Sequence[Point]
    look: int = 1
    band: Sequence[tuple[float, float]] = ()
    bar: tuple[float, float] | None = None


def line_chart(
    title: str,
    about: str,
    lines: Sequence[Series],
    x: Axis,
    y: Axis,
    *,
    mark: tuple[float, str] | None = None,
    numbers: Callable[[float], str] | None = None,
) -> str:
    """A figure with lines, a legend if there are several, and its numbers.

    Args:
        title: What it shows, in a few words.
        about: What is to be seen, in a sentence; the text alternative too.
        lines: At least one.
        x: The horizontal axis.
        y: The vertical axis.
        mark: An x that is marked by an upright line, and what it is.
        numbers: Makes the text of a y in the table; unset: as beside the axis.
    """
    parts = [_grid(x, y)]
    if mark is not None:
        parts.append(_mark(mark, x))
    parts += [_band(line, x, y) for line in lines if line.band]
    told = numbers or y.label
    parts += [(_bars if line.bar else _line)(line, x, y, told) for line in lines]
    drawing = (
        f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" '
        f'aria-label="{escape(f"{title}. {about}")}">\n' + "\n".join(parts) + "\n</svg>"
    )
    return (
        f"<figure>\n<figcaption><strong>{escape(title)}</strong> {escape(about)}</figcaption>\n"
        f"{drawing}\n{_legend(lines)}{_numbers(title, lines, x, told)}</figure>"
    )


def _grid(x: Axis, y: Axis) -> str:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = []
    for tick in y.ticks:
        at = _y(y, tick)
        parts.append(f'<path class="grid" d="M{LEFT:g} {at:.1f}H{right:g}"/>')
        parts.append(
            f'<text x="{LEFT - 7:g}" y="{at + 4:.1f}" text-anchor="end">'
            f"{escape(y.label(tick))}</text>"
        )
    for tick in x.ticks:
        at = _x(x, tick)
        parts.append(f'<path class="axis" d="M{at:.1f} {bottom:g}v4"/>')
        parts.append(
            f'<text x="{at:.1f}" y="{bottom + 17:g}" text-anchor="middle">'
            f"{escape(x.label(tick))}</text>"
        )
    parts.append(f'<path class="axis" d="M{LEFT:g} {bottom:g}H{right:g}"/>')
    middle = (LEFT + right) / 2
    parts.append(
        f'<text x="{middle:g}" y="{HEIGHT - 7:g}" text-anchor="middle">{escape(x.title)}</text>'
    )
    return "\n".join(parts)


def _mark(mark: tuple[float, str], x: Axis) -> str:
    place, name = mark
    at = _x(x, place)
    anchor = "end" if x.place(place) > 0.9 else "start" if x.place(place) < 0.1 else "middle"
    return (
        f'<path class="mark" d="M{at:.1f} {TOP - 4:g}V{HEIGHT - BOTTOM:g}"/>'
        f'<text x="{at:.1f}" y="{TOP - 7:g}" text-anchor="{anchor}">'
        f"{escape(name)}</text>"
    )


def _band(line: Series, x: Axis, y: Axis) -> str:
    across = [_x(x, place) for place, _ in line.points]
    upper = [f"{at:.1f} {_y(y, high):.1f}" for at, (_, high) in zip(across, line.band, strict=True)]
    lower = [f"{at:.1f} {_y(y, low):.1f}" for at, (low, _) in zip(across, line.band, strict=True)]
    return f'<path class="band look{line.look}" d="M{"L".join([*upper, *reversed(lower)])}Z"/>'


def _line(line: Series, x: Axis, y: Axis, label: Callable[[float], str]) -> str:
    places = [(_x(x, a), _y(y, b)) for a, b in line.points]
    parts = []
    if len(places) > 1:
        path = "L".join(f"{a:.1f} {b:.1f}" for a, b in places)
        parts.append(f'<path class="line look{line.look}" d="M{path}"/>')
    if len(places) > MOST_TOLD:
        return "".join(parts)
    for (across, down), (a, b) in zip(places, line.points, strict=True):
        # Without markers, unseen circles still tell the mouse what lies under it.
        seen = line.look < 3 and len(places) <= MOST_WITH_MARKERS
        said = f"<title>{escape(f'{line.name}, {x.label(a)}: {label(b)}')}</title>"
        parts.append(_marker(across, down, line.look if seen else 0, said))
    return "".join(parts)


def _bars(line: Series, x: Axis, y: Axis, label: Callable[[float], str]) -> str:
    left, right = line.bar or (0.0, 0.0)
    parts = []
    for place, value in line.points:
        begin, end, top = _x(x, place + left), _x(x, place + right), _y(y, value)
        said = f"<title>{escape(f'{line.name}, {x.label(place)}: {label(value)}')}</title>"
        parts.append(
            f'<rect class="dot look{line.look}" x="{begin:.1f}" y="{top:.1f}" '
            f'width="{end - begin:.1f}" height="{HEIGHT - BOTTOM - top:.1f}">{said}</rect>'
        )
    return "".join(parts)


def _marker(across: float, down: float, look: int, inside: str = "") -> str:
    if look == 2:
        return (
            f'<rect class="dot look2" x="{across - 3.2:.1f}" y="{down - 3.2:.1f}" '
            f'width="6.4" height="6.4">{inside}</rect>'
        )
    style = f"dot look{look}" if look else "unmarked"
    return f'<circle class="{style}" cx="{across:.1f}" cy="{down:.1f}" r="3.6">{inside}</circle>'


def _legend(lines: Sequence[Series]) -> str:
    if len(lines) == 1:
        return ""
    items = "".join(
        '<li><svg viewBox="0 0 30 12" aria-hidden="true">'
        + ("" if line.bar else f'<path class="line look{line.look}" d="M1 6H29"/>')
        + ("" if line.look == 3 else _marker(15, 6, line.look))
        + f"</svg>{escape(line.name)}</li>"
        for line in lines
    )
    return f'<ul class="legend">{items}</ul>\n'


def _numbers(title: str, lines: Sequence[Series], x: Axis, label: Callable[[float], str]) -> str:
    found = [dict(line.points) for line in lines]
    places = sorted({place for points in found for place in points})
    if len(places) > MOST_ROWS:
        stride = (len(places) - 1) / (MOST_ROWS - 1)
        places = [places[round(k * stride)] for k in range(MOST_ROWS)]
    rows: list[list[str | TableCell]] = [
        [
            x.label(place),
            *(TableCell(label(points[place]) if place in points else "") for points in found),
        ]
        for place in places
    ]
    content = table([x.title, *(line.name for line in lines)], rows, caption=f"{title}: numbers")
    return f"<details><summary>Numbers</summary>{content}</details>\n"


def _x(axis: Axis, value: float) -> float:
    return LEFT + axis.place(value) * (WIDTH - LEFT - RIGHT)


def _y(axis: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - axis.place(value) * (HEIGHT - TOP - BOTTOM)
