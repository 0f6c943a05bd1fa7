"""Tiny runs with one fault each, planted as a person would make it; and their healthy twin."""

import functools
import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

import convscope as cs
from convscope.runs.optimization import make_optimizer
from convscope.runs.recipe import Recipe
from convscope.runs.run import new_run
from convscope.runtime.allocator import returning_memory
from convscope.runtime.execution import Execution
from convscope.training.budget import first_plan
from convscope.training.interrupt import StopRequest
from convscope.training.job import prepare
from convscope.training.live_view import LiveView
from convscope.training.loop import fit
from convscope.training.stages import StagedNetwork
from convscope.training.state import Progress, TrainingState

RECIPE = Recipe(
    optimizer="sgd",
    momentum=0.9,
    learning_rate=0.03,
    epochs=8,
    batch_size=32,
    validation=0.1,
    precision="float32",
    threads=1,
)


class Plain(nn.Module):
    """Two convolutions and a dense layer; with batch norm if asked to."""

    def __init__(self, momentum=None):
        super().__init__()
        norms = [nn.Identity(), nn.Identity()]
        if momentum is not None:
            norms = [nn.BatchNorm2d(16, momentum=momentum), nn.BatchNorm2d(32, momentum=momentum)]
        self.conv1, self.norm1 = nn.Conv2d(1, 16, 3, padding=1), norms[0]
        self.conv2, self.norm2 = nn.Conv2d(16, 32, 3, stride=2), norms[1]
        self.dense = nn.Linear(32 * 9, 10)

    def forward(self, images):
        x = torch.relu(self.norm1(self.conv1(images)))
        x = torch.relu(self.norm2(self.conv2(x)))
        return self.dense(x.flatten(1))


class RawPixels(Plain):
    """Somebody scales pixels back to 0 to 255."""

    def forward(self, images):
        return super().forward(images * 96 + 78)


class DeadFromTheStart(Plain):
    """Somebody sets a bias far below zero."""

    def __init__(self):
        super().__init__()
        nn.init.constant_(self.conv2.bias, -10)


class Shares(Plain):
    """Somebody ends the network in a softmax, as the textbook draws it."""

    def forward(self, images):
        return super().forward(images).softmax(1)


class CutOff(Plain):
    """Somebody detaches what the convolutions give."""

    def forward(self, images):
        with torch.no_grad():
            x = torch.relu(self.conv1(images))
        return self.dense(torch.relu(self.conv2(x)).flatten(1))


def deep(activation, layers=8, scale=1.0):
    """A deep stack of dense layers; `scale` multiplies its first weights."""
    sizes = [64] + [32] * layers
    stack = [nn.Flatten()]
    for inputs, outputs in itertools.pairwise(sizes):
        stack += [nn.Linear(inputs, outputs), activation()]
    network = nn.Sequential(*stack, nn.Linear(32, 10))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter *= scale if parameter.ndim > 1 else 1
    return network


read_digits = functools.cache(functools.partial(cs.load, "digits"))


def digits(change=None):
    """The digits, whose training labels, or test labels, `change` may have altered."""
    sets = {split: read_digits(split) for split in ("train", "test")}
    for split, alter in (change or {}).items():
        images = sets[split]
        labels = alter(images.labels.copy())
        sets[split] = cs.ImageSet(images.images, labels, images.classes, name="d", split=split)
    return sets


def shuffled(labels):
    return np.random.default_rng(0).permutation(labels)


def unbalanced():
    """Nearly all images are of the first class."""
    sets = digits()
    train = sets["train"]
    rows = np.concatenate(
        [np.flatnonzero(train.labels == 0)]
        + [np.flatnonzero(train.labels == label)[:1] for label in range(1, 10)]
    )
    return {"train": train.subset(rows), "test": sets["test"]}


def few_and_noisy():
    """So few images, half of them mislabelled, that they can only be memorized."""
    sets = digits()
    train = sets["train"].subset(np.arange(120))
    labels = train.labels.copy()
    labels[::3] = np.random.default_rng(0).integers(0, 10, len(labels[::3]))
    noisy = cs.ImageSet(train.images, labels, train.classes)
    return {"train": noisy, "test": sets["test"]}


