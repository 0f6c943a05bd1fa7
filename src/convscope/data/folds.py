"""Dividing images into folds for cross-validation: each image is tested on once.

Every class is spread evenly over the folds, and what belongs together stays in one fold. Groups
come first, those that weigh most first, each where the classes then lie most evenly; then single
images fill up what is missing of their class.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from convscope.data.splits import Rows
from convscope.errors import UsageError

Fold: TypeAlias = tuple[int, int]
"""Which of how many, from 1 on: (2, 5) is the second of five."""


def split_folds(
    labels: NDArray[np.int64], count: int, seed: int, groups: list[list[int]]
) -> list[Rows]:
    """The rows of each fold.

    Args:
        labels: (N,), the class of each image.
        count: How many folds, at least 2.
        seed: Decides which images come together.
        groups: Rows that belong together; no row in two groups.

    Returns:
        `count` arrays of rising rows; every row is in one of them.

    Raises:
        UsageError: There are fewer groups and single images than folds.
    """
    random = np.random.default_rng(seed)
    classes = int(labels.max()) + 1
    grouped = {row for group in groups for row in group}
    singles = [row for row in range(len(labels)) if row not in grouped]
    if len(groups) + len(singles) < count:
        raise UsageError(
            f"{count} folds need at least {count} images that don't belong together; there are "
            f"{len(groups) + len(singles)}. Give fewer --folds."
        )
    totals = np.maximum(np.bincount(labels, minlength=classes), 1)
    weights = np.array([np.bincount(labels[group], minlength=classes) for group in groups])
    held = np.zeros((count, classes))
    fold_of = np.zeros(len(labels), dtype=np.intp)
    order = random.permutation(len(groups))
    heavy = sorted(order.tolist(), key=lambda group: -float((weights[group] / totals).max()))
    for group in heavy:
        after = held[None] + np.eye(count)[:, :, None] * weights[group]  # (choice, fold, class)
        uneven = (after / totals).std(axis=1).mean(axis=1)
        best = min(range(count), key=lambda fold: (round(float(uneven[fold]), 9), held[fold].sum()))
        held[best] += weights[group]
        fold_of[groups[group]] = best
    for row in random.permutation(np.array(singles, dtype=np.intp)).tolist():
        label = labels[row]
        best = min(range(count), key=lambda fold: (held[fold, label], held[fold].sum()))
        held[best, label] += 1
        fold_of[row] = best
    return [np.flatnonzero(fold_of == fold) for fold in range(count)]


def choose_groups(
    labels: NDArray[np.int64], rows: Rows, share: float, seed: int, groups: list[list[int]]
) -> Rows:
    """Choose a share of the rows, whole groups only, with every class as near to it as may be.

    The rows are divided into as many folds as the share asks for, and the one whose classes come
    nearest to it is taken. No class is taken whole, for then none of it could be learned.

    Args:
        labels: (N,), the class of each image.
        rows: Those to choose from, in rising order.
        share: From 0 to 1, both excluded.
        seed: Decides which.
        groups: Rows that belong together; no row in two groups, and each may have several classes.

    Returns:
        Rising rows; none where every choice would take a class whole.
    """
    place = {row: number for number, row in enumerate(rows.tolist())}
    within = [[place[row] for row in group if row in place] for group in groups]
    within = [group for group in within if group]
    units = len(within) + len(rows) - sum(map(len, within))
    count = min(max(2, round(1 / share)), units)
    if count < 2:
        return rows[:0]
    own = labels[rows]
    totals = np.bincount(own)
    present = totals > 0

    def distance(fold: Rows) -> tuple[bool, float]:
        taken = np.bincount(own[fold], minlength=len(totals))[present] / totals[present]
        return bool((taken == 1).any()), float(np.abs(taken - share).mean())

    best = min(split_folds(own, count, seed, within), key=distance)
    return rows[:0] if distance(best)[0] else rows[best]
