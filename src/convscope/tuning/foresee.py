"""What a trial will take, before it begins, so that none begins that can't end."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field

from convscope.data.image_set import ImageSet
from convscope.look import numbers
from convscope.look.numbers import duration
from convscope.planning.forecast import Forecast
from convscope.planning.forecaster import Forecaster
from convscope.planning.forecasters import explain_failure
from convscope.planning.workload import make_workload
from convscope.runs.recipe import Recipe
from convscope.runtime.process import resident_bytes
from convscope.runtime.system_memory import system_memory
from convscope.runtime.usual_settings import in_usual_settings
from convscope.tuning.trial_watch import TrialEndedError

MEASURING_SECONDS = 0.3  # for timing operations that aren't known yet


@dataclass
class Foresight:
    """Forecasts trials, and learns from those that were measured.

    Attributes:
        images: By split, as all trials are given them.
        ratios: How long each measured trial took, divided by its forecast.
    """

    images: Mapping[str, ImageSet]
    ratios: list[float] = field(default_factory=list)

    @in_usual_settings
    def forecast(self, recipe: Recipe) -> Forecast:
        """The forecast of a trial, without what is learned from the others.

        Memory is looked at first, since timing operations takes some of it.

        Raises:
            TrialEndedError: It doesn't fit into memory.
            UsageError: The network doesn't take the images.
            ConvscopeError: A step of it can't be followed.
        """
        workload = make_workload(recipe.network, dict(self.images), recipe)
        parameters = workload.network.parameters()  # on the meta device: they take nothing yet
        weights = sum(each.numel() * each.element_size() for each in parameters)
        _check_memory(2 * weights)  # with their gradients; following a step may take as much
        with explain_failure(workload):
            forecaster = Forecaster(workload)
            _check_memory(forecaster.memory_at(recipe.batch_size).value)
            return forecaster.at(recipe.batch_size, measuring_seconds=MEASURING_SECONDS)

    def trial_seconds(self, forecast: Forecast) -> float:
        """Time of a trial, which has no final evaluation."""
        return self._ratio * (forecast.run.value - forecast.final_evaluation_seconds)

    def run_seconds(self, forecast: Forecast) -> float:
        """Time of a whole run of the same recipe, as the retest has it."""
        return self._ratio * forecast.run.value

    def learn(self, forecast: Forecast, seconds: float) -> None:
        """Take note of how long a trial took."""
        self.ratios.append(seconds / (forecast.run.value - forecast.final_evaluation_seconds))

    @property
    def _ratio(self) -> float:
        return statistics.median(self.ratios) if self.ratios else 1.0


def _check_memory(needed: float) -> None:
    """Refuse what needs more than is free, and what this process has already.

    Raises:
        TrialEndedError: It does.
    """
    free = system_memory()[1]
    if free is not None and needed > free + (resident_bytes() or 0):
        raise TrialEndedError(
            "skipped",
            f"would need {numbers.size(needed)} of memory, and {numbers.size(free)} are free",
        )


def lacks_time(trial: float, seeds: int, run: float, best_run: float, left: float) -> str:
    """Why a trial would end too late, in words; "" if it wouldn't.

    When the time is over, the best recipe is trained with new seeds, so what is left must pay for
    that as well, whether this trial becomes the best or another stays it.

    Args:
        trial: Seconds of the trial.
        seeds: With how many the best is trained.
        run: Seconds of a run of this recipe.
        best_run: Seconds of a run of the best one so far; 0 if there is none.
        left: Seconds that are left.
    """
    after = seeds * max(run, best_run)
    if trial + after <= left:
        return ""
    return (
        f"would take {duration(trial)}, and the best recipe with {seeds} new seeds "
        f"{duration(after)}; {duration(max(left, 0.0))} are left"
    )
