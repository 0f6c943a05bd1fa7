"""What `convscope train --seeds` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from convscope.cli.console import print_json
from convscope.look.numbers import duration, percent

if TYPE_CHECKING:
    from convscope.runs.seed_group import SeedGroup


def show_seeds(group: SeedGroup, *, json: bool) -> None:
    """Print the result of every seed and their spread; exit with 1 if one failed."""
    summary = group.summary()
    if json:
        print_json(summary)
    else:
        _print(summary)
    if summary["failed"]:
        raise typer.Exit(1)


def _print(summary: dict[str, Any]) -> None:
    print(f"seed  {'accuracy':>9}  {'loss':>7}  {'time':>9}")
    for row in summary["seeds"]:
        figures = ""
        if "accuracy" in row:
            figures = (
                f"{percent(row['accuracy'], 2):>9}  {row['loss']:7.4f}  "
                f"{duration(row['seconds']):>9}  "
            )
        failed = "failed" if row["problem"] is not None else ""
        print(f"{row['seed']:>4}  {figures}{failed}".rstrip())
    print()
    for row in summary["seeds"]:
        if row["problem"] is not None:
            print(f"Seed {row['seed']} failed. {row['problem']}")
    if summary["failed"]:
        print("A seed that failed isn't repeated; to try it again, remove its folder.\n")
    spread = summary["spread"]
    if spread is None:
        print("No seed has a result.")
        return
    seeds = sum("accuracy" in row for row in summary["seeds"])
    print(
        f"{summary['split']} accuracy over {seeds} {'seed' if seeds == 1 else 'seeds'}: median "
        f"{percent(spread['median'], 2)}, lowest {percent(spread['lowest'], 2)}, highest "
        f"{percent(spread['highest'], 2)}"
    )
    if spread["standard_deviation"] is not None:
        deviation = 100 * spread["standard_deviation"]
        print(f"mean {percent(spread['mean'], 2)}, standard deviation {deviation:.2f} points")
    print(f"Compare with another recipe: convscope compare {summary['run']} OTHER")
