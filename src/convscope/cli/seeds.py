"""What `convscope train --seeds` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from convscope.cli.console import print_json

if TYPE_CHECKING:
    from convscope.runs.seed_group import SeedGroup


def show_seeds(group: SeedGroup, *, json: bool) -> None:
    """Print the result of every seed and their spread; exit with 1 if one failed."""
    summary = group.as_dict()
    if json:
        print_json(summary)
    else:
        print(group)
    if summary["failed"]:
        raise typer.Exit(1)
