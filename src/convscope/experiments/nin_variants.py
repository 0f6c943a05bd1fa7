"""Network in Network for 28 pixels, small enough to be started twenty times, and its cures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from torch import nn

from convscope.networks.nin import NiN, nin_block
from convscope.runs.recipe import Recipe, named

CHANNELS = (96, 256, 384)  # of the first three blocks, as the textbook has them


def build_small_nin(
    *,
    last_relu: bool = True,
    prelu: bool = False,
    batch_norm: bool = False,
    width: float = 1 / 8,
    classes: int = 10,
) -> NiN:
    """Build the textbook's NiN with fewer channels, for grey images of 28×28.

    Twelve convolutions, as there; the first moves by 2 pixels and not by 4, and two poolings are
    left of three, so that 2×2 pixels reach the last block.

    Args:
        last_relu: Whether the class maps go through a ReLU, as in the textbook. Without it a logit
            can be negative.
        prelu: PReLU in the place of every ReLU: a slope below 0, too, 0.25 at first and learned
            (He et al., "Delving deep into rectifiers", 2015).
        batch_norm: Normalize behind every convolution, before its ReLU.
        width: Scales the channels of the first three blocks.
        classes: How many class maps the last block has.
    """
    first, second, third = (max(1, round(channels * width)) for channels in CHANNELS)
    last = nin_block(third, (classes, classes, classes), 3, padding=1)
    features = nn.Sequential(
        nin_block(1, (first,) * 3, 5, stride=2, padding=2),  # (12, 14, 14)
        nn.MaxPool2d(3, stride=2),  # (12, 6, 6)
        nin_block(first, (second,) * 3, 5, padding=2),  # (32, 6, 6)
        nn.MaxPool2d(3, stride=2),  # (32, 2, 2)
        nin_block(second, (third,) * 3, 3, padding=1),  # (48, 2, 2)
        nn.Dropout(0.5),
        last if last_relu else last[:-1],  # (classes, 2, 2)
    )
    if batch_norm:
        for block in features:
            if isinstance(block, nn.Sequential):
                _normalize(block)
    if prelu:
        _bend(features)
    return NiN(1, classes, features)


def _bend(features: nn.Sequential) -> None:
    """Put a PReLU in the place of each ReLU."""
    for block in features:
        if isinstance(block, nn.Sequential):
            for place, layer in enumerate(block):
                if isinstance(layer, nn.ReLU):
                    block[place] = nn.PReLU()


def _normalize(block: nn.Sequential) -> None:
    """Put a batch normalization behind each convolution of a block."""
    for place, layer in reversed([*enumerate(block)]):
        if isinstance(layer, nn.Conv2d):
            block.insert(place + 1, nn.BatchNorm2d(layer.out_channels))


@dataclass(frozen=True)
class NiNStart:
    """One way to start the small NiN.

    Attributes:
        build: Builds the network.
        changes: Fields of `nin_recipe` that differ from the book's.
    """

    build: Callable[[], NiN] = build_small_nin
    changes: dict[str, Any] = field(default_factory=dict)


NIN_STARTS: dict[str, NiNStart] = {
    "book": NiNStart(),
    "lower rate": NiNStart(changes={"learning_rate": 0.02}),
    "higher rate": NiNStart(changes={"learning_rate": 0.5}),
    "higher rate, warm-up": NiNStart(changes={"learning_rate": 0.5, "warmup": 0.25}),
    "higher rate, clipping": NiNStart(changes={"learning_rate": 0.5, "clip_gradient": 1.0}),
    "no last ReLU": NiNStart(partial(build_small_nin, last_relu=False)),
    "Kaiming": NiNStart(changes={"initialization": "kaiming"}),
    "batch normalization": NiNStart(partial(build_small_nin, batch_norm=True)),
    "PReLU": NiNStart(partial(build_small_nin, prelu=True)),
}
"""The book's start, what one is advised to change, and what helps; by name."""


def nin_recipe(data: str, **changes: Any) -> Recipe:
    """The book's recipe for NiN (Xavier, SGD with rate 0.1) at 28 pixels, in batches of 32.

    Small batches, for more steps from fewer images.

    Args:
        data: Name of a data set.
        **changes: Fields of the recipe to change, such as `initialization="kaiming"`.

    Raises:
        UsageError: There is no such field, or a value isn't accepted.
    """
    return named("book", "nin", data).replace(size=28, batch_size=32, threads=1, **changes)
