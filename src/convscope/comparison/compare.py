"""Compare runs, and groups of runs over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.comparison.contender import Contender, open_contenders
from convscope.comparison.pairs import Pair, all_pairs
from convscope.comparison.power import LEVEL
from convscope.comparison.significance import McNemar
from convscope.comparison.words import sentence
from convscope.look.html import escape, table
from convscope.look.numbers import percent
from convscope.runs.differences import find_differing_fields
from convscope.runs.fold_group import FoldGroup
from convscope.runs.run import Run
from convscope.runs.seed_group import SeedGroup

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Comparison:
    """Runs beside one another.

    Attributes:
        contenders: Runs and groups of seeds, the most accurate first.
        differences: Fields of the recipes that aren't the same in all, each with its value in
            every contender, in their order.
        pairs: Every two, with the test of their difference.
        notes: What a reader of the figures must know besides.
    """

    contenders: tuple[Contender, ...]
    differences: dict[str, tuple[Any, ...]]
    pairs: tuple[Pair, ...]
    notes: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """What each pair came to, in words."""
        return tuple(sentence(pair) for pair in self.pairs)

    def __str__(self) -> str:
        from convscope.comparison.text import comparison_text

        return comparison_text(self)

    def _repr_html_(self) -> str:
        rows = [
            (
                each.name,
                percent(each.accuracy, 2),
                f"{percent(each.interval[0], 2)}–{percent(each.interval[1], 2)}",
            )
            for each in self.contenders
        ]
        notes = "".join(f"<p>{escape(text)}</p>" for text in (*self.sentences, *self.notes))
        return table(rows, ["run", "accuracy", "interval"]) + notes

    def figure(self, path: str | Path | None = None) -> Figure:
        """The accuracies with their intervals, and those after every epoch, as a figure.

        Args:
            path: The PNG to write; None writes none.
        """
        from convscope.comparison.figure import comparison_figure

        return comparison_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        names = [contender.name for contender in self.contenders]
        return {
            "runs": [contender.as_dict() for contender in self.contenders],
            "differences": {
                field: dict(zip(names, values, strict=True))
                for field, values in self.differences.items()
            },
            "level": LEVEL,
            "pairs": [
                {**pair.as_dict(), "sentence": text}
                for pair, text in zip(self.pairs, self.sentences, strict=True)
            ],
            "notes": list(self.notes),
        }


def compare(runs: Sequence[str | Path | Run | SeedGroup | FoldGroup]) -> Comparison:
    """Put runs beside one another and test whether their differences exceed chance.

    Two runs evaluated on the same test images are compared by McNemar's exact test, groups of seeds
    by a permutation test of their means. With more than two, every pair is tested, and Holm's
    method corrects for their number. Differences count as shown at the level 5 %.

    Args:
        runs: Two or more runs, groups of `train_seeds` or `train_folds`, or folders of these. Folds
            count as one run, tested on the images of all of them.

    Raises:
        UsageError: Fewer than two, one given twice, not a run, or a run that hasn't ended.
        ConvscopeError: A file of a run is damaged.
    """
    contenders = sorted(open_contenders(runs), key=lambda each: -each.accuracy)
    pairs = all_pairs(contenders)
    # The table has a column for these already, and seeds within a group differ by design.
    ignored = ["network", "data"]
    if any(contender.is_group for contender in contenders):
        ignored.append("seed")
    return Comparison(
        contenders=tuple(contenders),
        differences=find_differing_fields([each.recipe for each in contenders], ignored),
        pairs=pairs,
        notes=tuple(_notes(contenders, pairs)),
    )


def _notes(contenders: Sequence[Contender], pairs: Sequence[Pair]) -> list[str]:
    notes = []
    for each in contenders:
        if each.evaluated[0].split == "validation":
            notes.append(
                f"{each.name} was evaluated on validation images, by which its best epoch was "
                "chosen: on new images it may do worse."
            )
        if each.failures:
            seeds = ", ".join(str(seed) for seed in sorted(each.failures))
            left_out = len([seed for seed in each.failures if seed not in each.seeds])
            without = f"; the figures are without {left_out} of them" if left_out else ""
            noun = "seed" if len(each.failures) == 1 else "seeds"
            notes.append(f"{each.name}: failed with {noun} {seeds}{without}.")
    notes += _changed_images(contenders)
    comparisons = max((pair.comparisons for pair in pairs), default=0)
    if comparisons > 1:
        notes.append(
            f"Of {comparisons} comparisons made at once, one easily looks large by chance, so each "
            "has to be rarer than 5 times in 100 (Holm's correction)."
        )
    if any(isinstance(pair.outcome, McNemar) for pair in pairs):
        notes.append(
            "McNemar's test compares two trained networks. Whether one recipe is better than "
            "another takes seeds of both: convscope train NETWORK DATA --seeds 5."
        )
    return notes


def _changed_images(contenders: Sequence[Contender]) -> list[str]:
    """A note for each contender trained on other images than its recipe lets one expect."""
    seen: dict[tuple[Any, ...], Contender] = {}
    notes = []
    for each in contenders:
        recipe = each.recipe
        shape = each.evaluated[0].image_shape
        first = seen.setdefault((recipe.data, recipe.size, recipe.validation, shape), each)
        if first.data_fingerprint != each.data_fingerprint:
            notes.append(
                f"{first.name} and {each.name} were trained on different images, though both "
                f"recipes name {recipe.data or 'arrays'}."
            )
    return notes
