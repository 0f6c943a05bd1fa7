"""The right answers to lesson 7."""

import numpy as np


def corr2d(image, kernel):
    rows, columns = kernel.shape
    down, across = image.shape[0] - rows + 1, image.shape[1] - columns + 1
    output = np.zeros((down, across))
    for i in range(down):
        for j in range(across):
            output[i, j] = (image[i : i + rows, j : j + columns] * kernel).sum()
    return output


ANSWERS = {
    "7.1": corr2d,
    "7.2": [5, 11, 23, 29],
    "7.3": "a",
    "7.4": [[1, 0, -1], [0, 0, 0], [-1, 0, 1]],
}
