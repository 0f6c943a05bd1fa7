"""How much the images that excite a channel most are of one class, by layer (lesson 11)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from convscope.data.load import load
from convscope.experiments.brief_training import train_briefly
from convscope.experiments.channel_network import build_channel_network, normalize_images
from convscope.experiments.class_purity import measure_class_purity

SEEDS = tuple(range(1, 11))  # the lesson itself shows seed 0
LAYERS = ("relu1", "relu2", "relu3")
CELL = {"seed": 1, "trained": True}
WITHIN = {"relu1": 0.1, "relu2": 0.1, "relu3": 0.1}
DATA = None


def measure() -> Iterator[dict[str, Any]]:
    """Two rows for each seed: before and after training, the mean share of each layer."""
    for seed in SEEDS:
        yield from _rows(seed)


def measure_cell() -> dict[str, Any]:
    """The row `CELL`, measured again."""
    return [*_rows(1)][1]


def _rows(seed: int) -> Iterator[dict[str, Any]]:
    digits, tested = (load("digits", split, size=16) for split in ("train", "test"))
    torch.manual_seed(seed)
    network = build_channel_network()
    for trained in (False, True):
        if trained:
            train_briefly(network, *normalize_images(digits), seed=seed)
        purity = measure_class_purity(network, tested, LAYERS)
        shares = {layer: purity.mean(layer) for layer in LAYERS}
        yield {"seed": seed, "trained": trained, **shares, "chance": purity.chance}