@dataclass(frozen=True)
class Planted:
    """A fault: what is trained, and what must be said first of it."""

    what: str
    network: Any = Plain
    data: Any = digits
    recipe: dict = field(default_factory=dict)
    options: str | None = None
    says: str = ""
    layer: str | None = None

    def fresh(self):
        """The module with the weights it begins with."""
        torch.manual_seed(0)
        return self.network()


EXPLODING = Planted("Exploding gradients", lambda: deep(nn.ReLU, 8, scale=10))
FAULTS = {
    "rate too high": Planted(
        "The learning rate is too high",
        recipe={"learning_rate": 3.0},
        options="--lr 0.03",
        says="60 steps from the run's first weights at the rate 0.03 bring the loss from 2.301 to",
    ),
    "rate too low": Planted(
        "The learning rate is too low",
        recipe={"learning_rate": 0.0003},
        options="--lr 0.03",
        says="after 328 steps at the recipe's 0.0003 it is 2.",
    ),
    "labels": Planted(
        "The labels don't belong to the images", data=lambda: digits({"train": shuffled})
    ),
    "test labels": Planted(
        "The labels of the test images don't belong to them",
        data=lambda: digits({"test": shuffled}),
        recipe={"validation": 0.0},
    ),
    "raw pixels": Planted("The pixels aren't normalized", RawPixels, layer="conv1"),
    "dead": Planted(
        "Dead ReLUs",
        DeadFromTheStart,
        layer="ReLU after conv2",
        says="The bias of layer 'conv2' is -10 on average when the run begins. Begin with 0: "
        "torch.nn.init.zeros_(network.conv2.bias).",
    ),
    "softmax": Planted("The network ends in a softmax", Shares, says="add up to 1"),
    "cut off": Planted("Weights that don't learn", CutOff, layer="conv1"),
    "vanishing": Planted("Vanishing gradients", lambda: deep(nn.Sigmoid), layer="1"),
    "saturated": Planted("Saturated units", lambda: deep(nn.Tanh, 3, scale=40), layer="2"),
    "batch norm": Planted(
        "Batch norm's running statistics lag behind", lambda: Plain(0.0001), layer="norm1"
    ),
    "few steps": Planted(
        "Too few steps", recipe={"batch_size": 1024, "epochs": 5}, options="--batch-size 32"
    ),
    "one class": Planted(
        "All images are of one class",
        data=lambda: digits({"train": np.zeros_like, "test": np.zeros_like}),
    ),
    "imbalance": Planted(
        "One class drowns the others", data=unbalanced, recipe={"learning_rate": 0.003}
    ),
    "overfitting": Planted(
        "Overfitting", data=few_and_noisy, recipe={"epochs": 40, "validation": 0.0}
    ),
}


HEALTHY = {
    "plain": Planted(""),
    "batch norm": Planted("", lambda: Plain(momentum=0.1)),
    "adam": Planted("", recipe={"optimizer": "adamw", "momentum": 0.0, "learning_rate": 0.003}),
    "warm-up": Planted("", recipe={"schedule": "linear", "warmup": 0.2, "label_smoothing": 0.1}),
}


def train(fault, out):
    """Train without evaluating, which takes most of the time of so small a run."""
    recipe = RECIPE.replace(**fault.recipe)
    job = prepare(fault.fresh(), fault.data(), recipe)
    execution = Execution(torch.device("cpu"), "float32", 1)
    network = execution.place(job.network)
    steps = first_plan(recipe, len(job.training_batches(execution)))
    state = TrainingState(
        network, make_optimizer(network, recipe), None, Progress(total_steps=steps)
    )
    run = new_run(out, recipe, force=True)
    stages = StagedNetwork(network, job, execution, run, LiveView(quiet=True))
    with execution.using_threads(), returning_memory():
        fit(state, job, execution, run, stages, [], StopRequest(run.folder))
    return run


def diagnose(fault, run):
    """With the module and the images as training was given them."""
    return cs.diagnose(run, module=fault.fresh(), data=fault.data(), quiet=True)
