"""`convscope compare`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convscope.cli.complete import complete_run_or_seeds
from convscope.cli.console import print_json
from convscope.errors import UsageError

if TYPE_CHECKING:
    from rich.table import Table

    from convscope.comparison.compare import Comparison
    from convscope.comparison.contender import Contender

EPILOG = """
Examples:

  convscope compare runs/lenet-digits-1 runs/resnet9-digits-1

  convscope compare runs/*/ --csv runs.csv --plot runs.png

  convscope compare runs/five-seeds-of-lenet runs/five-seeds-of-resnet9 --json
"""

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

    Runs are compared on the test pictures they share (McNemar's test); groups
    of seeds by their means (permutation test).
    """
    for option, file, suffix in (("--csv", csv, ".csv"), ("--plot", plot, ".png")):
        if file is not None:
            _check_file(option, file, suffix)
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
        print_json({**comparison.as_json(), "files": listed})
        return
    _show(comparison)
    for what, file in files.items():
        print(f"{what + ':':<6}{file}{' (replaced)' if file in replaced else ''}")


def _check_file(option: str, path: Path, suffix: str) -> None:
    if path.suffix.lower() != suffix:
        raise UsageError(f"{option} must be a file that ends with {suffix}; given {str(path)!r}.")
    if not path.parent.is_dir():
        raise UsageError(f"{option}: there is no folder {str(path.parent)!r}. Make it first.")


def _show(comparison: Comparison) -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    console.print(_table(comparison.contenders))
    if any(each.is_group for each in comparison.contenders):
        console.print("Of seeds: the medians, and the lowest and highest accuracy.", style="dim")
    console.print()
    if comparison.differences:
        console.print(_differences(comparison))
        console.print()
    if any(each.forecast for each in comparison.contenders):
        console.print(_forecasts(comparison))
        console.print()
    if len(comparison.pairs) <= MOST_SENTENCES:
        for text in comparison.sentences:
            console.print(text)
            console.print()
    else:
        console.print(_pairs(comparison))
        console.print("In words: --json.", style="dim")
        console.print()
    for note in comparison.notes:
        console.print(f"Note: {note}")


def _table(contenders: tuple[Contender, ...]) -> Table:
    from rich.text import Text

    subjects = {(each.judged[0].data, each.judged[0].split) for each in contenders}
    judged = contenders[0].judged[0]
    same = f"{judged.pictures:,} {judged.split} pictures of {judged.data}"
    table = _plain_table(same if len(subjects) == 1 else None)
    table.add_column("")
    shows_network = any(each.name != each.recipe.network for each in contenders)
    if shows_network:
        table.add_column("network")
    if len(subjects) > 1:
        table.add_column("judged on")
    for heading in (
        "accuracy", "95 % interval", "loss", "epochs", "time", "pictures\nper second",
        "parameters", "model",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    for each in contenders:
        seeds = f" ({len(each.accuracies)} seeds)" if each.is_group else ""
        low, high = each.interval
        table.add_row(
            Text(f"{each.name}{seeds}"),
            *([Text(each.recipe.network or "own module")] if shows_network else []),
            *(
                [Text(f"{each.judged[0].data}, {each.judged[0].split}")]
                if len(subjects) > 1
                else []
            ),
            f"{each.accuracy:.2%}",
            f"{low:.2%} to {high:.2%}",
            f"{each.loss:.4f}",
            f"{each.epochs:g}",
            f"{each.seconds:,.0f} s",
            f"{each.pictures_per_second:,.0f}",
            "–" if each.parameters is None else f"{each.parameters:,}",
            f"{each.model_bytes / 1e6:,.1f} MB",
        )
    return table


def _differences(comparison: Comparison) -> Table:
    from rich.text import Text

    table = _plain_table("Where the recipes differ")
    for heading in ("", *(each.name for each in comparison.contenders)):
        table.add_column(Text(heading))
    for field, values in comparison.differences.items():
        table.add_row(field, *(Text("–" if value is None else str(value)) for value in values))
    return table


def _forecasts(comparison: Comparison) -> Table:
    from rich.text import Text

    table = _plain_table("Forecast against actual")
    for heading in ("", "", "forecast", "from", "to", "actual", "unit"):
        table.add_column(heading, justify="left" if heading in ("", "unit") else "right")
    for each in comparison.contenders:
        for row in each.forecast:
            numbers = (row.forecast, row.low, row.high, row.actual)
            shown = ["–" if number is None else f"{number:,.4g}" for number in numbers]
            table.add_row(Text(each.name), Text(row.what), *shown, Text(row.unit))
    return table


def _pairs(comparison: Comparison) -> Table:
    from rich.text import Text

    table = _plain_table("Differences, and how often chance alone gives one as large")
    for heading in ("better", "than", "points", "chance", ""):
        table.add_column(heading, justify="right" if heading in ("points", "chance") else "left")
    for pair in comparison.pairs:
        names = Text(pair.first.name), Text(pair.second.name)
        if pair.outcome is None:
            table.add_row(*names, "–", "–", Text(f"can't be compared: {pair.reason}"))
            continue
        verdict = "shown" if pair.is_shown else "can't be shown"
        table.add_row(*names, f"{100 * pair.difference:.2f}", f"{pair.corrected:.4f}", verdict)
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
