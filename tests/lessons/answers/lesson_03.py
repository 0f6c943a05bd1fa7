"""Right answers of lesson 3."""

import numpy as np
import torch
from torch import nn


def kernel_gradient(image, kernel, upstream):
    rows, columns = kernel.shape
    height, width = upstream.shape
    return np.array(
        [
            [(upstream * image[a : a + height, b : b + width]).sum() for b in range(columns)]
            for a in range(rows)
        ]
    )


class RepairedDense(nn.Module):
    def __init__(self, inputs, units):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, units))
        self.bias = nn.Parameter(torch.zeros(units))

    def forward(self, values):
        return torch.relu(values @ self.weight + self.bias)


ANSWERS = {"3.1": [-4, 2, 2], "3.2": "c", "3.3": kernel_gradient, "3.4": RepairedDense}
