"""Libraries that are wrong about neurons, activations and affine layers."""

import numpy as np
from torch import nn

from convscope.definitions import activations
from convscope.definitions.neuron import Perceptron
from tests.lessons.wrong import Wrong

forward = nn.Linear.forward


def neuron_that_halves_the_bias(x, weight, bias=0.0, activation=activations.step):
    return activation((np.asarray(x) * weight).sum(axis=-1) + 0.5 * np.asarray(bias))


def forgets(x, targets, *, rate=1.0, passes=100):
    """Learns nothing: as many mistakes in each pass."""
    return Perceptron(np.zeros(np.shape(x)[1]), 0.0, [len(x)] * passes)


def claims_to_rest(x, targets, *, rate=1.0, passes=100):
    return Perceptron(np.zeros(np.shape(x)[1]), 0.0, [1, 0])


def with_an_activation(self, x):
    return forward(self, x).relu()


class Lost(nn.Module):
    """An activation that lets nothing through."""

    def forward(self, x):
        return 0 * x


def steep(x):
    return 4 * np.asarray(x, float) + 0.5


WRONG = [
    Wrong(
        "the bias counts half",
        {
            "convscope.definitions.neuron.neuron": neuron_that_halves_the_bias,
        },
        ["1.bias"],
    ),
    Wrong(
        "the rule learns nothing",
        {"convscope.experiments.perceptron.learn_perceptron": forgets},
        ["1.rest"],
    ),
    Wrong(
        "every perceptron rests",
        {"convscope.experiments.perceptron.learn_perceptron": claims_to_rest},
        ["1.xor"],
    ),
    Wrong(
        "linear layers end in an activation",
        {"torch.nn.Linear.forward": with_an_activation},
        ["1.affine"],
    ),
    Wrong("ReLU lets nothing through", {"torch.nn.ReLU": Lost}, ["1.hidden", "1.inverses"]),
    Wrong(
        "the sigmoid is a steep line",
        {
            "convscope.experiments.activation_slopes.KNOWN": {
                "sigmoid": (steep, lambda x: np.full(np.shape(x), 4.0)),
                "tanh": (lambda x: np.tanh(x) + 1, activations.tanh_derivative),
                "relu": (activations.relu, activations.relu_derivative),
            }
        },
        ["1.slope", "1.centred"],
    ),
    Wrong(
        "sigmoid and ReLU are exchanged",
        {
            "convscope.experiments.activation_race.ACTIVATIONS": {
                "sigmoid": nn.ReLU,
                "tanh": nn.Tanh,
                "relu": nn.Sigmoid,
            }
        },
        ["1.faster", "1.one_rate"],
    ),
    Wrong(
        "softmax turns the order round",
        {"convscope.definitions.activations.softmax": lambda x: -np.asarray(x)},
        ["1.order"],
    ),
    Wrong(
        "a linear model isn't linear",
        {"torch.nn.Linear.forward": lambda self, x: forward(self, x * x)},
        ["1.constant"],
    ),
]
