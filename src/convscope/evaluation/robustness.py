"""How accuracy falls as pictures get worse.

Severities are for pictures as they are stored, before a network enlarges them. Everything is
computed from the pictures, the severity and the seed: the same run gives the same figures again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from convscope.data.image_set import ImageSet
from convscope.data.progress import progress
from convscope.evaluation.ask import ask
from convscope.evaluation.disturbances import DISTURBANCES, Disturbance, Pictures, Random
from convscope.evaluation.judgement import wilson_interval
from convscope.runs.model_file import ModelCard

MOST_PICTURES = 1000
FEWEST_PICTURES = 200  # with fewer, the interval of an accuracy spans more than 14 points
MOST_MULTIPLY_ADDS = 1.5e12  # for all curves: about fifteen seconds on a processor of two cores
LONG = 1e13  # multiply–adds for the fewest pictures: minutes on a processor of two cores
TOGETHER = 128  # pictures disturbed at once, so that large ones need little memory


@dataclass(frozen=True)
class Level:
    """Accuracy at one severity.

    Attributes:
        severity: In the curve's unit.
        accuracy: Share of the pictures given their true class.
        interval: 95 % confidence interval of the accuracy.
    """

    severity: float
    accuracy: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Curve:
    """Accuracy against the severity of one disturbance.

    Attributes:
        name: Of the disturbance.
        unit: Of the severities.
        unchanged: The severity at which pictures are as they were.
        levels: In the order of the severities; one of them is of the pictures as they were.
    """

    name: str
    unit: str
    unchanged: float
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class Robustness:
    """What all disturbances do to accuracy.

    Attributes:
        pictures: How many were disturbed, evenly spread over those judged.
        side: Their shorter side, in pixels.
        seed: Decides the noise and the directions.
        accuracy: On these pictures as they are.
        curves: One for each disturbance.
    """

    pictures: int
    side: int
    seed: int
    accuracy: float
    curves: tuple[Curve, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "pictures": self.pictures,
            "side": self.side,
            "seed": self.seed,
            "accuracy": self.accuracy,
            "curves": [
                {
                    "disturbance": curve.name,
                    "unit": curve.unit,
                    "unchanged": curve.unchanged,
                    "levels": [
                        {
                            "severity": level.severity,
                            "accuracy": level.accuracy,
                            "interval": list(level.interval),
                        }
                        for level in curve.levels
                    ],
                }
                for curve in self.curves
            ],
        }


def measure_robustness(
    network: nn.Module,
    card: ModelCard,
    images: ImageSet,
    *,
    multiply_adds: int,
    device: torch.device,
    batch_size: int = 64,
    seed: int = 0,
    quiet: bool = False,
) -> Robustness:
    """Judge a network on pictures that get worse and worse.

    Args:
        network: Is moved to the device.
        card: What the network expects of pictures.
        images: Labelled pictures with the card's channels. At most 1,000 are used, evenly spread;
            fewer, but at least 200, where the network is so large that it would take long.
        multiply_adds: Of the network, for one picture.
        device: Where to compute.
        batch_size: Pictures that go through the network together.
        seed: Decides the noise and the directions.
        quiet: Show no progress.
    """
    side = min(images.picture_shape[1:])
    points = _points(side)
    affordable = int(MOST_MULTIPLY_ADDS / (points * max(1, multiply_adds)))
    count = min(len(images), MOST_PICTURES, max(FEWEST_PICTURES, affordable))
    chosen = images.subset(np.linspace(0, len(images) - 1, count).round().astype(np.intp))

    def level(severity: float, pictures: Pictures) -> Level:
        worse = ImageSet(pictures, chosen.labels, chosen.classes)
        outcome = ask(network, card, worse, batch_size=batch_size, device=device)
        right = round(outcome.accuracy * count)
        return Level(float(severity), right / count, wilson_interval(right, count))

    with progress("Disturbing", points * count, quiet=quiet) as advance:
        as_is = level(0.0, chosen.images)
        advance(count)
        curves = []
        for number, each in enumerate(DISTURBANCES):
            levels = [Level(each.unchanged, as_is.accuracy, as_is.interval)]
            for severity in each.severities(side):
                # Every severity has the same noise and directions, so only the amount differs.
                random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
                levels.append(level(severity, _disturbed(chosen.images, each, severity, random)))
                advance(count)
            levels.sort(key=lambda level: level.severity)
            curves.append(Curve(each.name, each.unit, each.unchanged, tuple(levels)))
    return Robustness(count, side, seed, as_is.accuracy, tuple(curves))


def takes_minutes(multiply_adds: int, images: ImageSet) -> bool:
    """Whether even the fewest pictures would take minutes, on a processor.

    Args:
        multiply_adds: Of the network, for one picture.
        images: Those to choose from.
    """
    side = min(images.picture_shape[1:])
    return _points(side) * min(len(images), FEWEST_PICTURES) * multiply_adds > LONG


def _points(side: int) -> int:
    """Severities of all disturbances, and none."""
    return 1 + sum(len(each.severities(side)) for each in DISTURBANCES)


def _disturbed(
    pictures: Pictures, disturbance: Disturbance, severity: float, random: Random
) -> Pictures:
    worse = np.empty_like(pictures)
    for start in range(0, len(pictures), TOGETHER):
        rows = slice(start, start + TOGETHER)
        worse[rows] = disturbance.change(pictures[rows], severity, random)
    return worse
