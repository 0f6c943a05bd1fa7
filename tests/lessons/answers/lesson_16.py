"""Right answers to the exercises of lesson 16."""

import numpy as np
from torch import nn


def residual_block(x, first, second, projection):
    shortcut = x if projection is None else projection @ x
    return np.maximum(shortcut + second @ np.maximum(first @ x, 0), 0)


def unit(inputs, outputs):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


THRIFTY = nn.Sequential(
    unit(1, 16), unit(16, 16), unit(16, 16),
    nn.AdaptiveMaxPool2d(2), nn.Flatten(), nn.Linear(64, 10),
)  # fmt: skip
ANSWERS = {"16.1": residual_block, "16.2": [224, 256, 128], "16.3": "c", "16.4": THRIFTY}
