"""Few digits to learn from, some with wrong labels, and many to be tested on."""

from __future__ import annotations

import torch
from torch import Tensor

from convscope.errors import UsageError
from convscope.experiments.sgd_course import digits_of

MOST = 1000  # the other digits are for testing


def draw_examples(count: int, *, wrong: float = 0.0, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Draw digits to learn from.

    Args:
        count: How many, up to 1,000.
        wrong: Share whose label is exchanged for one of the nine others.
        seed: Which ones, and which are wrong.

    Returns:
        Pixels (N, 64) from 0 to 1, and labels (N,).

    Raises:
        UsageError: There aren't so many, or `wrong` isn't a share.
    """
    if not 1 <= count <= MOST or not 0 <= wrong <= 1:
        raise UsageError(
            f"count is from 1 to {MOST:,} and wrong from 0 to 1; given {count} and {wrong}."
        )
    random = torch.Generator().manual_seed(seed)
    images, labels = digits_of("train", MOST)
    picked = torch.randperm(MOST, generator=random)[:count]
    images, labels = images[picked], labels[picked]
    spoiled = torch.randperm(count, generator=random)[: round(wrong * count)]
    labels[spoiled] = (labels[spoiled] + torch.randint(1, 10, spoiled.shape, generator=random)) % 10
    return images, labels


def unseen_digits() -> tuple[Tensor, Tensor]:
    """The 797 digits that `draw_examples` never draws: pixels (797, 64) and right labels."""
    images, labels = digits_of("train", None)
    more_images, more_labels = digits_of("test", None)
    return torch.cat([images[MOST:], more_images]), torch.cat([labels[MOST:], more_labels])
