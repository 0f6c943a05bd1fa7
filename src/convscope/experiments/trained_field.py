"""Does training widen the effective receptive field? One small network, before and after."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from convscope.data.load import load
from convscope.experiments.brief_training import train_briefly
from convscope.experiments.channel_network import normalize_images
from convscope.experiments.effective_growth import measure_spread
from convscope.experiments.plain_stack import build_plain_stack
from convscope.inspection.receptive_field.effective_field import effective_field

SIZE, CHANNELS, IMAGES = 16, 12, 64


class TrainedField(NamedTuple):
    """The effective field of the middle units of the last convolution.

    Attributes:
        before: Its standard deviation before training, in pixels; mean of the channels alive.
        after: The same after training.
        alive: Channels of the trained network that any image excites there.
        accuracy: Share of test digits that the trained network gets right.
    """

    before: float
    after: float
    alive: int
    accuracy: float


def measure_trained_field(seed: int = 0, *, layers: int = 6, epochs: int = 10) -> TrainedField:
    """Train a stack of 3×3 convolutions on digits of 16×16, and measure its field twice.

    Gradients are those for 64 test digits. Channels that none of them excites have no field and
    are left out, before as after.

    Args:
        seed: Of weights and order.
        layers: How many convolutions; a unit sees 2 · layers + 1 pixels.
        epochs: How often every digit is seen.
    """
    digits, tested = (
        normalize_images(load("digits", split, size=SIZE)) for split in ("train", "test")
    )
    images, labels = tested
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_plain_stack(layers=layers, channels=CHANNELS, pooled=1)
        before = _spreads(network, images[:IMAGES], layers)
        train_briefly(network, *digits, epochs=epochs, seed=seed)
    after = _spreads(network, images[:IMAGES], layers)
    with torch.no_grad():
        right = float((network(images).argmax(1) == labels).float().mean())
    return TrainedField(float(np.mean(before)), float(np.mean(after)), len(after), right)


def _spreads(network: nn.Module, images: Tensor, layers: int) -> list[float]:
    """The spread of each channel that is alive, behind the last convolution's ReLU."""
    middle = SIZE // 2
    fields = [
        effective_field(network, images, str(2 * layers - 1), (channel, middle, middle))
        for channel in range(CHANNELS)
    ]
    return [measure_spread(field) for field in fields if field.max() > 0]
