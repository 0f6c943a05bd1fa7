"""Right answers to the exercises of lesson 10."""

import numpy as np
from torch import nn


def max_pool(matrix, window, padding, stride):
    padded = np.pad(matrix, padding, constant_values=-np.inf)
    rows, columns = (range(0, size - window + 1, stride) for size in padded.shape)
    return np.array([[padded[i : i + window, j : j + window].max() for j in columns] for i in rows])


def steady_network():
    def convolution(inputs, outputs, dilation=1):
        settings = {"padding": dilation, "dilation": dilation, "bias": False}
        return nn.Conv2d(inputs, outputs, 3, **settings), nn.ReLU()

    return nn.Sequential(
        *convolution(1, 8),
        nn.MaxPool2d(2),
        *convolution(8, 12),
        *convolution(12, 10, dilation=2),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(10, 10),
    )


ANSWERS = {"10.1": [14, 6, 4, 2], "10.2": max_pool, "10.3": "c", "10.4": steady_network}
