"""`convscope doctor`: why a run isn't learning; or, without a run, how this machine is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convscope.cli.complete import complete_data, complete_run
from convscope.cli.console import print_json, show
from convscope.cli.network import NetworkOption, open_module
from convscope.errors import UsageError

if TYPE_CHECKING:
    from convscope.diagnosis.diagnosis import Diagnosis
    from convscope.diagnosis.machine import MachineReport

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
    network: NetworkOption = None,
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
    predictions, and says what is wrong, by which figures, and what to change. Adds
    figures/diagnosis.png to the run, and changes nothing else of it.
    """
    if calibrate:
        if any(each is not None for each in (run, data, network)):
            raise UsageError("--calibrate is about this machine: convscope doctor --calibrate")
        _measure_machine(quiet=quiet, json=json)
        return
    if run is None:
        if data is not None:
            raise UsageError("--data goes with a run: convscope doctor RUN --data DATA.")
        if network is not None:
            raise UsageError(
                "--network goes with a run: convscope doctor RUN --network FILE.py:NAME."
            )
        from convscope.diagnosis.machine import examine_machine

        _show_machine(examine_machine(), json=json)
        return
    from convscope.diagnosis.diagnose import diagnose

    module = open_module(network, run)
    diagnosis = diagnose(run, module=module, data=data, device=device, quiet=quiet)
    if json:
        print_json({"run": str(run), **diagnosis.as_dict()})
        return
    _show(diagnosis, network)


def _measure_machine(*, quiet: bool, json: bool) -> None:
    """Calibrate, and print what was found."""
    from convscope.look.progress import progress
    from convscope.planning.measure_machine import STEPS, measure_machine

    with progress("Calibrating", STEPS, quiet=quiet) as advance:
        found = measure_machine(advance)
    if json:
        print_json(found.as_dict())
        return
    show(found)


def _show(diagnosis: Diagnosis, network: str | None) -> None:
    """Print a diagnosis for a person, in colours where the terminal has them.

    Args:
        diagnosis: What was found.
        network: "FILE.py:NAME" of a network of one's own, for the command that it advises.
    """
    from rich.text import Text

    from convscope.diagnosis.diagnosis import OWN_NETWORK
    from convscope.look.terminal import Console

    text = Text(str(diagnosis).replace(OWN_NETWORK, network or OWN_NETWORK))
    for severity, color in COLORS.items():
        text.highlight_regex(rf"(?m)^\d+\. .*(?=  \({severity.lower()}\)$)", f"bold {color}")
    text.highlight_regex(r"(?m)^Nothing wrong found\.$|^  ✓", "green")
    text.highlight_regex(r"(?m)^  ✗", "red")
    Console(highlight=False).print(text, soft_wrap=True)


def _show_machine(machine: MachineReport, *, json: bool) -> None:
    """Print what was found about the machine, for a program or a person."""
    if json:
        facts = [
            {"topic": f.topic, "value": f.value, "state": f.state, "advice": f.advice}
            for f in machine.facts
        ]
        print_json({"ready": machine.is_ready, **machine.numbers, "facts": facts})
        return
    from convscope.look.terminal import Console

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
