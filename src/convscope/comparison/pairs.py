"""Two contenders beside one another: which is better, and how often chance alone does as much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from convscope.comparison.contender import Contender
from convscope.comparison.evaluation_record import why_not_same_images
from convscope.comparison.power import LEVEL, images_needed, seeds_needed
from convscope.comparison.significance import (
    McNemar,
    Permutation,
    holm,
    mcnemar,
    permutation_test,
)
from convscope.runs.differences import find_differing_fields


@dataclass(frozen=True)
class Pair:
    """Two contenders and the test of their difference.

    Attributes:
        first: The one with the higher mean accuracy.
        second: The other.
        outcome: What the test gave; None where they can't be compared.
        reason: Why they can't be.
        corrected: The p-value, corrected for the number of comparisons; 1 without a test.
        comparisons: That number.
    """

    first: Contender
    second: Contender
    outcome: McNemar | Permutation | None
    reason: str | None
    corrected: float
    comparisons: int

    @property
    def difference(self) -> float:
        """The difference of the mean accuracies; never below 0."""
        return self.first.spread.mean - self.second.spread.mean

    @property
    def is_shown(self) -> bool:
        """Whether chance alone would give such a difference in at most 5 of 100 cases."""
        return self.corrected <= LEVEL

    @property
    def has_too_few_seeds(self) -> bool:
        """Whether no difference, however large, could be shown from this many seeds."""
        if self.is_shown or not isinstance(self.outcome, Permutation):
            return False
        return self.outcome.least * self.comparisons > LEVEL

    @property
    def needed(self) -> int | None:
        """How much it takes to see a difference this small.

        Test images for McNemar's test, seeds of each for a permutation test. None where there
        is no difference, or its size against chance can't be told.
        """
        if isinstance(self.outcome, McNemar):
            only_right = self.outcome.only_first_right, self.outcome.only_second_right
            return images_needed(*only_right, self.first.evaluated[0].images)
        if isinstance(self.outcome, Permutation):
            return seeds_needed(self.first.accuracies, self.second.accuracies, self.comparisons)
        return None

    @property
    def differing_fields(self) -> list[str]:
        """The fields of the recipe in which they differ."""
        recipes = [self.first.recipe, self.second.recipe]
        ignored = ["seed"] if self.first.is_group or self.second.is_group else []
        return list(find_differing_fields(recipes, ignored))

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        test = {McNemar: "McNemar", Permutation: "permutation"}.get(type(self.outcome))
        return {
            "first": self.first.name,
            "second": self.second.name,
            "difference": self.difference,
            "test": test,
            **(asdict(self.outcome) if self.outcome else {"p_value": None}),
            "corrected_p_value": self.corrected if self.outcome else None,
            "is_shown": self.is_shown,
            "has_too_few_seeds": self.has_too_few_seeds,
            "needed": self.needed,
            "reason": self.reason,
        }


def all_pairs(contenders: Sequence[Contender]) -> tuple[Pair, ...]:
    """Every two contenders, tested; the p-values are corrected by Holm's method.

    Two runs are put to McNemar's test. Where there are seeds, on one side or both, the means are
    put to a permutation test: it takes in what the seed does, which McNemar's test can't.
    """
    couples = [_ordered(*couple) for couple in combinations(contenders, 2)]
    reasons = [_why_not(*couple) for couple in couples]
    outcomes = [
        None if reason else _test(*couple) for couple, reason in zip(couples, reasons, strict=True)
    ]
    p_values = [outcome.p_value for outcome in outcomes if outcome]
    corrected = iter(holm(p_values))
    return tuple(
        Pair(*couple, outcome, reason, next(corrected) if outcome else 1.0, len(p_values))
        for couple, outcome, reason in zip(couples, outcomes, reasons, strict=True)
    )


def _ordered(one: Contender, other: Contender) -> tuple[Contender, Contender]:
    return (one, other) if one.spread.mean >= other.spread.mean else (other, one)


def _why_not(first: Contender, second: Contender) -> str | None:
    """Why two contenders can't be compared; None if they can."""
    anchor = first.evaluated[0]
    reasons = (why_not_same_images(anchor, each) for each in (*first.evaluated, *second.evaluated))
    return next((reason for reason in reasons if reason), None)


def _test(first: Contender, second: Contender) -> McNemar | Permutation:
    if first.is_group or second.is_group:
        return permutation_test(first.accuracies, second.accuracies)
    wrong, wrong_second = first.evaluated[0].wrong, second.evaluated[0].wrong
    return mcnemar(len(wrong_second - wrong), len(wrong - wrong_second))
