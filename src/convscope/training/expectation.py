"""A run's forecast: shown before the first step, refined after some, and evaluated at the end."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence

from convscope.look.language import use_language
from convscope.look.numbers import duration, percent
from convscope.planning.fixed_costs import FixedCosts, remember_fixed_costs
from convscope.planning.forecast import Forecast
from convscope.planning.forecaster import Forecaster
from convscope.planning.history import ForecastOutcome, Range, What, remember
from convscope.planning.training_time import Stopped
from convscope.planning.words import beside_actual
from convscope.planning.workload import Workload
from convscope.runs.checked_json import write_checked
from convscope.runs.forecast import ForecastRow
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run
from convscope.runs.stages import first_whole_epoch
from convscope.runtime.allocator import returning_memory
from convscope.runtime.contention import BUSY, Contention
from convscope.runtime.execution import Execution
from convscope.runtime.process import age_seconds, resident_bytes
from convscope.training.job import Job
from convscope.training.live_view import LiveView
from convscope.training.state import Progress, TrainingState

REFINED_AFTER = 5  # steps, besides the first two, which are slower
FRESH = 60  # seconds: a process that was older when a run began has done something else before
SMALL = 64 * 2**20  # bytes: a step that takes less tells what the process takes by itself


class Expectation:
    """Watches a run and compares it with its forecast.

    Args:
        job: What is trained.
        recipe: The run's, in which everything is decided.
        execution: Device, precision, threads and algorithms.
        view: Shows the forecast, and what came, to the person.
        begun: `time.perf_counter()` when the run was asked for.
        resumed: Where a run that goes on was stopped; None for a new one.
        processes: How many train together; the forecast is of one's share, without what they wait
            for one another, and nothing is learned from it.
    """

    def __init__(
        self,
        job: Job,
        recipe: Recipe,
        execution: Execution,
        view: LiveView,
        begun: float,
        resumed: Progress | None = None,
        *,
        processes: int = 1,
    ) -> None:
        self._job, self._recipe, self._execution, self._view = job, recipe, execution, view
        self._begun = begun
        self._start_seconds = 0.0
        self._steps: list[float] = []
        self._last: float | None = None
        self._evaluating_from = 0.0
        self._training_peak = 0
        with returning_memory():  # as when training begins
            self._base_bytes = resident_bytes() or 0
        self._resumed, self._processes = resumed, processes
        self._batch_size = -(-recipe.batch_size // processes)
        self._workload = self._make_workload()
        self.forecast = self._make()
        self._contention = Contention()

    def _make_workload(self) -> Workload:
        job = self._job
        train = job.splits["train"]
        return Workload(
            name=job.recipe.network or type(job.network).__name__,
            data=job.recipe.data or "images",
            network=job.network,
            stored_shape=train.image_shape,
            size=job.card.size,
            counts={
                name: -(-len(images) // self._processes) for name, images in job.splits.items()
            },
            recipe=self._recipe.replace(batch_size=self._batch_size),
            execution=self._execution,
            classes=len(job.card.classes),
        )

    def _make(self) -> Forecast | None:
        stopped = None
        if self._resumed is not None:
            progress = self._resumed
            stopped = Stopped(
                step=progress.step,
                step_in_epoch=progress.step_in_epoch,
                total_steps=progress.total_steps,
                seconds=progress.seconds,
                evaluation_seconds=progress.evaluation_seconds,
            )
        try:
            forecast = Forecaster(self._workload).at(
                self._batch_size,
                measuring_seconds=0.6,
                again=False,  # whoever begins a run waits for its first step
                base_bytes=self._base_bytes or None,
                stopped=stopped,
            )
        except (RuntimeError, TypeError, ValueError) as error:
            reason = " ".join(str(error).split())[:160]
            self._view.message(f"No forecast: the network can't be followed ({reason})")
            return None
        with use_language("en"):  # as all that a training says
            self._view.message(forecast.in_words(goes_on=stopped is not None))
        if self._processes > 1:
            self._view.message(
                f"This is the share of one of {self._processes} processes; what they wait for one "
                "another comes on top of it, and isn't known before"
            )
        return forecast

    def announce(self, run: Run) -> None:
        """Write the forecast into a run that begins, for whoever watches it."""
        if self.forecast is not None:
            _write(run, self._rows(self.forecast, {"run": None, "step": None, "memory": None}))

    def _rows(self, forecast: Forecast, actual: Mapping[What, float | None]) -> list[ForecastRow]:
        """What was forecast, beside what came of it."""
        ranges: dict[What, Range] = {
            "step": forecast.step,
            "run": forecast.run,
            "memory": forecast.memory,
        }
        run_name = "run time" if self._resumed is None else "time since it was resumed"
        names = {"step": ("step time", "s"), "run": (run_name, "s")}
        rows = []
        for what, value in actual.items():
            name, unit = names.get(what, ("peak memory", "bytes"))
            expected = ranges[what]
            rows.append(
                ForecastRow(
                    what=name,
                    unit=unit,
                    forecast=expected.value,
                    low=expected.low,
                    high=expected.high,
                    actual=value,
                )
            )
        return rows

    def step(self, progress: Progress, loss: float) -> None:
        """A step has ended."""
        if progress.epoch < first_whole_epoch(self._recipe):
            return  # steps that train only some of the layers are quicker
        now = time.perf_counter()
        if not self._start_seconds:  # all that came before the first step, this forecast as well
            step = self.forecast.uncorrected["step"] if self.forecast else 0.0
            self._start_seconds = max(0.0, now - self._begun - step)
        if self._last is not None and progress.step_in_epoch > 2:
            self._steps.append(now - self._last)
        self._last = now
        if len(self._steps) == REFINED_AFTER and self.forecast and self._job.recipe.minutes is None:
            left = progress.total_steps - progress.step
            seconds = self.forecast.seconds_left(left, self.step_seconds)
            if seconds > 10:
                self._view.message(
                    f"After the first steps: {duration(self.step_seconds)} a step, so "
                    f"{duration(seconds)} more"
                )

    def epoch(self, metrics: dict[str, float], state: TrainingState) -> None:
        """An epoch has ended; the next step begins later than it seems."""
        self._last = None

    def message(self, text: str) -> None:
        """A message to the person; nothing to do with the forecast."""

    @property
    def step_seconds(self) -> float:
        """The median of the steps so far."""
        return statistics.median(self._steps)

    def evaluation_begins(self) -> None:
        """Training has ended."""
        self._evaluating_from = time.perf_counter()
        self._training_peak = resident_bytes(peak=True) or 0

    def settle(self, run: Run) -> None:
        """Write forecast beside actual into the run, and remember both for later forecasts."""
        if self.forecast is None:
            return
        now = time.perf_counter()
        waited = self._contention.share
        is_busy = waited > BUSY
        peak = resident_bytes(peak=True)
        actual: dict[What, float] = {"run": now - self._begun}
        if self._steps:
            actual["step"] = self.step_seconds
        if peak is not None:
            actual["memory"] = float(peak)
        rows = self._rows(self.forecast, actual)
        for what, value in actual.items():
            if self._processes > 1 or (is_busy and what != "memory"):
                continue
            remember(
                ForecastOutcome(
                    what,
                    self.forecast.uncorrected[what],
                    value,
                    self.forecast.network,
                    self.forecast.batch_size,
                    self.forecast.precision,
                )
            )
        _write(run, rows)
        if not is_busy and self._resumed is None and self._processes == 1:
            self._remember_costs(now, peak)
        self._view.message(beside_actual(rows))
        if is_busy:
            self._view.message(
                f"Other programs held this one up ({percent(waited, 0)} of the time it waited for "
                "a "
                "processor), so later forecasts learn nothing from how long it took"
            )

    def _remember_costs(self, now: float, peak: int | None) -> None:
        forecast = self.forecast
        if forecast is None or peak is None or forecast.step_memory.heap > SMALL:
            return
        age = age_seconds()
        if age is None or age - (now - self._begun) > FRESH:
            return  # what the process did before isn't known to a plan
        memory = forecast.step_memory
        parameters = memory.parts.get("parameters", 0)
        without = self._base_bytes - parameters
        remember_fixed_costs(
            FixedCosts(
                start_seconds=self._start_seconds,
                final_evaluation_seconds=max(
                    0.0, now - self._evaluating_from - forecast.uncorrected["predictions"]
                ),
                start_bytes=without - self._workload.data_set_bytes,
                late_bytes=max(0, self._training_peak - without - memory.heap),
                final_evaluation_bytes=max(0, peak - without - parameters),
            )
        )


def _write(run: Run, rows: Sequence[ForecastRow]) -> None:
    content = {"rows": [row.model_dump() for row in rows]}
    write_checked(run.folder / "forecast.json", content, indent=1)
