"""Libraries that are wrong about losses, batches and optimizers."""

import torch
from torch import nn
from torch.utils.data import DataLoader

from convscope.experiments.optimizer_race import OPTIMIZERS
from tests.lessons.wrong import Wrong

forward = nn.Linear.forward
SGD = torch.optim.SGD


def stand_still(self, closure=None):
    return None


def forget_momentum(parameters, lr, momentum=0.0):
    return SGD(parameters, lr=lr)


WRONG = [
    Wrong(
        "layers answer a hundredfold",
        {"torch.nn.Linear.forward": lambda self, x: 100 * forward(self, x)},
        ["4.start"],
    ),
    Wrong(
        "SGD stands still",
        {"torch.optim.SGD.step": stand_still},
        ["4.loop", "4.line", "4.hand", "4.batch"],
    ),
    Wrong(
        "SGD and Adam are exchanged",
        {
            "convscope.experiments.optimizer_race.OPTIMIZERS": {
                **OPTIMIZERS,
                "sgd": OPTIMIZERS["adam"],
                "adam": OPTIMIZERS["sgd"],
            }
        },
        ["4.rates", "4.adam", "4.one_rate"],
    ),
    Wrong(
        "nothing is shuffled",
        {"torch.randperm": lambda count, generator=None: torch.arange(count)},
        ["4.order"],
    ),
    Wrong(
        "the loader cuts other batches",
        {"torch.utils.data.DataLoader": lambda data, batch_size, **_: DataLoader(data, 60)},
        ["4.loader"],
    ),
    Wrong(
        "the loss of a batch is a sum",
        {"convscope.experiments.batch_noise.batch_loss": lambda losses: float(losses.sum())},
        ["4.noise"],
    ),
    Wrong(
        "gradients are never cleared",
        {"torch.optim.Optimizer.zero_grad": lambda self, set_to_none=True: None},
        ["4.uncleared"],
    ),
    Wrong("there is no momentum", {"torch.optim.SGD": forget_momentum}, ["4.friction"]),
    Wrong("softmax changes nothing", {"torch.softmax": lambda logits, dim: logits}, ["4.twice"]),
]
