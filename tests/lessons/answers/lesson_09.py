"""The right answers to the exercises of lesson 9."""

import numpy as np
from torch import nn


def correlate_channels(x, weight, bias):
    k = weight.shape[-1]
    height, width = x.shape[1] - k + 1, x.shape[2] - k + 1
    y = np.zeros((len(weight), height, width))
    for o in range(len(weight)):
        for i in range(height):
            for j in range(width):
                y[o, i, j] = (x[:, i : i + k, j : j + k] * weight[o]).sum() + bias[o]
    return y


ANSWERS = {
    "9.1": correlate_channels,
    "9.2": "c",
    "9.3": [614_656, 415_334_400, 830_668_800],
    "9.4": nn.Sequential(
        nn.Conv2d(64, 16, 1), nn.Conv2d(16, 16, 5, padding=2), nn.Conv2d(16, 64, 1)
    ),
}
