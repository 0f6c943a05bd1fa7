"""Libraries that are wrong about layers, blocks, parameters and first weights."""

import copy

import torch
import torch.nn.functional as F
from torch import nn

from convscope.inspection.parameters.describe import describe_parameters
from convscope.inspection.parameters.read import read_parameters
from convscope.networks.initialization import INITIALIZATIONS
from tests.lessons.wrong import Wrong

in_turn = nn.Sequential.__init__
forward = nn.Sequential.forward
Dropout = nn.Dropout


def copying(self, *blocks):
    in_turn(self, *map(copy.deepcopy, blocks))


def learn_the_fixed(self, name, value):
    self.register_parameter(name, nn.Parameter(value))


def copy_what_is_read(network, name=""):
    found = read_parameters(network, name)
    return copy.deepcopy(dict(found) if isinstance(found, dict) else found)


def clear_what_is_described(network):
    found = describe_parameters(network)
    for parameter in network.parameters():
        parameter.grad = None
    return found


WRONG = [
    Wrong(
        "layers forget their bias",
        {"torch.nn.Linear.forward": lambda self, x: F.linear(x, self.weight)},
        ["2.product"],
    ),
    Wrong(
        "a sequence runs its first block only",
        {"torch.nn.Sequential.forward": lambda self, x: next(iter(self))(x)},
        ["2.shapes"],
    ),
    Wrong(
        "a sequence adds 1",
        {"torch.nn.Sequential.forward": lambda self, x: forward(self, x) + 1},
        ["2.own"],
    ),
    Wrong(
        "what is fixed is learned",
        {"torch.nn.Module.register_buffer": learn_the_fixed},
        ["2.control"],
    ),
    Wrong("reading copies", {"convscope.read_parameters": copy_what_is_read}, ["2.read"]),
    Wrong(
        "describing clears gradients",
        {"convscope.describe_parameters": clear_what_is_described},
        ["2.gradient"],
    ),
    Wrong("a sequence copies its blocks", {"torch.nn.Sequential.__init__": copying}, ["2.tied"]),
    Wrong(
        "Xavier and Kaiming are exchanged",
        {
            "convscope.networks.initialization.INITIALIZATIONS": INITIALIZATIONS
            | {"xavier": INITIALIZATIONS["kaiming"], "kaiming": INITIALIZATIONS["xavier"]}
        },
        ["2.xavier", "2.kaiming"],
    ),
    Wrong(
        "every initialization is Kaiming's",
        {
            "convscope.networks.initialization.INITIALIZATIONS": dict.fromkeys(
                INITIALIZATIONS, INITIALIZATIONS["kaiming"]
            )
        },
        ["2.fades", "2.blocks"],
    ),
    Wrong(
        "a sigmoid is a tanh",
        {
            "convscope.experiments.activation_depth.ACTIVATIONS": {
                "sigmoid": nn.Tanh,
                "relu": nn.ReLU,
                "tanh": nn.Tanh,
            }
        },
        ["2.signal", "2.slopes"],
    ),
    Wrong("dropout can't be turned off", {"torch.nn.Dropout": lambda p: Dropout(0.5)}, ["2.alike"]),
    Wrong("dropout drops nothing", {"torch.nn.Dropout": lambda p: Dropout(0.0)}, ["2.dropout"]),
    Wrong("a tanh is a sigmoid", {"torch.nn.Tanh": nn.Sigmoid}, ["2.zero"]),
    Wrong(
        "no rounding errors", {"convscope.experiments.constant_start.NUDGE": 0.0}, ["2.rounding"]
    ),
    Wrong(
        "nothing is learned",
        {"torch.optim.SGD.step": lambda self: torch.zeros(())},
        ["2.linear"],
    ),
]
