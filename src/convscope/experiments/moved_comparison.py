"""Networks that make maps smaller in different ways, trained alike, as the image moves.

compared = compare_moved_answers(seeds=3)
print(compared)
compared.figure("moved.png")
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from convscope.errors import UsageError, unknown_name
from convscope.experiments.brief_training import train_briefly
from convscope.experiments.digits_on_canvas import canvas_digits, move_at_random
from convscope.experiments.downsampling_networks import KINDS, build_downsampling_network
from convscope.experiments.moved_answers import SHIFTS, MovedAnswers, measure_moved_answers
from convscope.experiments.paired_difference import PairedDifference, measure_difference
from convscope.look.language import pick
from convscope.look.numbers import counted, percent
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOVED = "max, moved"  # the network "max", whose training images were moved at random
VARIANTS = (*KINDS, MOVED)


@dataclass(frozen=True)
class MovedComparison(Printed):
    """What each variant answers as the image moves. It prints as a table and draws itself.

    Attributes:
        answers: By variant, one `MovedAnswers` for each seed.
        seeds: The seeds, in that order.
        epochs: How often each training image was seen.
    """

    answers: Mapping[str, Sequence[MovedAnswers]]
    seeds: tuple[int, ...]
    epochs: int

    @property
    def names(self) -> dict[str, str]:
        """What the variants are called in tables and figures."""
        return {variant: variant_name(variant) for variant in self.answers}

    def mean(self, variant: str, what: str) -> list[float]:
        """The mean over seeds of `accuracy`, `kept`, `probability` or `change`, by shift."""
        each = [getattr(answers, what) for answers in self.answers[variant]]
        return [float(value) for value in np.mean(each, axis=0)]

    def difference(self, first: str, second: str, what: str, shift: int) -> PairedDifference:
        """One variant minus another at a shift, in percentage points, pairs by seed."""
        place = self.answers[first][0].shifts.index(shift)
        values = [
            [100 * getattr(answers, what)[place] for answers in self.answers[variant]]
            for variant in (first, second)
        ]
        return measure_difference(*values)

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        shifts = next(iter(self.answers.values()))[0].shifts
        seeds = len(self.seeds)
        title = pick(
            f"Right answers by pixels moved: {counted(seeds, 'seed')}, {self.epochs} epochs",
            f"不同平移像素数下的准确率：{seeds} 个种子，{self.epochs} 轮",
        )
        rows = [
            (variant_name(variant), *(percent(x, 0) for x in self.mean(variant, "accuracy")))
            for variant in self.answers
        ]
        yield TextTable(title, ("", *map(str, shifts)), rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the probability of the right class over the shift, a curve for each variant.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.moved_answers_figure import moved_comparison_figure

        return moved_comparison_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "answers": {name: [a.as_dict() for a in each] for name, each in self.answers.items()},
            "seeds": list(self.seeds),
            "epochs": self.epochs,
        }


def compare_moved_answers(
    variants: Sequence[str] = VARIANTS,
    *,
    seeds: int | Sequence[int] = 1,
    epochs: int = 10,
    shifts: Sequence[int] = SHIFTS,
) -> MovedComparison:
    """Train every variant with every seed on digits in the middle of a canvas, then move them.

    Of a seed, all variants meet the same images in the same order.

    Args:
        variants: Kinds of `build_downsampling_network`; or "max, moved": the network "max",
            trained on images that were moved at random by up to 8 pixels left or right.
        seeds: How many, counted from 0, or which.
        epochs: How often every image is seen.
        shifts: Pixels by which the test images are moved.

    Raises:
        UsageError: An unknown variant, or nothing to train.
    """
    chosen = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
    for variant in variants:
        if variant not in VARIANTS:
            raise unknown_name("variant", variant, VARIANTS)
    if not variants or not chosen:
        raise UsageError("compare_moved_answers needs at least one variant and one seed.")
    learned, tested = canvas_digits("train"), canvas_digits("test")
    answers: dict[str, list[MovedAnswers]] = {variant: [] for variant in variants}
    with torch.random.fork_rng(devices=[]):
        for seed in chosen:
            for variant in variants:
                torch.manual_seed(seed)
                network = build_downsampling_network("max" if variant == MOVED else variant)
                change = partial(move_at_random, farthest=8) if variant == MOVED else None
                train_briefly(network, *learned, epochs=epochs, seed=seed, change=change)
                answers[variant].append(measure_moved_answers(network, *tested, shifts))
    return MovedComparison(answers, chosen, epochs)


def variant_name(variant: str) -> str:
    """What a variant is called in tables and figures."""
    names: dict[str, Callable[[], str]] = {
        "max": lambda: pick("max pooling", "最大汇聚"),
        "average": lambda: pick("average pooling", "平均汇聚"),
        "stride": lambda: pick("stride 2", "步幅 2"),
        "none": lambda: pick("neither", "两者皆无"),
        "global": lambda: pick("global max pooling", "全局最大汇聚"),
        MOVED: lambda: pick("max, trained moved", "最大汇聚，用平移图像训练"),
    }
    return names[variant]()


def read_moved_comparison(rows: Sequence[Mapping[str, Any]], epochs: int) -> MovedComparison:
    """The comparison that was stored as rows (`lessons.stored("pooling").rows`).

    Args:
        rows: One for each variant, seed and shift, with the figures of `MovedAnswers`.
        epochs: How often each training image was seen.
    """
    figures = ("accuracy", "kept", "probability", "change")
    shifts = tuple(sorted({row["shift"] for row in rows}))
    seeds = tuple(sorted({row["seed"] for row in rows}))
    by_place = {(row["variant"], row["seed"], row["shift"]): row for row in rows}
    answers = {
        variant: [
            MovedAnswers(
                shifts,
                *(tuple(by_place[variant, seed, s][figure] for s in shifts) for figure in figures),
            )
            for seed in seeds
        ]
        for variant in dict.fromkeys(row["variant"] for row in rows)
    }
    return MovedComparison(answers, seeds, epochs)
