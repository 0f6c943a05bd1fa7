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
MACS_PER_SECOND = 1e11  # that a processor of two cores computes, about
SECONDS_PER_NUMBER = 5e-7  # for all disturbances of a pixel's channel, more than half for the blur
MOST_SECONDS = 15.0  # by these two rates and not by a clock, so that a run's figures are the same
LONG = 100.0  # seconds for the fewest images that nobody waits for unasked
BRIEF = 2.0  # seconds that nobody minds after a training, however short it was
SHARE_OF_TRAINING = 0.03
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
    seconds: float = math.inf,
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
        seconds: What it may take, as for `count_disturbed`; the fewest images take it anyway.
        batch_size: Images that go through the network together.
        seed: Decides the noise and the directions.
        quiet: Show no progress.
    """
    side, shape = min(images.image_shape[1:]), images.image_shape
    points, count = _points(side), count_disturbed(macs, len(images), shape, seconds)
    count = count or min(len(images), FEWEST_IMAGES)
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


def seconds_after_training(macs: int, images_trained: int) -> float:
    """How long the robustness may take after a training: 3 % of it, or two seconds.

    Args:
        macs: What the network takes for one image, forward; a step takes three times as much.
        images_trained: How many images the whole network has learned from, each as often as it
            was seen.
    """
    return max(BRIEF, SHARE_OF_TRAINING * 3 * macs * images_trained / MACS_PER_SECOND)


def count_disturbed(
    macs: int, images: int, shape: tuple[int, int, int], seconds: float = math.inf
) -> int:
    """How many images are disturbed: as many as are quick, at most 1,000.

    Args:
        macs: What the network takes for one image.
        images: How many there are to choose from.
        shape: (C, H, W) of the images as they are stored.
        seconds: What it may take, on a processor of two cores.

    Returns:
        0 where even 200 images, or all where there are fewer, would take longer.
    """
    each = _seconds_per_image(macs, shape)
    if min(images, FEWEST_IMAGES) * each > min(LONG, seconds):
        return 0
    quick = int(min(MOST_SECONDS, seconds) / each)
    return min(images, MOST_IMAGES, max(FEWEST_IMAGES, quick))


def count_predictions(
    macs: int, images: int, shape: tuple[int, int, int], seconds: float = math.inf
) -> int:
    """How many images go through a network to measure its robustness: those of all severities.

    Args:
        macs: As for `count_disturbed`, like the others.
        images: How many there are to choose from.
        shape: (C, H, W) of the images as they are stored.
        seconds: What it may take.
    """
    return _points(min(shape[1:])) * count_disturbed(macs, images, shape, seconds)


def disturbing_seconds(
    macs: int, images: int, shape: tuple[int, int, int], seconds: float = math.inf
) -> float:
    """About how long it takes to disturb the images, on one processor core.

    What the network takes for the disturbed images comes on top of it.

    Args:
        macs: As for `count_disturbed`, like the others.
        images: How many there are to choose from.
        shape: (C, H, W) of the images as they are stored.
        seconds: What it may take.
    """
    return SECONDS_PER_NUMBER * math.prod(shape) * count_disturbed(macs, images, shape, seconds)


def _seconds_per_image(macs: int, shape: tuple[int, int, int]) -> float:
    """For all severities of one image."""
    predicting = _points(min(shape[1:])) * macs / MACS_PER_SECOND
    return predicting + SECONDS_PER_NUMBER * math.prod(shape)


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
