"""A judgement and what else a report shows: calibration, selective prediction, robustness, cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from torch import nn

from convscope.evaluation.answer import answer
from convscope.evaluation.calibration import Bin, expected_calibration_error, reliability
from convscope.evaluation.cost import Cost, measure_cost
from convscope.evaluation.judgement import Evaluation
from convscope.evaluation.robustness import Robustness, measure_robustness
from convscope.evaluation.selective import Selective, selective
from convscope.runs.model_file import ModelCard
from convscope.runs.run import Run
from convscope.runtime.device import choose_device


@dataclass(frozen=True)
class Calibration:
    """How far probabilities can be taken at their word, on the pictures judged.

    Attributes:
        temperature: Logits are divided by it; 1 changes nothing.
        error: Expected calibration error of the probabilities as the network gives them.
        error_after: The same after dividing by the temperature.
        bins: The answers by how probable they were.
        bins_after: The same after dividing by the temperature.
    """

    temperature: float
    error: float
    error_after: float
    bins: tuple[Bin, ...]
    bins_after: tuple[Bin, ...]


@dataclass(frozen=True)
class Analysis:
    """What the report of a run shows.

    Attributes:
        evaluation: The judgement.
        card: Of the network judged.
        judged: When, in UTC.
        calibration: Before and after temperature scaling.
        selective: Accuracy against the share of pictures answered.
        cost: Parameters, operations, speed, room.
        robustness: Accuracy on pictures that get worse; None where it wasn't wanted.
    """

    evaluation: Evaluation
    card: ModelCard
    judged: datetime
    calibration: Calibration
    selective: Selective
    cost: Cost
    robustness: Robustness | None

    def as_json(self) -> dict[str, Any]:
        """Plain data that JSON can hold: the judgement's, and the rest under names of its own."""
        return {
            **self.evaluation.as_json(),
            "judged": self.judged.isoformat(timespec="seconds"),
            "selective": self.selective.as_json(),
            "robustness": None if self.robustness is None else self.robustness.as_json(),
            "cost": self.cost.as_json(),
        }


def analyse(
    run: Run,
    evaluation: Evaluation,
    *,
    network: nn.Module | None = None,
    device: str = "auto",
    batch_size: int = 64,
    robustness: bool = True,
    quiet: bool = False,
) -> Analysis:
    """Measure what the report shows besides the judgement.

    Args:
        run: Whose network was judged.
        evaluation: The judgement.
        network: The module to fill, if the run trained one that isn't in the catalog.
        device: As for `evaluate`.
        batch_size: As for `evaluate`.
        robustness: Whether to judge the network on disturbed pictures too.
        quiet: Show no progress.

    Raises:
        UsageError: The run has no model, or needs `network`.
        ConvscopeError: The model file is damaged.
    """
    model, card = run.model(network)
    chosen = choose_device(device)
    outcome = evaluation.outcome
    plain, scaled = outcome.probabilities, answer(outcome.logits, card).probabilities
    confidence, predicted = scaled.max(dim=1)
    speed = evaluation.pictures / evaluation.seconds
    cost = measure_cost(run, model, card, speed, chosen)
    return Analysis(
        evaluation=evaluation,
        card=card,
        judged=datetime.now(timezone.utc),
        calibration=Calibration(
            temperature=card.temperature,
            error=expected_calibration_error(plain, outcome.labels),
            error_after=expected_calibration_error(scaled, outcome.labels),
            bins=reliability(plain, outcome.labels),
            bins_after=reliability(scaled, outcome.labels),
        ),
        selective=selective(confidence.numpy(), (predicted == outcome.labels).numpy()),
        cost=cost,
        robustness=measure_robustness(
            model,
            card,
            evaluation.images,
            multiply_adds=cost.multiply_adds,
            device=chosen,
            batch_size=batch_size,
            quiet=quiet,
        )
        if robustness
        else None,
    )
