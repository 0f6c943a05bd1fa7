"""What was forecast on this machine and what came: the source of every range and its honesty."""

from __future__ import annotations

import json
import math
import statistics
from dataclasses import asdict, dataclass
from typing import Annotated, Literal, TypeAlias

import pydantic

from convscope.folders import cache_folder, keep_line
from convscope.runtime.device import processor

What: TypeAlias = Literal["step", "run", "memory"]

# Before a machine has a history of its own: the spread of the logarithm of actual over forecast,
# as measured in docs/benchmarks.md.
USUAL_SPREAD: dict[What, float] = {"step": 0.08, "run": 0.15, "memory": 0.04}
PRIOR = 10  # outcomes that the usual spread counts as
RECENT = 100  # outcomes that are looked at
COVERAGE = 0.9  # share of outcomes that a range is meant to hold


@dataclass(frozen=True)
class ForecastOutcome:
    """A forecast, and what came.

    Attributes:
        what: "step" (seconds), "run" (seconds) or "memory" (bytes).
        forecast: Before any correction by history.
        actual: As measured.
        network: Name of the network.
        batch_size: Images per step.
        precision: "float32" or "bfloat16", in which the network computed.
        machine: Name of the processor.
    """

    what: What
    forecast: Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)]
    actual: Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)]
    network: str
    batch_size: int
    precision: str
    machine: str = ""


@dataclass(frozen=True)
class Range:
    """A figure with the range that is meant to hold it nine times in ten."""

    value: float
    low: float
    high: float


_OUTCOME = pydantic.TypeAdapter(ForecastOutcome)


def remember(outcome: ForecastOutcome) -> None:
    """Add an outcome to this machine's history."""
    line = json.dumps({**asdict(outcome), "machine": processor()})
    keep_line(cache_folder() / "forecasts.jsonl", line)


def outcomes(what: What | None = None) -> list[ForecastOutcome]:
    """The history of this machine, the oldest first; lines that aren't ours are passed over.

    Args:
        what: Only outcomes of this kind.
    """
    try:
        lines = (cache_folder() / "forecasts.jsonl").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    found = []
    for line in lines:
        try:
            found.append(_OUTCOME.validate_json(line))
        except pydantic.ValidationError:
            continue
    here = processor()
    return [each for each in found if each.machine == here and what in (None, each.what)]


def with_range(value: float, what: What, past: list[ForecastOutcome], doubt: float = 0.0) -> Range:
    """A forecast, corrected by how earlier ones went, with its range.

    The range lies between two quantiles of actual over forecast, in the history and in as many
    outcomes as the usual spread counts for (split conformal prediction: Vovk et al. 2005,
    "Algorithmic learning in a random world"; Lei et al. 2018, section 2).

    Args:
        value: The forecast, uncorrected.
        what: Its kind.
        past: Outcomes of this kind.
        doubt: Share of the forecast that rests on estimates or unknown operations; widens it.
    """
    normal = statistics.NormalDist(0.0, USUAL_SPREAD[what])
    ratios = [normal.inv_cdf((index + 0.5) / PRIOR) for index in range(PRIOR)]
    ratios += [math.log(each.actual / each.forecast) for each in past[-RECENT:]]
    ratios.sort()
    middle = statistics.median(ratios)
    tail = (1 - COVERAGE) / 2
    # Of n + 1 outcomes, the next one is as likely to fall below the first as between any two.
    rank = max(0, math.floor(tail * (len(ratios) + 1)) - 1)
    low, high = ratios[rank], ratios[-1 - rank]
    wider = 1 + 2 * doubt
    return Range(
        value * math.exp(middle),
        value * math.exp(middle + wider * (low - middle)),
        value * math.exp(middle + wider * (high - middle)),
    )
