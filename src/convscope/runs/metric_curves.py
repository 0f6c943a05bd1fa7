"""The quantities of a run as curves over its steps: with fewer points, and each in a sentence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convscope.look.language import Words
from convscope.look.numbers import number, percent

QUANTITIES: dict[str, Words] = {
    "loss": Words("loss of single steps", "单步损失"),
    "train_loss": Words("training loss", "训练损失"),
    "validation_loss": Words("validation loss", "验证损失"),
    "test_loss": Words("test loss", "测试损失"),
    "train_accuracy": Words("training accuracy", "训练准确率"),
    "validation_accuracy": Words("validation accuracy", "验证准确率"),
    "test_accuracy": Words("test accuracy", "测试准确率"),
    "learning_rate": Words("learning rate", "学习率"),
}
"""What is drawn of a run, by its name in metrics.jsonl."""
LITTLE = 0.02
"""Share of a curve's range that counts as no change."""


@dataclass(frozen=True)
class MetricCurve:
    """One quantity of a run.

    Attributes:
        name: As in metrics.jsonl; one of `QUANTITIES`.
        steps: Training steps since the beginning, rising.
        values: The values after those steps; NaN where one was no finite number.
    """

    name: str
    steps: tuple[int, ...]
    values: tuple[float, ...]

    @property
    def is_share(self) -> bool:
        """Whether the values are shares of 1, which are told in per cent."""
        return self.name.endswith("accuracy")

    def reduce(self, most: int = 2000, first: float = 0, last: float = math.inf) -> MetricCurve:
        """The curve between two steps with fewer points, of which a drawing looks the same.

        Of each stretch of steps the lowest and the highest point are kept, as are both ends.

        Args:
            most: Most points, at least 4.
            first: The first step that is wanted.
            last: The last one.
        """
        places = [i for i, step in enumerate(self.steps) if first <= step <= last]
        if len(places) > most:
            kept = {places[0], places[-1]}
            for part in np.array_split(np.asarray(places), (most - 2) // 2):
                finite = [int(i) for i in part if math.isfinite(self.values[i])]
                if len(finite) < len(part):  # a gap stays one
                    kept.add(next(int(i) for i in part if not math.isfinite(self.values[i])))
                if finite:
                    kept.add(min(finite, key=self.values.__getitem__))
                if len(finite) == len(part):
                    kept.add(max(finite, key=self.values.__getitem__))
            places = sorted(kept)
        return MetricCurve(
            self.name,
            tuple(self.steps[i] for i in places),
            tuple(self.values[i] for i in places),
        )

    def in_words(self) -> Words:
        """How the curve goes, in one sentence, for those who can't see it."""
        better = None if self.name == "learning_rate" else "more" if self.is_share else "less"
        return describe_curve(
            QUANTITIES[self.name], self.steps, self.values, better=better,
            write=percent if self.is_share else lambda value: number(value, 3),
        )  # fmt: skip


def metric_curves(rows: Iterable[dict[str, Any]]) -> dict[str, MetricCurve]:
    """The curves of a run that have values, by name, in the order of `QUANTITIES`.

    Args:
        rows: Of metrics.jsonl, as `Run.metrics` and `read_rows` give them. Rows of steps come
            before the row of their epoch, so each step counts once.
    """
    found: dict[str, dict[int, float]] = {name: {} for name in QUANTITIES}
    for row in rows:
        step = row.get("step")
        if isinstance(step, bool) or not isinstance(step, int):
            continue
        for name in QUANTITIES.keys() & row.keys():
            value = row[name]
            is_number = isinstance(value, int | float) and math.isfinite(value)
            found[name][step] = float(value) if is_number else math.nan
    curves = {}
    for name, points in found.items():
        if points:
            steps = sorted(points)
            curves[name] = MetricCurve(name, tuple(steps), tuple(points[each] for each in steps))
    return curves


def describe_curve(
    name: Words,
    places: Sequence[int],
    values: Sequence[float],
    *,
    better: str | None = "less",
    unit: Words = Words("step", "步"),  # noqa: B008 - it can't be changed
    write: Callable[[float], str] = number,
) -> Words:
    """A curve in one sentence, in both languages: from where to where, its best, and what since.

    Args:
        name: What the curve shows, as in "training loss".
        places: Where the values are, as the numbers of steps or epochs.
        values: As many; those that aren't finite are only counted.
        better: "less", "more", or None where neither is.
        unit: What the places count.
        write: Writes a value.
    """
    points = [(at, value) for at, value in zip(places, values, strict=True) if math.isfinite(value)]
    odd = len(values) - len(points)
    tail = Words("", "")
    if odd:
        tail = Words(
            f"; {odd} {'value is' if odd == 1 else 'values are'} no finite "
            f"{'number' if odd == 1 else 'numbers'}",
            f"；有 {odd} 个值不是有限数",
        )
    subject = Words(name.en[:1].upper() + name.en[1:], name.zh)
    if not points:
        return Words(f"{subject.en}: no value yet{tail.en}.", f"{subject.zh}：还没有值{tail.zh}。")
    (start, first), (end, last) = points[0], points[-1]
    if len(points) == 1:
        return Words(
            f"{subject.en}: {write(last)} at {unit.en} {end:,}{tail.en}.",
            f"{subject.zh}：第 {end:,} {unit.zh}为 {write(last)}{tail.zh}。",
        )
    span = max(value for _, value in points) - min(value for _, value in points)
    since = Words(f" since {unit.en} {start:,}", f"自第 {start:,} {unit.zh}以来")
    if write(first) == write(last):
        went = Words(
            f"is {write(last)} as at {unit.en} {start:,}",
            f"与第 {start:,} {unit.zh}同为 {write(last)}",
        )
    elif abs(last - first) <= LITTLE * span:
        went = Words(
            f"is {write(last)}, much as at {unit.en} {start:,} ({write(first)})",
            f"为 {write(last)}，与第 {start:,} {unit.zh}（{write(first)}）相差不大",
        )
    elif last < first:
        went = Words(
            f"fell from {write(first)} to {write(last)}{since.en}",
            f"{since.zh}从 {write(first)} 降到 {write(last)}",
        )
    else:
        went = Words(
            f"rose from {write(first)} to {write(last)}{since.en}",
            f"{since.zh}从 {write(first)} 升到 {write(last)}",
        )
    best = _best(points, span, better, unit, write)
    return Words(
        f"{subject.en} {went.en}{best.en}{tail.en}.", f"{subject.zh}{went.zh}{best.zh}{tail.zh}。"
    )


def _best(
    points: Sequence[tuple[int, float]],
    span: float,
    better: str | None,
    unit: Words,
    write: Callable[[float], str],
) -> Words:
    """Where the best value is, and what came after it; for a curve without one, its range."""
    values = [value for _, value in points]
    last = values[-1]
    if not span:
        return Words("", "")
    if better is None:
        low, high = write(min(values)), write(max(values))
        return Words(f", between {low} and {high}", f"，介于 {low} 与 {high} 之间")
    sign = 1 if better == "less" else -1
    at, best = min(points, key=lambda point: (sign * point[1], point[0]))
    en, zh = ("least", "最小") if better == "less" else ("greatest", "最大")
    if write(best) == write(last):
        return Words(f", its {en}", f"，为{zh}值")
    since = Words("", "")
    if abs(last - best) > LITTLE * span:
        since = Words(
            f", {'rising' if last > best else 'falling'} since",
            f"，此后{'上升' if last > best else '下降'}",
        )
    return Words(
        f"; {en} at {unit.en} {at:,} ({write(best)}){since.en}",
        f"；在第 {at:,} {unit.zh}{zh}（{write(best)}）{since.zh}",
    )
