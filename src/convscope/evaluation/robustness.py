"""How accuracy falls as images get worse.

Severities are for images as they are stored, before a network enlarges them. Everything is
computed from the images, the severity and the seed: the same run gives the same figures again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from convscope.data.image_set import ImageSet, spread_evenly
from convscope.evaluation.disturbances import DISTURBANCES, Disturbance, Images, Random
from convscope.evaluation.logits import compute_logits
from convscope.look.progress import progress
from convscope.runs.interval import wilson_interval
from convscope.runs.model import Model

MOST_IMAGES = 1000
FEWEST_IMAGES = 200  # with fewer, the interval of an accuracy spans more than 14 points
MOST_MACS = 1.5e12  # for all curves: about fifteen seconds on a processor of two cores
LONG = 1e13  # MACs for the fewest images: minutes on a processor of two cores
MOST_NUMBERS = 3e7  # of the images' pixels: all disturbances of as many take as long
SECONDS_PER_NUMBER = 5e-7  # of that, half a microsecond each, more than half for the blur
TOGETHER, NUMBERS_TOGETHER = 128, 4e6  # images disturbed at once, fewer if they are large


@dataclass(frozen=True)
class Level:
    """Accuracy at one severity.

    Attributes:
        severity: In the curve's unit.
        accuracy: Share of the images given their true class.
        interval: 95 % confidence interval of the accuracy.
    """

    severity: float
    accuracy: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Curve:
    """Accuracy against the severity of one disturbance.

    Attributes:
        name: The disturbance.
        unit: What severities are counted in.
        unchanged: The severity at which images are as they were.
        levels: In the order of the severities; one of them is of the images as they were.
    """

    name: str
    unit: str
    unchanged: float
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class Robustness:
    """What all disturbances do to accuracy.

    Attributes:
        images: How many were disturbed, evenly spread over those evaluated.
        side: Their shorter side, in pixels.
        seed: Decides the noise and the directions.
        accuracy: Share of these images, as they are, given their true class.
        curves: One for each disturbance.
    """

    images: int
    side: int
    seed: int
    accuracy: float
    curves: tuple[Curve, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "images": self.images,
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
    model: Model,
    images: ImageSet,
    *,
    macs: int,
    device: torch.device,
    batch_size: int = 64,
    seed: int = 0,
    quiet: bool = False,
) -> Robustness:
    """Evaluate a network on images that get worse and worse.

    Args:
        model: The network is moved to the device.
        images: Labelled images with the card's channels. At most 1,000 are used, evenly spread;
            fewer, but at least 200, where network or images are so large that it would take long.
        macs: What the network takes for one image.
        device: Where to compute.
        batch_size: Images that go through the network together.
        seed: Decides the noise and the directions.
        quiet: Show no progress.
    """
    side = min(images.image_shape[1:])
    points, count = _points(side), _images_used(macs, len(images), images.image_shape)
    chosen = images.subset(spread_evenly(len(images), count))

    def level(severity: float, changed: Images) -> Level:
        worse = ImageSet(changed, chosen.labels, chosen.classes)
        logits = compute_logits(model, worse, batch_size=batch_size, device=device)
        right = round(logits.accuracy * count)
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
                levels.append(level(severity, _disturb(chosen.images, each, severity, random)))
                advance(count)
            levels.sort(key=lambda level: level.severity)
            curves.append(Curve(each.name, each.unit, each.unchanged, tuple(levels)))
    return Robustness(count, side, seed, as_is.accuracy, tuple(curves))


def takes_minutes(macs: int, images: ImageSet) -> bool:
    """Whether even the fewest images would take minutes, on a processor.

    Args:
        macs: What the network takes for one image.
        images: Those to choose from.
    """
    return _is_long(macs, len(images), min(images.image_shape[1:]))


def count_predictions(macs: int, images: int, shape: tuple[int, int, int]) -> int:
    """How many images go through a network after training, to measure its robustness.

    Args:
        macs: What the network takes for one image.
        images: How many there are to choose from.
        shape: (C, H, W) of the images as they are stored.

    Returns:
        Images at all severities; 0 where it is left out, because it takes minutes.
    """
    side = min(shape[1:])
    return 0 if _is_long(macs, images, side) else _points(side) * _images_used(macs, images, shape)


def disturbing_seconds(macs: int, images: int, shape: tuple[int, int, int]) -> float:
    """About how long it takes to disturb the images, on one processor core; as `count_predictions`.

    What the network takes for the disturbed images comes on top of it.
    """
    if _is_long(macs, images, min(shape[1:])):
        return 0.0
    return SECONDS_PER_NUMBER * math.prod(shape) * _images_used(macs, images, shape)


def _is_long(macs: int, images: int, side: int) -> bool:
    return _points(side) * min(images, FEWEST_IMAGES) * macs > LONG


def _images_used(macs: int, images: int, shape: tuple[int, int, int]) -> int:
    by_network = MOST_MACS / (_points(min(shape[1:])) * max(1, macs))
    by_pixels = MOST_NUMBERS / math.prod(shape)
    return min(images, MOST_IMAGES, max(FEWEST_IMAGES, int(min(by_network, by_pixels))))


def _points(side: int) -> int:
    """Severities of all disturbances, and none."""
    return 1 + sum(len(each.severities(side)) for each in DISTURBANCES)


def _disturb(images: Images, disturbance: Disturbance, severity: float, random: Random) -> Images:
    worse = np.empty_like(images)
    together = max(1, min(TOGETHER, int(NUMBERS_TOGETHER / images[0].size)))
    for start in range(0, len(images), together):
        rows = slice(start, start + together)
        worse[rows] = disturbance.change(images[rows], severity, random)
    return worse
