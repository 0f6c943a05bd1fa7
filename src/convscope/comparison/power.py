"""How much it would take to see a difference as small as the one at hand.

All are estimates for a test at the level 5 %, two-sided, that sees the difference in 80 of 100
tries, if it is truly as large as it seems here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

LEVEL = 0.05
Z_LEVEL = 1.959964  # 97.5 % of a standard normal distribution lies below
Z_POWER = 0.841621  # 80 % lies below


def images_needed(only_first_right: int, only_second_right: int, images: int) -> int | None:
    """Test images that McNemar's test would need; None where there is no difference.

    n = (z₁ √ψ + z₂ √(ψ − δ²))² / δ², where ψ is the share of images that just one gets right and
    δ the difference of accuracy. Connor, "Sample size for testing differences in proportions for
    the paired-sample design", 1987.

    Args:
        only_first_right: As for `mcnemar`.
        only_second_right: As for `mcnemar`.
        images: How many were evaluated.
    """
    if only_first_right == only_second_right:
        return None
    uneven = (only_first_right + only_second_right) / images
    difference = (only_first_right - only_second_right) / images
    root = Z_LEVEL * math.sqrt(uneven) + Z_POWER * math.sqrt(uneven - difference**2)
    return math.ceil((root / difference) ** 2)


def seeds_needed(
    first: Sequence[float], second: Sequence[float], comparisons: int = 1
) -> int | None:
    """Seeds of each group that the permutation test would need; None where that can't be told.

    n = 2 (z₁ + z₂)² s² / d², for groups with the standard deviation s whose means differ by d; at
    least as many as `fewest_seeds`. Cohen, "Statistical power analysis for the behavioral
    sciences", 1988, section 2.4.

    Args:
        first: Accuracies of the seeds.
        second: Accuracies of the other group's seeds.
        comparisons: How many are made at once.
    """
    difference = float(np.mean(first) - np.mean(second))
    freedom = len(first) + len(second) - 2
    if difference == 0 or freedom == 0:
        return None
    squares = sum(float(np.var(group)) * len(group) for group in (first, second))
    needed = 2 * (Z_LEVEL + Z_POWER) ** 2 * squares / freedom / difference**2
    return max(math.ceil(needed), fewest_seeds(comparisons))


def fewest_seeds(comparisons: int = 1) -> int:
    """Seeds of each group below which a permutation test can't show any difference.

    Args:
        comparisons: How many are made at once, corrected for by `holm`.
    """
    seeds = 2
    while comparisons * 2 / math.comb(2 * seeds, seeds) > LEVEL:
        seeds += 1
    return seeds
