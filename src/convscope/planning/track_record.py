"""How good the forecasts on this machine have been."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, get_args

from convscope.look.numbers import duration, percent, size
from convscope.look.printed import Paragraph, Part, Printed, TextTable
from convscope.planning.history import COVERAGE, RECENT, ForecastOutcome, What, outcomes, with_range

CLOSE = {"step": 0.10, "run": 0.10, "memory": 0.05}  # off by at most this much counts as close
LAST = 10  # outcomes that are shown


@dataclass(frozen=True)
class CheckedForecast:
    """A forecast as it would have been made after all the others, and what came.

    Attributes:
        outcome: What came.
        forecast: Corrected by the other outcomes.
        low: Lower end of the range they give.
        high: Its upper end.
    """

    outcome: ForecastOutcome
    forecast: float
    low: float
    high: float

    @property
    def ratio(self) -> float:
        """Actual over forecast."""
        return self.outcome.actual / self.forecast

    @property
    def is_inside(self) -> bool:
        """Whether the range held."""
        return self.low <= self.outcome.actual <= self.high

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            **asdict(self.outcome),
            "uncorrected": self.outcome.forecast,
            "forecast": self.forecast,
            "low": self.low,
            "high": self.high,
            "inside": self.is_inside,
        }


@dataclass(frozen=True)
class Record:
    """How good forecasts of one kind have been.

    Attributes:
        what: The kind: "step", "run" or "memory".
        count: How many forecasts there are.
        median_ratio: Actual over the forecast before correction: above 1, more came.
        mean_error: Mean distance of the actual from the corrected forecast, as a share of it.
        close: Bound on that distance for `share_close`.
        share_close: Share of forecasts at most that far off.
        share_inside: Share of outcomes inside their range, which is meant to hold nine in ten.
    """

    what: What
    count: int
    median_ratio: float
    mean_error: float
    close: float
    share_close: float
    share_inside: float


@dataclass(frozen=True)
class TrackRecord(Printed):
    """All forecasts of this machine that have come to an outcome.

    Attributes:
        records: How good they have been, for each kind there is.
        evaluated: Every outcome, the oldest first.
    """

    records: tuple[Record, ...]
    evaluated: tuple[CheckedForecast, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold; of the outcomes the last ten."""
        return {
            "records": [asdict(record) for record in self.records],
            "last": [each.as_dict() for each in self.evaluated[-LAST:]],
        }

    def shown(self) -> Iterator[Part]:
        """How good forecasts have been, and the last of them."""
        if not self.evaluated:
            yield Paragraph(
                "No forecast has come to an outcome on this machine. Every run that ends adds to "
                "them; until then, ranges are those measured on another machine."
            )
            return
        yield TextTable(
            "Forecasts on this machine",
            ("", "forecasts", "actual / raw", "mean error", "close", "in range"),
            [
                (
                    each.what,
                    str(each.count),
                    f"{each.median_ratio:.3f}",
                    percent(each.mean_error),
                    f"{percent(each.share_close, 0)} within {percent(each.close, 0)}",
                    percent(each.share_inside, 0),
                )
                for each in self.records
            ],
        )
        yield Paragraph(
            "actual / raw: the median, before correction by history; mean error and range: after "
            "it, learned from all other outcomes. Ranges are meant to hold "
            f"{percent(COVERAGE, 0)}.",
            "dim",
        )
        yield Paragraph("")
        yield TextTable(
            "The last",
            ("what", "network", "batch", "forecast", "actual", "off", "remark"),
            [_cells(each) for each in self.evaluated[-LAST:]],
            left=frozenset({0, 1, 6}),
        )


def _cells(evaluated: CheckedForecast) -> tuple[str, ...]:
    outcome = evaluated.outcome
    words = size if outcome.what == "memory" else duration
    return (
        outcome.what,
        f"{outcome.network}, {outcome.precision}",
        str(outcome.batch_size),
        words(evaluated.forecast),
        words(outcome.actual),
        f"{evaluated.ratio - 1:+.1%}".replace("-", "−"),
        "" if evaluated.is_inside else "outside its range",
    )


def track_record() -> TrackRecord:
    """The recent history, each outcome evaluated by a range that all the others give."""
    every = outcomes()
    recent = {what: [o for o in every if o.what == what][-RECENT:] for what in get_args(What)}
    evaluated = {
        id(outcome): _evaluated(outcome, [other for other in same if other is not outcome])
        for same in recent.values()
        for outcome in same
    }
    records = [
        _record(what, [evaluated[id(outcome)] for outcome in same])
        for what, same in recent.items()
        if same
    ]
    in_order = [evaluated[id(outcome)] for outcome in every if id(outcome) in evaluated]
    return TrackRecord(tuple(records), tuple(in_order))


def _evaluated(outcome: ForecastOutcome, others: list[ForecastOutcome]) -> CheckedForecast:
    given = with_range(outcome.forecast, outcome.what, others)
    return CheckedForecast(outcome, given.value, given.low, given.high)


def _record(what: What, evaluated: Sequence[CheckedForecast]) -> Record:
    errors = [abs(each.ratio - 1) for each in evaluated]
    return Record(
        what=what,
        count=len(evaluated),
        median_ratio=statistics.median(
            each.outcome.actual / each.outcome.forecast for each in evaluated
        ),
        mean_error=statistics.fmean(errors),
        close=CLOSE[what],
        share_close=statistics.fmean(error <= CLOSE[what] for error in errors),
        share_inside=statistics.fmean(each.is_inside for each in evaluated),
    )
