"""`convscope compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from convscope.cli.complete import complete_run_or_seeds
from convscope.cli.console import check_out_file, print_json

EPILOG = """
Examples:

  convscope compare runs/lenet-digits-1 runs/resnet9-digits-1

  convscope compare runs/*/ --csv runs.csv --plot runs.png

  convscope compare runs/five-seeds-of-lenet runs/five-seeds-of-resnet9 --json
"""


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN…",
            help="Folders of runs, of seeds (train --seeds) and of folds (train --folds).",
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
    of seeds by their means (permutation test); folds of the same parts as
    runs that were tested on all of the images.
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
        comparison.figure(plot)
    if json:
        listed = {what: str(file) for what, file in files.items()}
        print_json({**comparison.as_dict(), "files": listed})
        return
    print(comparison)
    for what, file in files.items():
        print(f"{what + ':':<6}{file}{' (replaced)' if file in replaced else ''}")
