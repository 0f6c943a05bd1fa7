"""A comparison in plain text: what `print(comparison)` and `convscope compare` show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from convscope.look.numbers import duration, percent, size
from convscope.look.text import full_width, plain_table, plain_text, terminal_width

if TYPE_CHECKING:
    from convscope.comparison.compare import Comparison

DISPENSABLE = (
    "model",
    "parameters",
    "network",
    "images/s",
    "loss",
    "balanced",
    "epochs",
    "time",
    "data",
)
"""Figures that are left out, in this order, where the terminal is too narrow for all."""
MOST_SENTENCES = 6  # pairs said in full; of more, a line each


def comparison_text(comparison: Comparison, width: int | None = None) -> str:
    """Figures side by side, where the recipes differ, forecasts, and the tests in words.

    Args:
        comparison: What to describe.
        width: Columns of the terminal. None: as many as it has.
    """
    width = width or terminal_width()
    parts: list[Table | Text | str] = []
    subjects = _subjects(comparison)
    if len(set(subjects)) == 1:
        parts.append(subjects[0])
    table = _columns(comparison)
    if full_width(table) <= width:
        parts.append(table)
    else:
        parts.append(_rows(comparison, _left_out(comparison, width)))
        if comparison.differences:
            parts.append(Text(f"The recipes differ in {', '.join(comparison.differences)}."))
        parts.append("All figures and fields: --csv.")
    if any(each.is_group for each in comparison.contenders):
        parts.append(
            Text("Of seeds: the medians; the interval is the lowest and the highest accuracy.")
        )
    parts.append("")
    if any(each.forecast for each in comparison.contenders):
        parts += [_forecasts(comparison), ""]
    if len(comparison.pairs) <= MOST_SENTENCES:
        parts += [Text(f"{sentence}\n") for sentence in comparison.sentences]
    else:
        parts += [_pairs(comparison), "All of them in words: --json.\n"]
    parts += [Text(f"Note: {note}") for note in comparison.notes]
    return plain_text(*parts, width=width)


def _left_out(comparison: Comparison, width: int) -> tuple[str, ...]:
    """As few of the dispensable figures as make the rows fit."""
    for count in range(len(DISPENSABLE)):
        if full_width(_rows(comparison, DISPENSABLE[:count])) <= width:
            return DISPENSABLE[:count]
    return DISPENSABLE


def _subjects(comparison: Comparison) -> list[str]:
    """What each contender was evaluated on."""
    evaluated = [each.evaluated[0] for each in comparison.contenders]
    return [f"{each.images:,} {each.split} images of {each.data}" for each in evaluated]


def _figures(comparison: Comparison) -> dict[str, list[str]]:
    """What is shown of the contenders: a heading, and the text for each."""
    each = comparison.contenders
    figures = {
        "network": [one.recipe.network or "own module" for one in each],
        "data": [f"{Path(one.evaluated[0].data).name}, {one.evaluated[0].split}" for one in each],
        "seeds": [str(len(one.accuracies)) if one.is_group else "–" for one in each],
        "accuracy": [percent(one.accuracy, 2) for one in each],
        "95 % interval": [
            f"{percent(one.interval[0], 2)}–{percent(one.interval[1], 2)}" for one in each
        ],
        "balanced": [percent(one.balanced_accuracy, 2) for one in each],
        "loss": [f"{one.loss:.4f}" for one in each],
        "epochs": [f"{one.epochs:g}" for one in each],
        "time": [duration(one.seconds) for one in each],
        "images/s": [f"{one.images_per_second:,.0f}" for one in each],
        "parameters": ["–" if one.parameters is None else f"{one.parameters:,}" for one in each],
        "model": [size(one.model_bytes) for one in each],
    }
    if figures["network"] == [one.name for one in each]:
        del figures["network"]
    if len(set(_subjects(comparison))) == 1:
        del figures["data"]  # said above the table
    if not any(one.is_group for one in each):
        del figures["seeds"]
    return figures


def _columns(comparison: Comparison) -> Table:
    """A column for each contender: its figures, then the fields of the recipe that differ."""
    table = plain_table()
    table.add_column("", no_wrap=True)
    for each in comparison.contenders:
        table.add_column(Text(each.name), no_wrap=True)
    for heading, values in _figures(comparison).items():
        table.add_row(heading, *map(Text, values))
    if comparison.differences:
        table.add_row("")
        table.add_row("where the recipes differ")
    for field, row in comparison.differences.items():
        table.add_row(field, *(Text(_value(value)) for value in row))
    return table


def _rows(comparison: Comparison, left_out: Sequence[str]) -> Table:
    """A row for each contender, where columns would be too many."""
    figures = {
        heading: texts for heading, texts in _figures(comparison).items() if heading not in left_out
    }
    table = plain_table()
    table.add_column("", overflow="fold")
    for heading in figures:
        is_text = heading in ("network", "data")
        table.add_column(heading, no_wrap=True, justify="left" if is_text else "right")
    for number, each in enumerate(comparison.contenders):
        table.add_row(Text(each.name), *(Text(values[number]) for values in figures.values()))
    return table


def _value(value: object) -> str:
    return "–" if value is None else str(value)


def _forecasts(comparison: Comparison) -> Table:
    table = plain_table("Forecast against actual")
    for heading in ("", "", "forecast", "from", "to", "actual"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=bool(heading))
    for each in comparison.contenders:
        for row in each.forecast:
            numbers = (row.forecast, row.low, row.high, row.actual)
            shown = [Text(_amount(number, row.unit)) for number in numbers]
            table.add_row(Text(each.name), Text(row.what), *shown)
    return table


def _amount(value: float | None, unit: str) -> str:
    """A number of a forecast with its unit, as a person reads it."""
    if value is None:
        return "–"
    if unit == "s":
        return duration(value).replace("\u00a0", " ")
    return size(value).replace("\u00a0", " ") if unit == "bytes" else f"{value:,.4g} {unit}"


def _pairs(comparison: Comparison) -> Table:
    table = plain_table(
        "Differences, and how often chance gives one as large, corrected for their number"
    )
    for heading in ("better", "than", "points", "corrected p", ""):
        table.add_column(
            heading, justify="right" if heading in ("points", "corrected p") else "left"
        )
    for pair in comparison.pairs:
        names = Text(pair.first.name), Text(pair.second.name)
        if pair.outcome is None:
            table.add_row(*names, "–", "–", Text(f"can't be compared: {pair.reason}"))
            continue
        verdict = "shown" if pair.is_shown else "can't be shown"
        rarely = "< 0.0001" if pair.corrected < 1e-4 else f"{pair.corrected:.4f}"
        table.add_row(*names, f"{100 * pair.difference:.2f}", rarely, verdict)
    return table
