"""Do images that look alike carry the same label? No training is needed to ask.

Each image is labelled by a vote of its nearest neighbours, by the plain distance of pixels. That
is a poor classifier, but on any data with something to learn it beats chance. What chance gives is
measured by the same vote on shuffled labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from convscope.data.convert import resize
from convscope.data.image_set import ImageSet

IMAGES = 2000  # of each set, at most
SMALL = 16  # pixels: fine detail only disturbs the distance
VOTERS = 5
AGREEING = 4  # of the voters, for them to contradict a label
SHUFFLES = 40
FEWEST = 100  # images, below which nothing is claimed
ONE_CLASS = 0.75  # chance above this means that nearly all images are of one class
SURE = 4.0  # standard deviations above chance


@dataclass(frozen=True)
class Vote:
    """How the vote agrees with the labels.

    Attributes:
        accuracy: Share of images whose label is that of most neighbours.
        chance: Mean of this share when the labels are shuffled.
        spread: Standard deviation of this share when the labels are shuffled.
        contradicted: Share of images whose neighbours (4 of 5) agree on another label.
        images: Number of images that were asked about.
    """

    accuracy: float
    chance: float
    spread: float
    contradicted: float
    images: int

    @property
    def says_nothing(self) -> bool:
        """Whether the vote is no better than chance, although it could be.

        It couldn't on few images, nor where most are of one class: that one wins every vote.
        """
        is_fair = self.images >= FEWEST and self.chance < ONE_CLASS
        return is_fair and self.accuracy <= self.chance + SURE * self.spread

    @property
    def is_informative(self) -> bool:
        """Whether there are enough images, and the vote clearly beats chance."""
        return self.images >= FEWEST and self.accuracy > self.chance + SURE * self.spread


def vote(train: ImageSet, asked: ImageSet | None = None) -> Vote:
    """Label images by their neighbours among the training images.

    Args:
        train: Training images, of which up to 2,000 are taken.
        asked: Images to label; None: each of the training images by the others.
    """
    random = np.random.default_rng(0)
    known, known_labels = _sample(train, random)
    if asked is None:
        points, labels = known, known_labels
    else:
        points, labels = _sample(asked, random)
    distances = torch.cdist(points, known)  # (asked, known)
    if asked is None:
        distances.fill_diagonal_(torch.inf)
    voters = min(VOTERS, distances.shape[1] - 1)
    neighbours = distances.topk(max(1, voters), largest=False).indices  # (asked, voters)
    classes = len(train.classes)
    elected, votes = _elect(known_labels[neighbours], classes)
    right = elected == labels
    by_chance = []
    for _ in range(SHUFFLES):
        shuffled = known_labels[torch.from_numpy(random.permutation(len(known_labels)))]
        theirs = shuffled if asked is None else labels
        by_chance.append(float((_elect(shuffled[neighbours], classes)[0] == theirs).float().mean()))
    return Vote(
        accuracy=float(right.float().mean()),
        chance=float(np.mean(by_chance)),
        spread=float(np.std(by_chance)),
        contradicted=float((~right & (votes >= AGREEING)).float().mean()),
        images=len(labels),
    )


def sample(images: ImageSet, most: int, random: np.random.Generator) -> ImageSet:
    """Up to `most` images of a set, drawn at random, in the order of the set."""
    if len(images) <= most:
        return images
    return images.subset(np.sort(random.choice(len(images), most, replace=False)))


def _sample(images: ImageSet, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Points (N, C·S·S) float32 and labels (N,)."""
    chosen = sample(images, IMAGES, random)
    pixels = torch.from_numpy(np.array(chosen.images)).float() / 255
    side = min(pixels.shape[2:])
    return resize(pixels, min(side, SMALL)).flatten(1), torch.from_numpy(chosen.labels)


def _elect(labels: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """The label with the most votes, and how many it got: (N, voters) to two of (N,)."""
    counts = torch.zeros(len(labels), classes, dtype=torch.long)
    counts.scatter_add_(1, labels, torch.ones_like(labels))
    most = counts.max(dim=1)
    return most.indices, most.values
