"""How accuracy falls as images get worse."""

from __future__ import annotations

from convscope.evaluation.page.charts import Series, line_chart
from convscope.evaluation.page.scales import at, shares
from convscope.evaluation.page.words import percent
from convscope.evaluation.robustness import Curve, Robustness

ABOUT = {
    "shift": "Moved left, right, up or down; the border fills the gap.",
    "rotation": "Turned left or right about the middle.",
    "brightness": "The same added to every pixel, cut off at black and white.",
    "noise": "Normal noise added to every pixel.",
    "blur": "Averaged with a Gaussian.",
    "JPEG": "Saved as JPEG and read again; less quality to the right.",
}


def robustness(found: Robustness) -> str:
    """A chart for each disturbance, and which of them hurts most."""
    charts = "\n".join(_chart(curve) for curve in found.curves)
    worst, level = min(
        ((curve, level) for curve in found.curves for level in curve.levels),
        key=lambda pair: pair[1].accuracy,
    )
    said = (
        f"The worst of all: {worst.name}, {_severity(level.severity)} {worst.unit}, with "
        f"{percent(level.accuracy)} right."
        if level.accuracy < found.accuracy
        else "None of them costs accuracy."
    )
    return (
        f"<p>{found.images:,} of the images evaluated, evenly spread, were made worse step by "
        f"step, as stored (shorter side {found.side} pixels). As they are, the network is right "
        f"on {percent(found.accuracy)} of them. {said} Shaded: 95\u00a0% intervals.</p>\n"
        f'<div class="charts">\n{charts}\n</div>'
    )


def _chart(curve: Curve) -> str:
    levels = curve.levels
    places = [level.severity for level in levels]
    backwards = curve.unchanged == places[-1]
    points = [(level.severity, level.accuracy) for level in levels]
    return line_chart(
        curve.name[0].upper() + curve.name[1:],
        ABOUT[curve.name],
        [Series("accuracy", points, band=[level.interval for level in levels])],
        at(curve.unit, places, _severity, backwards=backwards),
        shares("accuracy", [0.0, 1.0]),
        mark=(curve.unchanged, "as it is")
        if curve.unchanged not in (places[0], places[-1])
        else None,
        numbers=percent,
    )


def _severity(value: float) -> str:
    return f"{value:g}".replace("-", "\u2212")
