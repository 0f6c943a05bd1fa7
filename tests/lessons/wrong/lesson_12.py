"""Deliberately wrong libraries for lesson 12."""

from dataclasses import replace

import numpy as np
from torch import nn

from convscope.data.image_set import ImageSet
from convscope.errors import UsageError
from convscope.experiments.image_folder import write_image_folder
from convscope.inspection.drawing.steps import part_of
from convscope.lessons.stored_results import stored
from tests.lessons.wrong import Wrong

BOOK, CHANGED = "sigmoid, average", "relu, max"


class PoolingOfOne(nn.AvgPool2d):
    def __init__(self, size):
        super().__init__(1)


class MovingByOne(nn.MaxPool2d):
    def __init__(self, size):
        super().__init__(size, stride=1)


def part_without_pooling(node):
    part = part_of(node)
    return None if part == "pooling" else part


def refuse_without_help(self, images):
    if images.dim() == 3:
        raise UsageError("Wrong input.")


def write_inverted(images, folder):
    inverted = ImageSet(255 - images.images, images.labels, images.classes, name=images.name)
    return write_image_folder(inverted, folder)


def exchange_networks(name):
    """Whoever asks for the book's LeNet gets the other one, and the other way round."""
    other = {BOOK: CHANGED, CHANGED: BOOK}
    kept = stored(name)
    rows = [{**row, "network": other.get(row["network"], row["network"])} for row in kept.rows]
    return replace(kept, rows=tuple(rows))


def ignore_seeds(name):
    """All seeds of a network give what its first gave."""
    kept = stored(name)
    first = {}
    for row in kept.rows:
        first.setdefault(row["network"], row)
    if "seed" not in kept.rows[0]:
        return kept
    rows = [{**first[row["network"]], "seed": row["seed"]} for row in kept.rows]
    return replace(kept, rows=tuple(rows))


def take_hours(name):
    """A machine that is a hundred times as slow."""
    kept = stored(name)
    rows = [
        {**row, "seconds": [100 * each for each in row.get("seconds", [])]} for row in kept.rows
    ]
    return replace(kept, rows=tuple(rows))


def never_learn(loss, *arguments, **more):
    loss.backward()


WRONG = [
    Wrong(
        "drawings don't know pooling",
        {"convscope.inspection.drawing.steps.part_of": part_without_pooling},
        turns=["12.parts"],
    ),
    Wrong(
        "average pooling does nothing",
        {"torch.nn.AvgPool2d": PoolingOfOne},
        turns=["12.shapes"],
    ),
    Wrong(
        "max pooling moves by one pixel",
        {"torch.nn.MaxPool2d": MovingByOne},
        turns=["12.flattened"],
    ),
    Wrong(
        "the message doesn't name the fix",
        {"convscope.networks.network.Network._check": refuse_without_help},
        turns=["12.batch_axis"],
    ),
    Wrong(
        "images are written inverted",
        {"convscope.experiments.write_image_folder": write_inverted},
        turns=["12.folder"],
    ),
    Wrong(
        "steps change no weight",
        {"convscope.experiments.training_curves.take_step": never_learn},
        turns=["12.starts"],
    ),
    Wrong(
        "all initializations are the default",
        {"convscope.experiments.start_signals.initialize": lambda network, rule: None},
        turns=["12.narrow"],
    ),
    Wrong(
        "the order of the images isn't decided by the seed",
        {"convscope.data.batches._generator": lambda seed, *purpose: np.random.default_rng()},
        turns=["12.repeat"],
    ),
    Wrong(
        "results of two networks are exchanged",
        {"convscope.lessons.stored": exchange_networks},
        turns=["12.relu_starts", "12.book", "12.relu", "12.mlp_wins", "12.mlp_loses"],
    ),
    Wrong(
        "training is a hundred times as slow",
        {"convscope.lessons.stored": take_hours},
        turns=["12.minute"],
    ),
    Wrong(
        "all seeds give the same",
        {"convscope.lessons.stored": ignore_seeds},
        turns=["12.seed"],
    ),
]
