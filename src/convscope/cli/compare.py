"""`convscope compare`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convscope.cli.complete import complete_run_or_seeds
from convscope.cli.console import check_out_file, print_json
from convscope.look.numbers import NOTHING, duration, number, percent, size

if TYPE_CHECKING:
    from rich.table import Table

    from convscope.comparison.compare import Comparison

EPILOG = """
Examples:

  convscope compare runs/lenet-digits-1 runs/resnet9-digits-1

  convscope compare runs/*/ --csv runs.csv --plot runs.png

  convscope compare runs/five-seeds-of-lenet runs/five-seeds-of-resnet9 --json
"""

DISPENSABLE = ("model", "parameters", "network", "images/s", "loss", "epochs", "time", "data")
MOST_SENTENCES = 6  # pairs said in full; of more, a line each


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN…",
            help="Folders of runs, and of seeds (train --seeds).",
            autocompletion=complete_run_or_seeds,
        ),
    ],
    csv: Annotated[Path | None, typer.Option(help="CSV file to write the table to.")] = None,
    plot: Annotated[Path | None, typer.Option(help="PNG file to draw the comparison to.")] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as one JSON object.")
    ] = False,
) -> None:
    """Put runs beside one another, and tell whether a difference is more than chance.

    Runs are compared on the test images they share (McNemar's test); groups
    of seeds by their means (permutation test).
    """
    for option, file, suffix in (("--csv", csv, ".csv"), ("--plot", plot, ".png")):
        if file is not None:
            check_out_file(option, file, suffix)
    from convscope.comparison.compare import compare as compare_runs

    comparison = compare_runs(runs)
    files = {what: file for what, file in (("csv", csv), ("plot", plot)) if file is not None}
    replaced = {file for file in files.values() if file.exists()}
    if csv is not None:
        from convscope.comparison.table import write_table

        write_table(comparison, csv)
    if plot is not None:
        from convscope.comparison.figure import comparison_figure

        comparison_figure(comparison, plot)
    if json:
        listed = {what: str(file) for what, file in files.items()}
        print_json({**comparison.as_dict(), "files": listed})
        return
    _show(comparison)
    for what, file in files.items():
        print(f"{what + ':':<6}{file}{' (replaced)' if file in replaced else ''}")


def _show(comparison: Comparison) -> None:
    from rich.console import Console
    from rich.measure import Measurement

    console = Console(highlight=False, markup=False)
    subjects = _subjects(comparison)
    if len(set(subjects)) == 1:
        console.print(subjects[0], style="bold")
    unbounded = console.options.update(max_width=10**6)

    def fits(table: Table) -> bool:
        return Measurement.get(console, unbounded, table).maximum <= console.width

    table = _columns(comparison)
    if fits(table):
        console.print(table)
    else:
        left_out = next(
            (n for n in range(len(DISPENSABLE)) if fits(_rows(comparison, DISPENSABLE[:n]))),
            len(DISPENSABLE),
        )
        console.print(_rows(comparison, DISPENSABLE[:left_out]))
        if comparison.differences:
            console.print(f"The recipes differ in {', '.join(comparison.differences)}.")
        console.print("All figures and fields: --csv.", style="dim")
    if any(each.is_group for each in comparison.contenders):
        console.print(
            "Of seeds: the medians; the interval is the lowest and the highest accuracy.",
            style="dim",
        )
    console.print()
    if any(each.forecast for each in comparison.contenders):
        console.print(_forecasts(comparison))
        console.print()
    if len(comparison.pairs) <= MOST_SENTENCES:
        for text in comparison.sentences:
            console.print(f"{text}\n")
    else:
        console.print(_pairs(comparison))
        console.print("All of them in words: --json.\n", style="dim")
    for note in comparison.notes:
        console.print(f"Note: {note}")


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
    from rich.text import Text

    table = _plain_table(None)
    table.add_column("", no_wrap=True)
    for each in comparison.contenders:
        table.add_column(Text(each.name), no_wrap=True)
    for heading, values in _figures(comparison).items():
        table.add_row(heading, *map(Text, values))
    if comparison.differences:
        table.add_row("")
        table.add_row(Text("where the recipes differ", style="bold"))
    for field, row in comparison.differences.items():
        table.add_row(field, *(Text(_value(value)) for value in row))
    return table


def _rows(comparison: Comparison, left_out: Sequence[str]) -> Table:
    """A row for each contender, where columns would be too many."""
    from rich.text import Text

    figures = {
        heading: texts for heading, texts in _figures(comparison).items() if heading not in left_out
    }
    table = _plain_table(None)
    table.add_column("", overflow="fold")
    for heading in figures:
        is_text = heading in ("network", "data")
        table.add_column(heading, no_wrap=True, justify="left" if is_text else "right")
    for place, each in enumerate(comparison.contenders):
        table.add_row(Text(each.name), *(Text(values[place]) for values in figures.values()))
    return table


def _value(value: object) -> str:
    return "–" if value is None else str(value)


def _forecasts(comparison: Comparison) -> Table:
    from rich.text import Text

    table = _plain_table("Forecast against actual")
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
        return NOTHING
    if unit == "s":
        return duration(value)
    return size(value) if unit == "bytes" else f"{number(value)} {unit}"


def _pairs(comparison: Comparison) -> Table:
    from rich.text import Text

    table = _plain_table(
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


def _plain_table(title: str | None) -> Table:
    from rich.table import Table
    from rich.text import Text

    return Table(
        box=None,
        pad_edge=False,
        title=None if title is None else Text(title),
        title_justify="left",
        title_style="bold",
    )
