"""What the network costs, and what had been expected."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from convscope.evaluation.cost import ModelCost
from convscope.evaluation.page.tables import TableCell, facts, table
from convscope.evaluation.page.words import duration, number, quantity, size
from convscope.look.html import escape
from convscope.runs.forecast import ForecastRow

FORMS: dict[str, Callable[[float], str]] = {"s": duration, "bytes": size}


def cost(found: ModelCost) -> str:
    """Parameters, operations, speed and room."""
    rows = [
        ("Parameters", f"{found.parameters:,}"),
        ("MACs per image", quantity(found.macs)),
        ("Model file", size(found.model_bytes)),
        ("Images per second, evaluating", number(found.images_per_second, 3)),
        ("One image by itself", duration(found.single_seconds)),
    ]
    if found.training_seconds is not None and found.training_images_per_second is not None:
        rows += [
            ("Training", duration(found.training_seconds)),
            ("Images per second, training", number(found.training_images_per_second, 3)),
        ]
    return (
        "<p>A MAC is one product added to a sum; counted are those of convolutions, dense "
        f"layers and matrix products. Evaluating was timed in float32 on {escape(found.device)}; "
        "other work on the machine slows it.</p>\n" + facts(rows)
    )


def forecast(rows: Sequence[ForecastRow]) -> str:
    """What was expected before the run, beside what it came to; nothing without a forecast."""
    if not rows:
        return ""
    headings = ["quantity", "forecast", "between", "actual", "actual ÷ forecast", "within"]
    return (
        "<p>The forecast was made before the first step; the run should come to lie between its "
        "two ends.</p>\n"
        + table(headings, map(_forecast_row, rows), caption="What was forecast, and what it became")
    )


def _counted_in(unit: str) -> Callable[[float], str]:
    return lambda value: f"{number(value)} {unit}"


def _forecast_row(row: ForecastRow) -> list[str | TableCell]:
    form = FORMS.get(row.unit) or _counted_in(row.unit)
    ends = "–"
    if row.low is not None and row.high is not None:
        ends = f"{form(row.low)} to {form(row.high)}"
    if row.actual is None:
        return [
            row.what,
            TableCell(form(row.forecast)),
            TableCell(ends),
            TableCell("–"),
            TableCell("–"),
            "–",
        ]
    ratio = f"{row.actual / row.forecast:.2f}" if row.forecast else "–"
    below = row.low is not None and row.actual < row.low
    above = row.high is not None and row.actual > row.high
    verdict = "below" if below else "above" if above else "–" if ends == "–" else "yes"
    return [
        row.what,
        TableCell(form(row.forecast)),
        TableCell(ends),
        TableCell(form(row.actual)),
        TableCell(ratio),
        verdict,
    ]
