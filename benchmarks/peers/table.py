"""The tables of `compare.py`, and the check that all programs trained the same network."""

from __future__ import annotations

import math
import statistics
import sys
from typing import Any

PROGRAMS = ("Convscope", "PyTorch", "TensorFlow", "JAX")
PEERS = PROGRAMS[1:]
PARTS = ("start-up", "training", "evaluation", "whole")
Runs = list[dict[str, Any]]


def check_weights(network: str, runs: Runs) -> None:
    """Compare how many weights the programs have trained.

    Raises:
        SystemExit: They differ, so that the programs trained different networks.
    """
    weights = {each["program"]: each["weights"] for each in runs if each["network"] == network}
    if len(set(weights.values())) > 1:
        sys.exit(f"The programs trained different networks {network!r}: {weights} weights.")


def ratio(runs: Runs, clock: str, peer: str, parts: tuple[str, ...]) -> float:
    """How many times as long a peer takes as Convscope; the median of the repeats.

    Args:
        runs: Those of one network, with "repeat": what is compared ran in turn.
        clock: "seconds" or "processor_seconds".
        peer: The program.
        parts: What is added, of `PARTS`.
    """
    seconds = {
        (each["repeat"], each["program"]): sum(each[clock][part] for part in parts) for each in runs
    }
    repeats = {repeat for repeat, _ in seconds}
    return statistics.median(seconds[each, peer] / seconds[each, "Convscope"] for each in repeats)


def table(runs: Runs, clock: str = "seconds") -> str:
    """All figures in Markdown: the parts of each program's time, then the ratios.

    Args:
        runs: As `compare.py` collects them.
        clock: "seconds" or "processor_seconds".
    """
    by_network: dict[str, Runs] = {}
    for each in runs:
        by_network.setdefault(each["network"], []).append(each)
    lines = [
        "| network | program | computes in | images/s | "
        + " | ".join(f"{part}, s" for part in PARTS)
        + " | accuracy |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for network, some in by_network.items():
        for program in PROGRAMS:
            own = [each for each in some if each["program"] == program]
            seconds = {part: statistics.median(e[clock][part] for e in own) for part in PARTS}
            cells = [
                network,
                program,
                own[0]["way"],
                f"{own[0]['images']['train'] / seconds['training']:,.0f}",
                *(f"{seconds[part]:.1f}" for part in PARTS),
                f"{100 * statistics.median(each['accuracy'] for each in own):.1f} %",
            ]
            lines.append(f"| {' | '.join(cells)} |")
    for title, parts in (
        ("second epoch", ("training", "evaluation")),
        ("whole program", ("whole",)),
    ):
        lines += ["", f"| {title}: times as fast as | {' | '.join(PEERS)} |", "|---|---|---|---|"]
        rows = {
            network: [ratio(some, clock, peer, parts) for peer in PEERS]
            for network, some in by_network.items()
        }
        rows["geometric mean"] = [
            math.exp(statistics.fmean(map(math.log, column)))
            for column in zip(*rows.values(), strict=True)
        ]
        lines += [
            f"| {name} | {' | '.join(f'{each:.2f}' for each in row)} |"
            for name, row in rows.items()
        ]
    return "\n".join(lines)
