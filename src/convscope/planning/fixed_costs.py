"""What every run costs besides its steps: starting, evaluating, the process itself.

Every run measures these and leaves them in the cache folder; `convscope doctor --calibrate` makes
a small run for it. Before the first, figures of one machine stand in for them.
"""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

import pydantic
import torch

from convscope.folders import cache_folder, keep_line
from convscope.runtime.device import processor

RECENT = 5  # runs whose median counts


@dataclass(frozen=True)
class FixedCosts:
    """What a run costs besides its steps.

    Attributes:
        start_seconds: From the beginning of the command to the first step, choosing and forecasting
            included.
        final_evaluation_seconds: Report and figures, without the network's predictions.
        start_bytes: The process before the network is placed, without the images.
        late_bytes: What libraries take that are first used in training.
        final_evaluation_bytes: What the final evaluation and the report take, when the
            memory of training is given back.
    """

    start_seconds: float = 2.5
    final_evaluation_seconds: float = 4.0
    start_bytes: int = 440 * 2**20
    late_bytes: int = 40 * 2**20
    final_evaluation_bytes: int = 48 * 2**20


_COSTS = pydantic.TypeAdapter(FixedCosts)


def remember_fixed_costs(costs: FixedCosts) -> None:
    """Add what a run has measured."""
    keep_line(_file(), json.dumps({"machine": _machine(), **asdict(costs)}))


def fixed_costs() -> tuple[FixedCosts, bool]:
    """The median of the last runs on this machine, and whether there were any."""
    try:
        lines = _file().read_text(encoding="utf-8").splitlines()
    except OSError:
        return FixedCosts(), False
    known = []
    for line in lines[-10 * RECENT :]:
        try:
            fields = json.loads(line)
            if fields.pop("machine") == _machine():
                known.append(_COSTS.validate_python(fields))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue
    if not known:
        return FixedCosts(), False
    last = known[-RECENT:]
    median = statistics.median
    return FixedCosts(
        median(each.start_seconds for each in last),
        median(each.final_evaluation_seconds for each in last),
        int(median(each.start_bytes for each in last)),
        int(median(each.late_bytes for each in last)),
        int(median(each.final_evaluation_bytes for each in last)),
    ), True


def _machine() -> str:
    """What the figures depend on; threads matter little to what isn't computing."""
    return f"{processor()}, torch {torch.__version__}"


def _file() -> Path:
    return cache_folder() / "fixed_costs.jsonl"
