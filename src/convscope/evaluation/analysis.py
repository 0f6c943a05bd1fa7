"""What a report shows: the evaluation, reliability, selective prediction, robustness, cost."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any

from torch import nn

from convscope.evaluation.answer import answer
from convscope.evaluation.calibration import Bin, reliability
from convscope.evaluation.cost import Cost, measure_cost
from convscope.evaluation.evaluation import Evaluation
from convscope.evaluation.robustness import Robustness, measure_robustness, takes_minutes
from convscope.evaluation.selective import Selective, selective
from convscope.runs.model_file import ModelCard
from convscope.runs.run import Run
from convscope.runtime.device import choose_device


@dataclass(frozen=True)
class Analysis:
    """What the report of a run shows.

    Attributes:
        evaluation: The evaluation.
        card: Of the network evaluated.
        evaluated: When, in UTC.
        bins: The answers by how probable the network says they are.
        bins_after: The same after dividing its logits by the card's temperature.
        selective: Accuracy against the share of images answered.
        cost: Parameters, operations, speed, room.
        robustness: Accuracy on images that get worse; None where it wasn't wanted.
    """

    evaluation: Evaluation
    card: ModelCard
    evaluated: datetime
    bins: tuple[Bin, ...]
    bins_after: tuple[Bin, ...]
    selective: Selective
    cost: Cost
    robustness: Robustness | None

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold: the evaluation's, and the rest under names of its own."""
        return {
            **self.evaluation.as_dict(),
            "evaluated": self.evaluated.isoformat(timespec="seconds"),
            "reliability": {
                "before": [asdict(each) for each in self.bins],
                "after": [asdict(each) for each in self.bins_after],
            },
            "selective": self.selective.as_dict(),
            "robustness": None if self.robustness is None else self.robustness.as_dict(),
            "cost": self.cost.as_dict(),
        }


def analyse(
    run: Run,
    evaluation: Evaluation,
    *,
    network: nn.Module | None = None,
    device: str = "auto",
    batch_size: int = 64,
    robustness: bool | None = True,
    quiet: bool = False,
) -> Analysis:
    """Measure what the report shows besides the evaluation.

    Args:
        run: Whose network was evaluated.
        evaluation: The evaluation.
        network: The module to fill, if the run trained one that isn't in the catalog.
        device: As for `evaluate`.
        batch_size: As for `evaluate`.
        robustness: Whether to evaluate the network on disturbed images too; None: unless that
            would take minutes.
        quiet: Show no progress.

    Raises:
        UsageError: The run has no model, or needs `network`.
        ConvscopeError: The model file is damaged.
    """
    model, card = run.model(network)
    chosen = choose_device(device)
    outcome = evaluation.outcome
    probabilities = answer(outcome.logits, card).probabilities
    confidence, predicted = probabilities.max(dim=1)
    speed = evaluation.image_count / evaluation.seconds
    cost = measure_cost(run, model, card, speed, chosen)
    if robustness is None:
        robustness = not takes_minutes(cost.macs, evaluation.images)
    return Analysis(
        evaluation=evaluation,
        card=card,
        evaluated=datetime.now(timezone.utc),
        bins=reliability(outcome.probabilities, outcome.labels),
        bins_after=reliability(probabilities, outcome.labels),
        selective=selective(confidence.numpy(), (predicted == outcome.labels).numpy()),
        cost=cost,
        robustness=measure_robustness(
            model,
            card,
            evaluation.images,
            macs=cost.macs,
            device=chosen,
            batch_size=batch_size,
            quiet=quiet,
        )
        if robustness
        else None,
    )
