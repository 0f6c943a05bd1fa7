"""`convscope doctor`: why a run isn't learning; or, without a run, how this machine is."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convscope.cli.complete import complete_data, complete_run
from convscope.cli.console import print_json
from convscope.errors import UsageError
from convscope.look.numbers import percent

if TYPE_CHECKING:
    from rich.console import Console

    from convscope.diagnosis.finding import Diagnosis
    from convscope.diagnosis.machine import Machine

EPILOG = """
Examples:

  convscope doctor

  convscope doctor --calibrate

  convscope doctor runs/lenet-digits-1

  convscope doctor runs/lenet-digits-1 --json
"""

COLORS = {"FAULT": "red", "WARNING": "yellow", "NOTE": "cyan"}
MARKS = {"ok": ("✓", "green"), "missing": ("–", "yellow"), "problem": ("✗", "red")}


def doctor(
    run: Annotated[
        Path | None,
        typer.Argument(
            metavar="[RUN]",
            help="Folder of a run: ended, failed, or under way. Without: this machine.",
            autocompletion=complete_run,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="Where the run's images are now, if they have moved.",
            autocompletion=complete_data,
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")] = "auto",
    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate", help="Get to know this machine, half a minute once, for forecasts."
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as one JSON object.")
    ] = False,
) -> None:
    """Find out why a run isn't learning; without a run, what this machine has.

    For a run: looks at images and labels, learning rate, units, gradients and
    answers, and says what is wrong, by which figures, and what to change. Adds
    figures/diagnosis.png to the run, and changes nothing else of it.
    """
    if calibrate:
        if run is not None or data is not None:
            raise UsageError("--calibrate is about this machine: convscope doctor --calibrate")
        _calibrate(quiet=quiet, json=json)
        return
    if run is None:
        if data is not None:
            raise UsageError("--data goes with a run: convscope doctor RUN --data DATA.")
        from convscope.diagnosis.machine import examine_machine

        _show_machine(examine_machine(), json=json)
        return
    from convscope.diagnosis.diagnose import diagnose

    diagnosis = diagnose(run, data=data, device=device, quiet=quiet)
    if json:
        print_json({"run": str(run), **diagnosis.as_dict()})
        return
    _show(diagnosis, run)


def _calibrate(*, quiet: bool, json: bool) -> None:
    """Calibrate, and print what was found."""
    from convscope.look.numbers import duration, size
    from convscope.look.progress import progress
    from convscope.planning.calibrate import STEPS, calibrate
    from convscope.runtime.contention import BUSY

    with progress("Calibrating", STEPS, quiet=quiet) as advance:
        found = calibrate(advance)
    if json:
        print_json(found.as_dict())
        return
    if found.costs is None and found.contention <= BUSY:
        print("This system doesn't tell what a process takes, so forecasts use stand-ins for it.")
    elif found.costs is not None:
        print(f"start-up       {duration(found.costs.start_seconds)}")
        print(
            f"evaluation     {duration(found.costs.final_evaluation_seconds)}, besides the logits"
        )
        print(f"process memory {size(found.costs.start_bytes + found.costs.late_bytes)}")
    print(
        f"operations     {found.operations:,} looked at; {percent(found.share_measured, 0)} of "
        "their time "
        "measured, the rest estimated from similar ones"
    )
    if found.contention > BUSY:
        print(
            f"Times aren't kept: other programs held this one up ({percent(found.contention, 0)} "
            "of the "
            "time it waited for a processor). Calibrate again when they have ended."
        )
        return
    print(f"Kept for forecasts (took {duration(found.seconds)}). Try: convscope plan lenet digits")


def _show(diagnosis: Diagnosis, run: Path) -> None:
    """Print a diagnosis for a person."""
    from rich.console import Console

    from convscope.runs.run import Run

    console = Console(highlight=False, markup=False)
    console.print(diagnosis.subject, soft_wrap=True)
    console.print()
    if not diagnosis.findings:
        console.print("Nothing wrong found.", style="bold green")
    for number, finding in enumerate(diagnosis.findings, start=1):
        severity = finding.severity.name
        console.print(f"{number}. {finding.what}", style=f"bold {COLORS[severity]}", end="")
        console.print(f"  ({severity.lower()})")
        _paragraph(console, "Seen", finding.evidence)
        change = f"{finding.change}  {finding.options}" if finding.options else finding.change
        _paragraph(console, "Try", change)
    if len(diagnosis.findings) > 1:
        console.print("\nBegin with the first: what follows is often only its consequence.")
    options = diagnosis.findings[0].options if diagnosis.findings else ""
    if options:
        recipe = Run(run).recipe
        console.print("\nThe run again, with this one change:")
        console.print(
            f"  convscope train {recipe.network} {shlex.quote(recipe.data)} --recipe "
            f"{shlex.quote(str(run / 'recipe.toml'))} {options}",
            soft_wrap=True,
        )
    console.print("\nChecked:", style="bold")
    for check in diagnosis.checks:
        mark, color = ("✗", "red") if check.findings else ("✓", "green")
        console.print(f"  {mark} ", style=color, end="")
        console.print(f"{check.name}: {check.figures}", soft_wrap=True)
    if diagnosis.figure is None:
        console.print("\nNo figure: the run's folder can't be written to.")
    else:
        console.print(f"\nfigure: {diagnosis.figure}", soft_wrap=True)


def _paragraph(console: Console, label: str, text: str) -> None:
    """A label and text beside it, wrapped beneath itself."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 1))
    table.add_column(min_width=8, justify="right", style="dim")
    table.add_column(max_width=92)
    table.add_row(label, Text(text))
    console.print(table)


def _show_machine(machine: Machine, *, json: bool) -> None:
    """Print what was found about the machine, for a program or a person."""
    if json:
        facts = [
            {"topic": f.topic, "value": f.value, "state": f.state, "advice": f.advice}
            for f in machine.facts
        ]
        print_json({"ready": machine.is_ready, **machine.numbers, "facts": facts})
        return
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    width = max(len(fact.topic) for fact in machine.facts)
    for fact in machine.facts:
        mark, color = MARKS[fact.state]
        console.print(f"{mark} ", style=color, end="")
        console.print(f"{fact.topic:<{width}}  {fact.value}", soft_wrap=True)
        if fact.advice:
            console.print(f"  {'':<{width}}  {fact.advice}", style="dim", soft_wrap=True)
    console.print()
    if machine.is_ready:
        console.print("Ready to train. Try: convscope train lenet digits", style="bold green")
    else:
        console.print("Not ready: see the lines marked ✗.", style="bold red")
