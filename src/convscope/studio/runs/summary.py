"""What the table of runs says of one run."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import pydantic

from convscope.comparison.evaluation_record import EvaluationRecord, read_evaluation
from convscope.errors import ConvscopeError
from convscope.runs.claim import is_claimed
from convscope.runs.forecast import ForecastRow, read_forecast
from convscope.runs.metrics_file import read_rows
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run

QUIET_SECONDS = 120.0
"""Where no lock tells whether a run goes on, one that wrote nothing for so long, and for as long as
an epoch takes, is taken for stopped."""

State = Literal["finished", "running", "stopped", "failed", "damaged"]


class ForecastFigure(pydantic.BaseModel, frozen=True):
    """A quantity that was forecast: in seconds or bytes; None where it isn't known."""

    forecast: float | None = None
    low: float | None = None
    high: float | None = None
    actual: float | None = None


class RunSummary(pydantic.BaseModel, frozen=True):
    """What the table says of a run; None is what isn't known.

    Attributes:
        state: "finished" is one that was evaluated; "failed" one that an error ended.
        reason: Why it is damaged, or what ended it; in English.
        network: Name in the catalog; "" for a module that isn't in it.
        data: Name of a data set, or path of a folder or zip; "" for arrays.
        size: Height and width of the images; None: as the data has them.
        batch_size: Images per step.
        written: When a file of the run was last written, in seconds since 1970.
        epochs: Epochs that have ended.
        planned_epochs: Epochs that were asked for.
        seconds: Time of training so far.
        accuracy: Share of the evaluated images that is given its true class.
        low: Lower end of the accuracy's 95 % interval.
        high: Upper end of the accuracy's 95 % interval.
        loss: Mean cross-entropy of the evaluated images.
        split: Which images were evaluated.
        images: How many were evaluated.
        recomputes: Whether blocks were computed again in the backward pass.
        precision: In which the network computed.
        step: Seconds of a step.
        time: Seconds of the whole run.
        memory: Peak memory of the process, in bytes.
    """

    state: State
    reason: str = ""
    network: str = ""
    data: str = ""
    size: int | None = None
    batch_size: int | None = None
    written: float = 0.0
    epochs: int = 0
    planned_epochs: int | None = None
    seconds: float | None = None
    accuracy: float | None = None
    low: float | None = None
    high: float | None = None
    loss: float | None = None
    split: str = ""
    images: int | None = None
    recomputes: bool = False
    precision: str = ""
    step: ForecastFigure = ForecastFigure()
    time: ForecastFigure = ForecastFigure()
    memory: ForecastFigure = ForecastFigure()


def summarize(folder: Path, now: float | None = None) -> RunSummary:
    """Read what the table says of a run. Whatever can't be read makes it "damaged", with a reason.

    Args:
        folder: The folder of the run.
        now: Seconds since 1970, where only the time tells whether a run goes on.
    """
    damages: list[str] = []

    def attempt(read: Any, instead: Any) -> Any:
        try:
            return read()
        except (ConvscopeError, OSError, UnicodeError, ValueError, RecursionError) as error:
            damages.append(str(error))
            return instead

    run = attempt(lambda: Run(folder), None)
    if run is None:
        return RunSummary(state="damaged", reason=damages[0])
    recipe: Recipe | None = attempt(lambda: run.recipe, None)
    rows, damaged = attempt(lambda: read_rows(run.metrics_file, without_steps=True), ((), 0))
    if damaged:
        attempt(run.metrics, [])  # says which line
    forecast: tuple[ForecastRow, ...] = attempt(lambda: read_forecast(folder), ())
    evaluated: EvaluationRecord | None = None
    if run.evaluation_file.is_file():
        evaluated = attempt(lambda: read_evaluation(run), None)
    written = last_written(run)
    epochs = [row for row in rows if row["kind"] == "epoch"]
    seconds = number_in(epochs[-1], "seconds") if epochs else None
    failure = rows[-1] if rows and rows[-1]["kind"] == "error" else None
    state: State = "stopped"
    reason = ""
    if damages:
        state, reason = "damaged", damages[0]
    elif evaluated is not None:
        state = "finished"
    elif failure is not None:
        state, reason = "failed", str(failure.get("message", ""))
    else:
        is_running = is_claimed(folder)
        if is_running is None:
            quiet = max(QUIET_SECONDS, (seconds or 0.0) / max(len(epochs), 1))
            is_running = (time.time() if now is None else now) - written < quiet
        if is_running:
            state = "running"
    interval = evaluated.interval if evaluated else (None, None)
    return RunSummary(
        state=state,
        reason=reason,
        network=recipe.network if recipe else "",
        data=recipe.data if recipe else "",
        size=recipe.size if recipe else None,
        batch_size=recipe.batch_size if recipe else None,
        written=written,
        epochs=len(epochs),
        planned_epochs=recipe.epochs if recipe else None,
        seconds=seconds,
        accuracy=evaluated.accuracy if evaluated else None,
        low=interval[0],
        high=interval[1],
        loss=finite(evaluated.loss) if evaluated else None,
        split=evaluated.split if evaluated else "",
        images=evaluated.images if evaluated else None,
        recomputes=bool(recipe and recipe.recompute),
        precision=_precision(run),
        step=_figure(forecast, "step time"),
        time=_figure(forecast, "run time"),
        memory=_figure(forecast, "peak memory"),
    )


def last_written(run: Run) -> float:
    """When the run wrote last, in seconds since 1970; 0 where its files are gone."""
    files = (run.recipe_file, run.environment_file, run.metrics_file, run.evaluation_file)
    return max((_changed(file) for file in (*files, run.checkpoints)), default=0.0)


def _changed(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def finite(value: float | None) -> float | None:
    """A number that JSON can hold; None for one that isn't finite."""
    return value if value is not None and math.isfinite(value) else None


def number_in(row: dict[str, Any], name: str) -> float | None:
    """A finite number of a line of metrics; None where there is none of this name."""
    value = row.get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return finite(float(value)) if is_number else None  # type: ignore[arg-type]


def _precision(run: Run) -> str:
    try:
        return str(run.environment.get("precision", ""))
    except (ConvscopeError, OSError):
        return ""  # it stopped before it chose one, or the file is damaged


def _figure(rows: Iterable[ForecastRow], what: str) -> ForecastFigure:
    for row in rows:
        if row.what == what:
            return ForecastFigure(
                forecast=finite(row.forecast),
                low=finite(row.low),
                high=finite(row.high),
                actual=finite(row.actual),
            )
    return ForecastFigure()
