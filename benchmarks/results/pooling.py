"""Answers of networks that make maps smaller in different ways, as digits move (lesson 10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convscope.experiments.moved_comparison import VARIANTS, compare_moved_answers

SEEDS = tuple(range(10))
EPOCHS = 15


def measure(
    variants: Sequence[str] = VARIANTS, seeds: Sequence[int] = SEEDS
) -> list[dict[str, Any]]:
    """One row for each variant and seed: its answers, a list over the shifts for each measure.

    Args:
        variants: As for `compare_moved_answers`.
        seeds: Which.
    """
    compared = compare_moved_answers(variants, seeds=seeds, epochs=EPOCHS)
    return [
        {"variant": variant, "seed": seed, "epochs": EPOCHS, **answers.as_dict()}
        for variant, each in compared.answers.items()
        for seed, answers in zip(compared.seeds, each, strict=True)
    ]
