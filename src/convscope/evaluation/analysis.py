"""What a report shows: the evaluation, reliability, selective prediction, robustness, cost."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from convscope.evaluation.calibration import Bin, calibrate_probabilities, measure_reliability
from convscope.evaluation.cost import ModelCost, measure_cost
from convscope.evaluation.robustness import (
    Robustness,
    count_disturbed,
    measure_robustness,
    seconds_after_training,
)
from convscope.evaluation.selective import Selective, measure_selective
from convscope.runtime.device import choose_device

if TYPE_CHECKING:
    from convscope.evaluation.evaluation import Evaluation


@dataclass(frozen=True)
class Analysis:
    """What the report of a run shows.

    Attributes:
        evaluation: The evaluation.
        evaluated: When it was made, in UTC.
        bins: The images by the network's confidence, with the share that is right.
        bins_after: The images by its confidence after dividing logits by the temperature.
        selective: Accuracy against the share of images predicted.
        cost: Parameters, operations, speed, size on the disk.
        robustness: Accuracy on images that get worse; None where it wasn't wanted.
    """

    evaluation: Evaluation
    evaluated: datetime
    bins: tuple[Bin, ...]
    bins_after: tuple[Bin, ...]
    selective: Selective
    cost: ModelCost
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
    evaluation: Evaluation,
    *,
    device: str = "auto",
    batch_size: int = 64,
    robustness: bool = True,
    images_trained: int | None = None,
    quiet: bool = False,
) -> Analysis:
    """Measure what the report shows besides the evaluation.

    Args:
        evaluation: The evaluation, which holds the run and its model.
        device: As for `evaluate`.
        batch_size: As for `evaluate`.
        robustness: Whether to evaluate the network on disturbed images too.
        images_trained: At the end of a training, how many images it was shown: the robustness may
            take 3 % of it, and is left out where the fewest images would take longer.
        quiet: Show no progress.
    """
    model, logits = evaluation.model, evaluation.logits
    chosen = choose_device(device)
    probabilities = calibrate_probabilities(logits.values, model.card)
    confidence, predicted = probabilities.max(dim=1)
    speed = evaluation.image_count / evaluation.seconds
    cost = measure_cost(model, evaluation.run, speed, chosen)
    images, seconds = evaluation.images, math.inf
    if images_trained is not None:
        seconds = seconds_after_training(cost.macs, images_trained)
        left_out = not count_disturbed(cost.macs, len(images), images.image_shape, seconds)
        robustness = robustness and not left_out
    return Analysis(
        evaluation=evaluation,
        evaluated=datetime.now(timezone.utc),
        bins=measure_reliability(logits.probabilities, logits.labels),
        bins_after=measure_reliability(probabilities, logits.labels),
        selective=measure_selective(confidence.numpy(), (predicted == logits.labels).numpy()),
        cost=cost,
        robustness=measure_robustness(
            model,
            images,
            macs=cost.macs,
            device=chosen,
            seconds=seconds,
            batch_size=batch_size,
            quiet=quiet,
        )
        if robustness
        else None,
    )
