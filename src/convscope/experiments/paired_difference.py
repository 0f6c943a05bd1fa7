"""How much one way is better than another, and how sure that is, from runs in pairs.

A pair has everything in common (images held out, order, first weights as far as shapes allow) but
the one thing that is compared, so what the two share by chance cancels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from convscope.errors import UsageError

Z_95 = 1.959964  # 97.5 % of a standard normal distribution lies below
FEWEST = 5  # pairs: below, the interval says nothing


@dataclass(frozen=True)
class PairedDifference:
    """The mean of the differences of pairs, first minus second, with its 95 % interval.

    Attributes:
        mean: Mean of the differences, in the unit of the values.
        low: Where the interval begins; −∞ with fewer than 5 pairs.
        high: Where it ends; ∞ with fewer than 5 pairs.
        pairs: How many there were.
    """

    mean: float
    low: float
    high: float
    pairs: int

    def is_above(self, limit: float) -> bool | None:
        """Whether the true difference lies above `limit`: None where the interval holds it."""
        if self.low > limit:
            return True
        return False if self.high < limit else None

    def is_below(self, limit: float) -> bool | None:
        """Whether the true difference lies below `limit`: None where the interval holds it."""
        above = self.is_above(limit)
        return None if above is None else not above

    def is_within(self, margin: float) -> bool | None:
        """Whether the true difference is smaller than `margin`, either way: None if undecided."""
        if -margin < self.low and self.high < margin:
            return True
        return False if self.low > margin or self.high < -margin else None


def measure_difference(first: Sequence[float], second: Sequence[float]) -> PairedDifference:
    """The mean difference of pairs and its 95 % interval: mean ± t · s / √n.

    Student, "The probable error of a mean", Biometrika 1908.

    Args:
        first: One value for each pair.
        second: The other values, in the same order.

    Raises:
        UsageError: There are none, or not as many of one as of the other.
    """
    if len(first) != len(second) or not len(first):
        raise UsageError(
            "measure_difference takes as many first values as second ones, at least one; "
            f"got {len(first)} and {len(second)}."
        )
    differences = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    count, mean = len(differences), float(differences.mean())
    half = float("inf")
    if count >= FEWEST:
        half = student_95(count - 1) * float(differences.std(ddof=1)) / count**0.5
    return PairedDifference(mean, mean - half, mean + half, count)


def student_95(freedom: int) -> float:
    """What 97.5 % of Student's t distribution lies below, for 4 or more degrees of freedom.

    Its expansion around the normal distribution, within 0.01 of the tables: Abramowitz and
    Stegun, "Handbook of mathematical functions", 1964, 26.7.5.
    """
    z, n = Z_95, float(freedom)
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * n**4)
    )
