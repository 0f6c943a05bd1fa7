"""What is gained by answering only when sure: accuracy against the share of images answered.

Geifman and El-Yaniv 2017, "Selective classification for deep neural networks". The area under the
risk–coverage curve (AURC) is the mean, over every number of images answered from 1 to N, of the
share of them that is wrong (Geifman, Uziel and El-Yaniv 2019, "Bias-reduced uncertainty
estimation for deep neural classifiers"). 0 is perfect, and no ordering of the same answers does
better than one that puts all right answers first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

POINTS = 100  # of the curve
GOALS = (0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
FEWEST_ANSWERS = 30  # a share of fewer says little


@dataclass(frozen=True)
class Point:
    """Answering only the images whose probability is at least `threshold`.

    Attributes:
        threshold: The least probability that is answered.
        coverage: Share of the images answered.
        accuracy: Share of those answered that is right.
    """

    threshold: float
    coverage: float
    accuracy: float


@dataclass(frozen=True)
class Selective:
    """How well probabilities tell right answers from wrong ones.

    Attributes:
        area: Under the risk–coverage curve; less is better.
        least_area: What a perfect ordering of the same answers would have.
        points: From the surest images alone, at least 30 of them, to all images.
        goals: For each accuracy above that on all images, how many can be answered to reach it;
            goals that can't be reached with 30 answers are left out.
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


def selective(confidence: npt.NDArray[np.floating], right: npt.NDArray[np.bool_]) -> Selective:
    """The curve, its area, and what must be given up for a wanted accuracy.

    Images of equal confidence are answered together; in the area they count as in any order,
    on average, so that it doesn't depend on the order of the images.

    Args:
        confidence: (N,) higher is surer; N at least 1.
        right: (N,) whether the answer is.
    """
    total = len(right)
    levels, place, counts = np.unique(-confidence, return_inverse=True, return_counts=True)
    wrong = np.bincount(place, weights=~right, minlength=len(levels))
    answered, mistakes = counts.cumsum(), wrong.cumsum()
    accuracy = 1 - mistakes / answered
    points = [
        Point(float(-level), int(n) / total, float(share))
        for level, n, share in zip(levels, answered, accuracy, strict=True)
    ]
    fewest = min(FEWEST_ANSWERS, total)
    wanted = np.maximum(fewest, np.ceil(np.arange(1, POINTS + 1) * total / POINTS))
    shown = np.unique(np.searchsorted(answered, wanted))
    reached = {}
    for goal in GOALS:
        (enough,) = np.nonzero((accuracy >= goal) & (answered >= fewest))
        if len(enough) and enough[-1] < len(points) - 1:
            reached[goal] = points[enough[-1]]
    return Selective(
        area=_area(answered, mistakes),
        least_area=_area(np.array([total - mistakes[-1], total]), np.array([0, mistakes[-1]])),
        points=tuple(points[index] for index in shown.tolist()),
        goals=tuple(reached.items()),
    )


def _area(answered: npt.NDArray[Any], mistakes: npt.NDArray[Any]) -> float:
    """Mean share of mistakes among the first 1, 2, … N answers; between two ends they are even."""
    numbers = np.arange(1, answered[-1] + 1)
    return float((np.interp(numbers, [0, *answered], [0, *mistakes]) / numbers).mean())


def _fields(point: Point) -> dict[str, float]:
    return {
        "threshold": point.threshold,
        "coverage": point.coverage,
        "accuracy": point.accuracy,
    }
