"""Libraries that are wrong about convolutions, matrices and borders."""

import dataclasses

import torch

from convscope.definitions.convolution import cross_correlation_matrix, flip
from convscope.definitions.cross_correlation import cross_correlation_2d
from convscope.experiments.weight_counts import count_weights
from tests.lessons.wrong import Wrong

conv2d = torch.nn.functional.conv2d


def weights_for_each_place():
    counts = count_weights()
    local = tuple(
        weights * pixels for weights, pixels in zip(counts.convolution, counts.pixels, strict=True)
    )
    return dataclasses.replace(counts, convolution=local)


def flipped_matrix(weight, size, **settings):
    return cross_correlation_matrix(flip(weight), size, **settings)


def matrix_that_shares_nothing(weight, size, **settings):
    matrix = cross_correlation_matrix(weight, size, **settings)
    return matrix * torch.arange(1, len(matrix) + 1).numpy()[:, None]


def brighter_to_the_right(x, weight, bias=None, **settings):
    y = cross_correlation_2d(x, weight, bias, **settings)
    return y * (1 + torch.arange(y.shape[-1]).numpy())


def one_half_everywhere(left, right):
    return left


def weights_that_change_along_the_image(x, weight, bias=None, *args, **settings):
    y = conv2d(x, weight, bias, *args, **settings)
    return y * (1 + 0.1 * torch.arange(y.shape[-1], dtype=y.dtype))


def always_circular(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Pads by 1 in any case: zeros and no padding become circular padding."""
    if tuple(weight.shape[2:]) == (3, 3) and x.shape[-1] not in (5, 28):  # not the matrices
        x = torch.nn.functional.pad(x, (1, 1, 1, 1), mode="circular")
        padding = 0
    return conv2d(x, weight, bias, stride, padding, dilation, groups)


def zeros_in_any_case(x, amount, mode="constant", value=None):
    return torch.constant_pad_nd(x, amount)


WRONG = [
    Wrong(
        "a convolution has weights for each place",
        {"convscope.experiments.count_weights": weights_for_each_place},
        ["6.weights"],
    ),
    Wrong(
        "the matrix is that of the flipped kernel",
        {"convscope.experiments.dense_matrix.cross_correlation_matrix": flipped_matrix},
        ["6.matrix"],
    ),
    Wrong(
        "the rows of the matrix share nothing, nor do places of the map",
        {
            "convscope.experiments.dense_matrix.cross_correlation_matrix": (
                matrix_that_shares_nothing
            ),
            "convscope.experiments.examples_needed.cross_correlation_2d": brighter_to_the_right,
            "convscope.inspection.kernels.apply.cross_correlation_2d": brighter_to_the_right,
            "torch.nn.functional.conv2d": weights_that_change_along_the_image,
        },
        ["6.matrix", "6.repeats", "6.examples", "6.same", "6.shift", "6.border", "6.stride",
         "6.invariant", "6.circular"],
    ),
    Wrong(
        "the same everywhere, borders too",
        {
            "convscope.experiments.examples_needed.join_halves": one_half_everywhere,
            "torch.nn.functional.conv2d": always_circular,
        },
        ["6.price", "6.zeros", "6.none"],
    ),
    Wrong(
        "circular padding adds zeros",
        {"torch.nn.functional.pad": zeros_in_any_case},
        ["6.invariant", "6.circular"],
    ),
]  # fmt: skip
