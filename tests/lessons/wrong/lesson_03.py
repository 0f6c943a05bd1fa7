"""Deliberately wrong libraries for lesson 3."""

from dataclasses import replace

import torch

from convscope.experiments.backward_time import BackwardCost, BackwardCosts
from convscope.experiments.gradient_modes import forward_gradient, reverse_gradient
from convscope.experiments.untrained_parameters import find_untrained
from tests.lessons.wrong import Wrong

backward, relu = torch.Tensor.backward, torch.relu


def backward_twice_as_large(self, gradient=None, **more):
    backward(2 * self, gradient, **more)


def backward_of_vectors(self, gradient=None, **more):
    backward(self, torch.ones_like(self) if gradient is None else gradient, **more)


def one_sided_differences(function, point, step=1e-6):
    """Divides a difference of one step by two."""
    point = point.detach().double()
    moves = step * torch.eye(point.numel(), dtype=point.dtype)
    return torch.stack([(function(point + move) - function(point)) / (2 * step) for move in moves])


def slopes_of_one(function, arguments, named):
    return tuple(1.0 for each in arguments if isinstance(each, torch.Tensor))


def slow_backward():
    return BackwardCosts((BackwardCost("mlp", 1, 1.0, 20.0, 1.0),) * 2)


def without_telling_zero_from_missing(network, images, labels):
    found = find_untrained(network, images, labels)
    return replace(
        found,
        paths=tuple(replace(path, is_reached=path.gradient_norm > 0) for path in found.paths),
    )


def attached(self, values):
    return relu(values @ self.weight + self.bias)


WRONG = [
    Wrong(
        "gradients are twice as large",
        {"torch.Tensor.backward": backward_twice_as_large},
        turns=["3.square", "3.sum", "3.control"],
    ),
    Wrong(
        "a vector is differentiated without being asked how",
        {"torch.Tensor.backward": backward_of_vectors},
        turns=["3.vector"],
    ),
    Wrong(
        "differences are taken to one side and halved",
        {"convscope.experiments.gradient_check.finite_differences": one_sided_differences},
        turns=["3.numeric", "3.step"],
    ),
    Wrong(
        "all slopes are 1",
        {"convscope.experiments.scalar_graph._slopes": slopes_of_one},
        turns=["3.chain"],
    ),
    Wrong(
        "detach does nothing",
        {"torch.Tensor.detach": lambda self: self},
        turns=["3.detach"],
    ),
    Wrong(
        "the way back takes twenty times as long",
        {"convscope.experiments.measure_backward": slow_backward},
        turns=["3.cost", "3.counted"],
    ),
    Wrong(
        "forward and reverse mode are exchanged",
        {
            "convscope.experiments.gradient_modes.reverse_gradient": forward_gradient,
            "convscope.experiments.gradient_modes.forward_gradient": reverse_gradient,
        },
        turns=["3.inputs", "3.memory"],
    ),
    Wrong(
        "ReLU stops gradients",
        {"torch.relu": lambda values: relu(values.detach())},
        turns=["3.own"],
    ),
    Wrong(
        "the broken layer isn't broken",
        {"convscope.experiments.untrained_parameters.DetachingDense.forward": attached},
        turns=["3.detached"],
    ),
    Wrong(
        "a gradient of 0 is taken for none",
        {"convscope.experiments.find_untrained": without_telling_zero_from_missing},
        turns=["3.zero"],
    ),
]
