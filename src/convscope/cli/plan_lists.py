"""What `convscope plan` lists: machines, and the forecasts of before."""

from __future__ import annotations

from convscope.cli.console import print_json, show


def print_machines(*, json: bool) -> None:
    """Print the machines that forecasts can be made for."""
    from convscope.planning.machines import MachineList, machines

    known = MachineList(machines())
    if json:
        print_json({"machines": known.as_dict()})
    else:
        show(known)


def print_history(*, json: bool) -> None:
    """Print how near forecasts came."""
    from convscope.planning.track_record import track_record

    record = track_record()
    if json:
        print_json(record.as_dict())
    else:
        show(record)
