"""The right answers to lesson 6."""

import numpy as np
from torch import nn


def dense_matrix(kernel, height, width):
    rows, columns = kernel.shape
    down, across = height - rows + 1, width - columns + 1
    matrix = np.zeros((down * across, height * width))
    for i in range(down):
        for j in range(across):
            for a in range(rows):
                for b in range(columns):
                    matrix[i * across + j, (i + a) * width + j + b] = kernel[a, b]
    return matrix


def build_network():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, padding_mode="circular"),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )


ANSWERS = {"6.1": 3_600_000_000, "6.2": dense_matrix, "6.3": "c", "6.4": build_network}
