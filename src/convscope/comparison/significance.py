"""How often chance alone would give a difference as large as the one seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

MOST_DIVISIONS = 20_000  # of seeds into two groups; of more, RANDOM_DIVISIONS are drawn
RANDOM_DIVISIONS = 10_000
ROUNDING = 1e-12  # differences of accuracies this close are the same


@dataclass(frozen=True)
class McNemar:
    """What McNemar's test gave.

    Attributes:
        p_value: How often chance alone would divide the images at least as unevenly.
        only_first_right: Images that just the first network gets right.
        only_second_right: Images that just the second gets right.
    """

    p_value: float
    only_first_right: int
    only_second_right: int


@dataclass(frozen=True)
class Permutation:
    """What a permutation test gave.

    Attributes:
        p_value: Share of the divisions whose difference is at least as large as the one seen.
        least: The smallest p-value that groups of these sizes can give.
        divisions: How many were looked at.
        exact: Whether these are all there are.
    """

    p_value: float
    least: float
    divisions: int
    exact: bool


def mcnemar(only_first_right: int, only_second_right: int) -> McNemar:
    """McNemar's test, in its exact form, for two networks evaluated on the same images.

    Images that both get right, or both wrong, say nothing of which is better. If neither is,
    each of the others goes to one or the other as a coin falls: Binomial(n, 1/2). The p-value is
    the probability of a division at least as uneven, either way.

    McNemar, "Note on the sampling error of the difference between correlated proportions or
    percentages", 1947; for classifiers: Dietterich, "Approximate statistical tests for comparing
    supervised classification learning algorithms", 1998, section 3.1.

    Args:
        only_first_right: Images that the first gets right and the second wrong.
        only_second_right: The other way round.
    """
    n, fewer = only_first_right + only_second_right, min(only_first_right, only_second_right)
    tail = math.fsum(math.exp(_log_choose(n, k) - n * math.log(2)) for k in range(fewer + 1))
    return McNemar(min(1.0, 2 * tail), only_first_right, only_second_right)


def permutation_test(first: Sequence[float], second: Sequence[float]) -> Permutation:
    """Whether two groups of values differ in their mean by more than chance.

    If the groups don't differ, every division of all values into groups of these sizes is as
    probable as the one seen. Fisher, "The design of experiments", 1935, section 21. Where there
    are too many divisions, 10,000 are drawn at random, always the same, and the one seen is added
    to them, so that no p-value is 0: Phipson and Smyth, "Permutation p-values should never be
    zero", 2010.

    Args:
        first: At least one value.
        second: At least one value.
    """
    values = np.array([*first, *second])
    size, count = len(first), len(values)
    seen = abs(values[:size].mean() - values[size:].mean())
    total = math.comb(count, size)
    # Groups of the same size can change places, which gives the same difference once more.
    alike = 2 if 2 * size == count else 1
    if total <= MOST_DIVISIONS:
        chosen = np.array(list(combinations(range(count), size)))
        hits = int((_differences(values, chosen) >= seen - ROUNDING).sum())
        return Permutation(hits / total, alike / total, total, exact=True)
    random = np.random.default_rng(0)
    order = random.permuted(np.tile(np.arange(count), (RANDOM_DIVISIONS, 1)), axis=1)
    hits = int((_differences(values, order[:, :size]) >= seen - ROUNDING).sum())
    least = 1 / (RANDOM_DIVISIONS + 1)
    return Permutation((hits + 1) * least, least, RANDOM_DIVISIONS, exact=False)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for being several, in the same order.

    With each compared to a level such as 0.05, the probability of seeing even one difference
    where there is none stays below that level. Holm, "A simple sequentially rejective multiple
    test procedure", 1979.
    """
    corrected = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, (len(p_values) - rank) * p_values[index])
        corrected[index] = min(1.0, largest)
    return corrected


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _differences(values: NDArray[np.float64], chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """|mean of the chosen − mean of the others|, for each row of `chosen` (divisions, size)."""
    size, count = chosen.shape[1], len(values)
    sums = values[chosen].sum(axis=1)
    differences: NDArray[np.float64] = np.abs(sums / size - (values.sum() - sums) / (count - size))
    return differences
