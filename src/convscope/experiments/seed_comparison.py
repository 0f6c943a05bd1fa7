"""Networks trained from several seeds, beside one another: how much is chance, how much is not."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.comparison.power import seeds_needed
from convscope.comparison.significance import permutation_test
from convscope.errors import UsageError, unknown_name
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.look.printed import Paragraph, Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEVEL = 0.05  # chance alone gives a difference this large in fewer than 5 of 100 such comparisons


@dataclass(frozen=True)
class SeedCurves:
    """One network, trained from several seeds.

    Attributes:
        name: What it is called.
        curves: The test accuracy after each epoch, a tuple for each seed.
    """

    name: str
    curves: tuple[tuple[float, ...], ...]

    @property
    def accuracies(self) -> tuple[float, ...]:
        """The accuracy at the end, by seed."""
        return tuple(curve[-1] for curve in self.curves)

    @property
    def median(self) -> float:
        """Half of the seeds end above it."""
        return statistics.median(self.accuracies)

    @property
    def lowest(self) -> float:
        """The accuracy of the worst seed."""
        return min(self.accuracies)

    @property
    def highest(self) -> float:
        """The accuracy of the best seed."""
        return max(self.accuracies)

    @property
    def standard_deviation(self) -> float:
        """How far seeds lie apart, with n − 1 below the line."""
        return statistics.stdev(self.accuracies)

    def longest_wait(self, accuracy: float) -> int:
        """Most epochs that any seed spent below an accuracy before it first reached it.

        Args:
            accuracy: Share of the test images, from 0 to 1.
        """
        return max(
            next((epoch for epoch, share in enumerate(curve) if share >= accuracy), len(curve))
            for curve in self.curves
        )

    @property
    def largest_fall(self) -> float:
        """The largest fall of any seed's accuracy from one epoch to the next."""
        return max(
            before - after for curve in self.curves for before, after in itertools.pairwise(curve)
        )

    def standard_error(self, images: int) -> float:
        """How far apart accuracies would lie if only the test images were drawn anew: √(p(1−p)/n).

        Args:
            images: How many test images there are.
        """
        share = statistics.fmean(self.accuracies)
        return math.sqrt(share * (1 - share) / images)


@dataclass(frozen=True)
class SeedDifference:
    """How two networks differ over their seeds.

    Attributes:
        mean: Mean accuracy of the first less that of the second.
        p_value: How often chance alone gives a difference as large (permutation test).
        seeds_needed: How many seeds of each it would take to see this difference in 80 of 100
            tries, if it is as large as it seems; None where that can't be told.
    """

    mean: float
    p_value: float
    seeds_needed: int | None

    @property
    def first_is_better(self) -> bool | None:
        """Whether the first is better; None where chance could have done it."""
        return None if self.p_value > LEVEL else self.mean > 0


@dataclass(frozen=True)
class SeedComparison(Printed):
    """Several networks, each trained from several seeds.

    Attributes:
        groups: The networks.
    """

    groups: tuple[SeedCurves, ...]

    def __getitem__(self, name: str) -> SeedCurves:
        """The network of this name.

        Raises:
            UsageError: There is none.
        """
        for group in self.groups:
            if group.name == name:
                return group
        raise unknown_name("network of the comparison", name, [g.name for g in self.groups])

    def difference(self, first: str, second: str) -> SeedDifference:
        """Compare two of the networks at the end of training.

        Args:
            first: Name of the one.
            second: Name of the other.
        """
        one, other = self[first].accuracies, self[second].accuracies
        mean = statistics.fmean(one) - statistics.fmean(other)
        p_value = permutation_test(one, other).p_value
        return SeedDifference(mean, p_value, seeds_needed(one, other))

    def shown(self) -> Iterator[Part]:
        """Median and range of each, the best first."""
        headings = [
            pick("network", "网络"),
            pick("seeds", "种子数"),
            pick("median", "中位数"),
            pick("lowest", "最低"),
            pick("highest", "最高"),
        ]
        ranked = sorted(self.groups, key=lambda group: -group.median)
        rows = [
            [
                group.name,
                str(len(group.curves)),
                *(percent(value, 2) for value in (group.median, group.lowest, group.highest)),
            ]
            for group in ranked
        ]
        yield TextTable(pick("Test accuracy", "测试准确率"), headings, rows)
        yield Paragraph(
            pick("after the last epoch, not the best one", "取最后一轮的结果，不挑最好的一轮"),
            "dim",
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """The accuracy over the epochs: the median, in a band from the worst to the best seed.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.seed_comparison_figure import seed_comparison_figure

        return seed_comparison_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"groups": [asdict(group) for group in self.groups]}


def compare_seed_rows(
    rows: Iterable[Mapping[str, Any]], names: Mapping[str, str], *, curve: str = "test_accuracy"
) -> SeedComparison:
    """Put the curves of stored runs beside one another.

    Args:
        rows: With "network", "seed" and "test_accuracy", a list with a number for each epoch.
        names: The networks to compare, as the rows call them, with the names to show.
        curve: The list that is taken in place of the test accuracy, such as "train_accuracy".

    Raises:
        UsageError: A network has fewer than two rows, or runs differ in their epochs.
    """
    groups = []
    for network, name in names.items():
        mine = sorted((row for row in rows if row["network"] == network), key=lambda r: r["seed"])
        curves = tuple(tuple(row[curve]) for row in mine)
        if len(curves) < 2:
            raise UsageError(f"There are {len(curves)} runs of {network!r}; a spread takes two.")
        groups.append(SeedCurves(name, curves))
    _check_epochs(groups)
    return SeedComparison(tuple(groups))


def _check_epochs(groups: Sequence[SeedCurves]) -> None:
    lengths = {len(curve) for group in groups for curve in group.curves}
    if len(lengths) > 1:
        raise UsageError(
            f"The runs have {', '.join(map(str, sorted(lengths)))} epochs; only runs of the same "
            "length can be compared."
        )


def seconds_to_accuracy(
    rows: Iterable[Mapping[str, Any]], network: str, accuracy: float
) -> float | None:
    """Processor time until a network is this often right, the median over its seeds.

    Args:
        rows: With "network", "test_accuracy" and "seconds", lists with a number for each epoch.
        network: The network, as the rows call it.
        accuracy: Share of the test images, from 0 to 1.

    Returns:
        Seconds of training, to the end of the first epoch that reaches it; None if half of the
        seeds or more never do.

    Raises:
        UsageError: There are no rows of the network.
    """
    times = []
    for row in rows:
        if row["network"] == network:
            reached = [share >= accuracy for share in row["test_accuracy"]]
            last = reached.index(True) + 1 if any(reached) else None
            times.append(math.inf if last is None else sum(row["seconds"][:last]))
    if not times:
        raise UsageError(f"There are no rows of the network {network!r}.")
    middle = statistics.median(times)
    return None if math.isinf(middle) else middle
