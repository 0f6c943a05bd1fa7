"""What is gained by predicting only when confident: accuracy against coverage, the share predicted.

Geifman and El-Yaniv 2017, "Selective classification for deep neural networks". The area under the
risk–coverage curve (AURC) is the mean, over every number of images predicted from 1 to N, of the
share of them that is wrong (Geifman, Uziel and El-Yaniv 2019, "Bias-reduced uncertainty
estimation for deep neural classifiers"). 0 is perfect, and no ordering of the same predictions does
better than one that puts all right ones first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

POINTS = 100  # of the curve
GOALS = (0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
FEWEST_PREDICTIONS = 30  # a share of fewer says little


@dataclass(frozen=True)
class Point:
    """Predicting only the images whose probability is at least `threshold`.

    Attributes:
        threshold: The least probability with which an image is predicted.
        coverage: Share of the images predicted.
        accuracy: Share of the images predicted that is right.
    """

    threshold: float
    coverage: float
    accuracy: float


@dataclass(frozen=True)
class Selective:
    """How well probabilities tell right predictions from wrong ones.

    Attributes:
        area: The area under the risk–coverage curve; less is better.
        least_area: What a perfect ordering of the same predictions would have.
        points: From the most confident predictions alone, at least 30 of them, to all images.
        goals: For each accuracy above that on all images, how many can be predicted to reach it;
            goals that can't be reached with 30 predictions are left out.
    """

    area: float
    least_area: float
    points: tuple[Point, ...]
    goals: tuple[tuple[float, Point], ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "area_under_risk_coverage": self.area,
            "least_area": self.least_area,
            "points": [_fields(point) for point in self.points],
            "goals": [{"goal": goal, **_fields(point)} for goal, point in self.goals],
        }


def measure_selective(
    confidence: npt.NDArray[np.floating], right: npt.NDArray[np.bool_]
) -> Selective:
    """The curve, its area, and what must be given up for a wanted accuracy.

    Images of equal confidence are predicted together; in the area they count as in any order,
    on average, so that it doesn't depend on the order of the images.

    Args:
        confidence: (N,) how confident each prediction is; N at least 1.
        right: (N,) whether the prediction is.
    """
    total = len(right)
    levels, place, counts = np.unique(-confidence, return_inverse=True, return_counts=True)
    wrong = np.bincount(place, weights=~right, minlength=len(levels))
    predicted, mistakes = counts.cumsum(), wrong.cumsum()
    accuracy = 1 - mistakes / predicted
    points = [
        Point(float(-level), int(n) / total, float(share))
        for level, n, share in zip(levels, predicted, accuracy, strict=True)
    ]
    fewest = min(FEWEST_PREDICTIONS, total)
    wanted = np.maximum(fewest, np.ceil(np.arange(1, POINTS + 1) * total / POINTS))
    shown = np.unique(np.searchsorted(predicted, wanted))
    reached = {}
    for goal in GOALS:
        (enough,) = np.nonzero((accuracy >= goal) & (predicted >= fewest))
        if len(enough) and enough[-1] < len(points) - 1:
            reached[goal] = points[enough[-1]]
    return Selective(
        area=_area(predicted, mistakes),
        least_area=_area(np.array([total - mistakes[-1], total]), np.array([0, mistakes[-1]])),
        points=tuple(points[index] for index in shown.tolist()),
        goals=tuple(reached.items()),
    )


def _area(predicted: npt.NDArray[Any], mistakes: npt.NDArray[Any]) -> float:
    """Mean share of mistakes among the first 1, 2, … N images; between two ends they are even."""
    numbers = np.arange(1, predicted[-1] + 1)
    return float((np.interp(numbers, [0, *predicted], [0, *mistakes]) / numbers).mean())


def _fields(point: Point) -> dict[str, float]:
    return {
        "threshold": point.threshold,
        "coverage": point.coverage,
        "accuracy": point.accuracy,
    }
