"""What the images need next: the few things that would help most, by the mistakes they touch.

* **Labels to look at**: mistakes of which the network is surer than it is, on the average, of
  images that have that label and are recognized. This is how confident learning finds wrong labels
  (Northcutt et al. 2021, "Confident learning: estimating uncertainty in dataset labels", sec. 3).
* **Small classes**: fewer training images than `data --check` calls small, or than half of the
  usual class, and recognized worse than the others.
* **Images unlike the rest**: to which the model says "unknown", and that are given a wrong class.
* **Lost detail**: files of twice the height and width that images are read at, or more. How many
  mistakes come from it can't be counted, so it is named last.

The first and the third are left out where less than half of the images are recognized: then
mistakes say more of the network than of the images.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from convscope.data.check.classes import SMALL
from convscope.data.image_set import ImageSet
from convscope.evaluation.calibration import calibrate_probabilities
from convscope.evaluation.evaluation import ClassScore, Mistake
from convscope.evaluation.logits import Logits
from convscope.evaluation.next_step import NextStep
from convscope.evaluation.unknown import is_unknown
from convscope.look.names import join_names
from convscope.look.numbers import counted, percent
from convscope.runs.model_file import ModelCard

MOST = 3
"""Things that are named: more is a list, and no advice."""

SHOWN = 3
WORSE = 0.05
"""By so much less of a small class must be recognized than of the others."""

LOST = 2.0
"""From this ratio of sides on, images lose detail that a person would see."""


def find_next_steps(
    logits: Logits,
    images: ImageSet,
    mistakes: tuple[Mistake, ...],
    scores: tuple[ClassScore, ...],
    trained: Mapping[str, int],
    card: ModelCard,
) -> tuple[NextStep, ...]:
    """The most useful things to do about the images, those that touch most mistakes first.

    Args:
        logits: Of the images evaluated, with their labels.
        images: The images.
        mistakes: The wrong ones, the most confident first.
        scores: How well each class is recognized.
        trained: Class → number of its training images; empty where that isn't known.
        card: The model's card.
    """
    found = _small_classes(scores, trained)
    if 2 * len(mistakes) <= len(logits.labels):
        found += _labels_to_look_at(logits, mistakes, card)
        found += _unlike_the_rest(logits, images, mistakes, card)
    found.sort(key=lambda each: -each.mistakes)
    return tuple([*found, *_lost_detail(images, mistakes, card)][:MOST])


def _labels_to_look_at(
    logits: Logits, mistakes: tuple[Mistake, ...], card: ModelCard
) -> list[NextStep]:
    probabilities = calibrate_probabilities(logits.values, card)
    labels = logits.labels
    right = probabilities.argmax(dim=1) == labels
    usual: dict[str, float] = {}
    for number, name in enumerate(card.classes):
        members = right & (labels == number)
        if members.any():
            usual[name] = float(probabilities[members, number].mean())
    sure = [each for each in mistakes if each.probability >= usual.get(each.predicted, 2.0)]
    if not sure:
        return []
    first = sure[0]
    text = (
        f"Look at the labels of {counted(len(sure), 'image')}: the network is as sure of another "
        f"class as it is where it is right. First: {first.path}, labelled {first.label!r}, taken "
        f"for {first.predicted!r} with {percent(first.probability)}."
    )
    return [NextStep("label", text, len(sure), tuple(each.path for each in sure))]


def _small_classes(scores: tuple[ClassScore, ...], trained: Mapping[str, int]) -> list[NextStep]:
    known = [score for score in scores if score.recall is not None and trained.get(score.name)]
    if len(known) < 2:
        return []
    usual = float(np.median([trained[score.name] for score in known]))
    small = []
    for score in known:
        others = [each.recall for each in known if each is not score and each.recall is not None]
        is_small = trained[score.name] < max(SMALL, usual / 2)
        if is_small and (score.recall or 0.0) < np.mean(others) - WORSE:
            small.append(score)
    if not small:
        return []
    wrong = {each.name: each.count - round((each.recall or 0.0) * each.count) for each in small}
    small.sort(key=lambda each: -wrong[each.name])
    listed = join_names(
        (
            f"{each.name!r} ({trained[each.name]:,} to train on, {percent(each.recall, 0)} of "
            f"{each.count:,} recognized)"
            for each in small
        ),
        most=SHOWN,
    )
    text = f"Add images of {listed}: fewer and recognized worse than the others. Or try --balance."
    return [NextStep("small class", text, sum(wrong.values()))]


def _unlike_the_rest(
    logits: Logits, images: ImageSet, mistakes: tuple[Mistake, ...], card: ModelCard
) -> list[NextStep]:
    unknown = is_unknown(logits.values, card)
    strange = [each.index for each in mistakes if bool(unknown[each.index])]
    if not strange:
        return []
    paths = tuple(str(images.paths[index]) for index in strange)
    text = (
        f"Look at {counted(len(paths), 'image')} unlike those trained on, given a wrong class: add "
        f"more of the kind, or leave them out. First: {paths[0]}."
    )
    return [NextStep("unlike the rest", text, len(paths), paths)]


def _lost_detail(
    images: ImageSet, mistakes: tuple[Mistake, ...], card: ModelCard
) -> list[NextStep]:
    sizes = images.original_sizes
    if not sizes or not mistakes:
        return []
    sides = np.repeat([min(size) for size in sizes], list(sizes.values()))
    usual = float(np.median(sides))
    if usual < LOST * card.size:
        return []
    height, width = max(sizes, key=lambda size: sizes[size])
    text = (
        f"Most files are much larger ({height}×{width} most often) than the "
        f"{card.size}×{card.size} they are read at. If details matter: --size {2 * card.size}, "
        "in four times the time."
    )
    return [NextStep("lost detail", text, 0)]
