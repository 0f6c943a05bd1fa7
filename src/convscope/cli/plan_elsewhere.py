"""`convscope plan --on MACHINE`: a rough forecast for a machine that one doesn't have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

from convscope.cli.console import print_json
from convscope.look.numbers import duration, percent, size
from convscope.planning.history import Range
from convscope.planning.machines import (
    ElsewhereForecast,
    Machine,
    find_machine,
    forecast_elsewhere,
    machines,
)
from convscope.planning.plan import forecasters


def plan_elsewhere(
    network: str,
    data: str,
    recipe: str | None,
    name: str,
    changes: dict[str, Any],
    *,
    json: bool,
) -> None:
    """Print the forecast for the machine of this name."""
    machine = find_machine(name)
    if changes.get("precision", "auto") == "auto":
        changes = {**changes, "precision": "bfloat16" if machine.bfloat16 else "float32"}
    forecaster = forecasters(network, data, recipe=recipe, **changes)[0]
    found = forecast_elsewhere(forecaster, machine, forecaster.workload.recipe.batch_size)
    if json:
        print_json(found.as_dict())
    else:
        _show(found, data)


def show_machines(*, json: bool) -> None:
    """Print the machines that are known."""
    if json:
        print_json({"machines": {name: each.model_dump() for name, each in machines().items()}})
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("name")
    table.add_column("machine")
    for heading in ("float32", "TF32", "bfloat16", "bandwidth", "memory"):
        table.add_column(heading, justify="right")
    for name, each in machines().items():
        rates = [f"{rate / 1e12:,.3g}" if rate else "" for rate in _rates(each)]
        memory = size(each.memory) if each.memory else ""
        table.add_row(name, each.name, *rates, f"{each.bandwidth / 1e9:,.0f} GB/s", memory)
    console = Console(highlight=False, markup=False)
    console.print(table)
    console.print("\nRates in TFLOP/s. Sources: convscope plan --on list --json")


def _rates(machine: Machine) -> tuple[float | None, ...]:
    return machine.float32, machine.tf32, machine.bfloat16


def _show(found: ElsewhereForecast, data: str) -> None:
    """Print a forecast for a person."""
    console = Console(highlight=False, markup=False)
    console.print(
        f"{found.network} on {data}, {found.size}×{found.size} pixels, batch {found.batch_size}, "
        f"{found.precision}, on {found.machine.name}",
        soft_wrap=True,
    )
    console.print("Rough: from the maker's figures, nothing was measured there.\n", style="yellow")
    table = Table(box=None, pad_edge=False)
    for heading in ("", "forecast", "from", "to"):
        table.add_column(heading, justify="right" if heading else "left")
    figures = {"step": found.step, "epoch": found.epoch}
    if found.run is not None:
        figures["all epochs"] = found.run
    for what, figure in figures.items():
        table.add_row(what, *_row(figure, duration))
    table.add_row("memory", *_row(found.memory, size))
    console.print(table)
    console.print(f"\n{found.images_per_second:,.0f} images/s in training. {_room(found)}")
    shares = sorted(found.limits.items(), key=lambda each: -each[1])
    limits = ", ".join(f"{limit} {percent(share, 0)}" for limit, share in shares)
    console.print(f"What limits the step: {limits}.", soft_wrap=True)
    for note in found.notes:
        console.print(note, style="dim", soft_wrap=True)
    console.print(
        "Without start-up and evaluation. Rates by: " + found.machine.source + ".",
        style="dim",
        soft_wrap=True,
    )


def _row(figure: Range, words: Callable[[float], str]) -> tuple[str, str, str]:
    return words(figure.value), words(figure.low), words(figure.high)


def _room(found: ElsewhereForecast) -> str:
    if found.machine.memory is None:
        return "Its memory isn't known here."
    room = size(found.machine.memory)
    if found.fits is None:
        return f"It may or may not fit into {room}."
    return f"It fits into {room}." if found.fits else f"It doesn't fit into {room}."
