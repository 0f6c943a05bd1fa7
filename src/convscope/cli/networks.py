"""`convscope networks`: what there is to choose from."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Annotated, Any

import typer

from convscope.cli.console import print_json

if TYPE_CHECKING:
    from rich.console import RenderableType


def networks(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List the networks: image size, parameters, and the variant for small images."""
    facts = _facts()
    if json:
        print_json({"networks": facts})
        return
    from convscope.look.terminal import Console

    console = Console(highlight=False)
    console.print(_table([], show_header=True))
    for family, members in itertools.groupby(facts, key=lambda fact: fact["family"]):
        rows = list(members)
        console.print(f"[bold]{family}[/bold]")
        for paper in dict.fromkeys(p for row in rows for p in row["paper"].split("; ")):
            console.print(f"  [dim]{paper}[/dim]", soft_wrap=True)
        console.print(_table(rows))
        console.print()
    console.print(
        "Image: channels × height × width the network is usually given. Parameters: for these "
        "channels and 10 classes. Every network takes other channels and classes."
    )


def _facts() -> list[dict[str, Any]]:
    """One row for each network, with its parameters counted; no weight takes memory."""
    import torch

    from convscope.networks import catalog

    facts = []
    for name in catalog.list_networks():
        entry = catalog.entry(name)
        with torch.device("meta"):
            network = catalog.build(name, in_channels=entry.image[0])
        facts.append(
            {
                "name": name,
                "family": entry.family,
                "paper": entry.paper,
                "image": list(entry.image),
                "parameters": sum(parameter.numel() for parameter in network.parameters()),
                "native": entry.native,
                "arguments": list(entry.arguments),
            }
        )
    return facts


def _table(rows: list[dict[str, Any]], *, show_header: bool = False) -> RenderableType:
    from rich.table import Table

    table = Table(
        box=None, pad_edge=False, padding=(0, 2), header_style="dim", show_header=show_header
    )
    table.add_column("  network", width=23)
    table.add_column("image", justify="right", width=9)
    table.add_column("parameters", justify="right", width=11)
    table.add_column("for 28 to 32 pixels", width=19)
    for row in rows:
        image = "×".join(str(n) for n in row["image"])
        table.add_row(f"  {row['name']}", image, f"{row['parameters']:,}", row["native"] or "")
    return table
