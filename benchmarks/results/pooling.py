"""Answers of networks that make maps smaller in different ways, as digits move (lesson 10)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from convscope.experiments.moved_comparison import VARIANTS, compare_moved_answers

SEEDS = tuple(range(10, 30))  # 0 to 9 were tried first, to find what to ask
EPOCHS = 15
FIGURES = ("accuracy", "kept", "probability", "change")
CELL = {"variant": "stride", "seed": 10, "shift": 1}
WITHIN = {"accuracy": 0.03, "kept": 0.03, "probability": 0.03, "change": 0.03}
DATA = None


def measure() -> Iterator[dict[str, Any]]:
    """One row for each variant, seed and shift."""
    for seed in SEEDS:
        yield from _rows(VARIANTS, seed)


def measure_cell() -> dict[str, Any]:
    """The row `CELL`, measured again."""
    rows = _rows(["stride"], 10)
    return next(row for row in rows if row["shift"] == CELL["shift"])


def _rows(variants: Sequence[str], seed: int) -> Iterator[dict[str, Any]]:
    compared = compare_moved_answers(variants, seeds=[seed], epochs=EPOCHS)
    for variant, (answers,) in compared.answers.items():
        for place, shift in enumerate(answers.shifts):
            figures = {figure: getattr(answers, figure)[place] for figure in FIGURES}
            yield {"variant": variant, "seed": seed, "shift": shift, **figures}
