"""Deliberately wrong libraries for lesson 13."""

import math
from dataclasses import replace
from functools import partial

from torch import nn

from convscope.experiments.alexnet_inputs import FirstMaps, measure_first_maps
from convscope.experiments.network_costs import NetworkCosts, count_network_costs
from convscope.experiments.nin_variants import build_small_nin
from convscope.lessons.stored_results import stored
from convscope.networks.alexnet import AlexNet
from convscope.networks.initialization import initialize
from convscope.networks.nin import nin_block
from tests.lessons.wrong import Wrong


class Leaking(nn.LeakyReLU):
    def __init__(self, inplace=False):
        super().__init__(0.01, inplace)


def pad_first(in_channels, channels, kernel_size, stride=1, padding=0):
    """A block of NiN whose strided convolution pads by 2."""
    return nin_block(in_channels, channels, kernel_size, stride, 2 if stride == 4 else padding)


def exchange_kinds(networks):
    """What dense layers hold is said of convolutions, and the other way round."""
    rows = [
        replace(
            row,
            dense_parameters=row.parameters - row.dense_parameters,
            dense_macs=row.macs - row.dense_macs,
        )
        for row in count_network_costs(networks).rows
    ]
    return NetworkCosts(tuple(rows))


def enlarge_all(networks):
    return count_network_costs({name: (net, (1, 224, 224)) for name, (net, _) in networks.items()})


def round_up():
    rows = measure_first_maps().rows
    return FirstMaps(tuple(row._replace(height=math.ceil(row.quotient)) for row in rows))


def build_without_prelu(*, prelu=False, **more):
    return build_small_nin(**more)


def exchange(key, one, other):
    """Stored results of two variants are exchanged."""
    names = {one: other, other: one}

    def exchanged(name):
        kept = stored(name)
        rows = [{**row, key: names.get(row.get(key), row.get(key))} for row in kept.rows]
        return replace(kept, rows=tuple(rows))

    return exchanged


def change(variant, **changes):
    """The rows of one variant have other figures, each worked out from its row."""

    def changed(name):
        kept = stored(name)
        rows = [
            {**row, **{key: of(row) for key, of in changes.items()}}
            if variant in (row.get("variant"), row.get("start"))
            else row
            for row in kept.rows
        ]
        return replace(kept, rows=tuple(rows))

    return changed


WRONG = [
    Wrong(
        "AlexNet is that of the other library",
        {"convscope.networks.alexnet.AlexNet": partial(AlexNet, stem=(11, 4, 2))},
        turns=["13.alexnet"],
    ),
    Wrong(
        "NiN's first convolution pads",
        {"convscope.networks.nin.nin_block": pad_first},
        turns=["13.nin"],
    ),
    Wrong(
        "VGG's last block is twice as wide",
        {"convscope.networks.vgg.CHANNELS": (64, 128, 256, 512, 1024)},
        turns=["13.vgg"],
    ),
    Wrong(
        "dense layers and convolutions are exchanged",
        {"convscope.experiments.count_network_costs": exchange_kinds},
        turns=["13.dense"],
    ),
    Wrong(
        "all images are enlarged",
        {"convscope.experiments.count_network_costs": enlarge_all},
        turns=["13.small"],
    ),
    Wrong(
        "sizes are rounded up",
        {"convscope.experiments.measure_first_maps": round_up},
        turns=["13.sizes"],
    ),
    Wrong(
        "one padding costs ten points of accuracy",
        {"convscope.lessons.stored": change(
            "227, no padding", accuracy=lambda row: row["accuracy"] - 0.1
        )},
        turns=["13.no_matter"],
    ),
    Wrong(
        "images as they are give twenty points more",
        {"convscope.lessons.stored": change("28", accuracy=lambda row: row["accuracy"] + 0.2)},
        turns=["13.enlarging"],
    ),
    Wrong(
        "small images are as slow as large ones",
        {"convscope.lessons.stored": change("28", seconds=lambda row: 20 * row["seconds"])},
        turns=["13.work"],
    ),
    Wrong(
        "dropout keeps what it should drop",
        {"convscope.lessons.stored": exchange("dropout", 0.0, 0.5)},
        turns=["13.gap", "13.dropout"],
    ),
    Wrong(
        "ReLU leaks",
        {"torch.nn.ReLU": Leaking},
        turns=["13.dead", "13.silent"],
    ),
    Wrong(
        "PReLU is ReLU",
        {"convscope.experiments.build_small_nin": build_without_prelu},
        turns=["13.prelu"],
    ),
    Wrong(
        "all initializations are Xavier's",
        {"convscope.experiments.silent_starts.initialize": lambda network, rule: initialize(
            network, "xavier"
        )},
        turns=["13.spread"],
    ),
    Wrong(
        "the book's start and Kaiming's are exchanged",
        {"convscope.lessons.stored": exchange("start", "book", "Kaiming")},
        turns=["13.lucky", "13.cured"],
    ),
    Wrong(
        "a lower rate and batch normalization are exchanged",
        {"convscope.lessons.stored": exchange("start", "lower rate", "batch normalization")},
        turns=["13.advice"],
    ),
    Wrong(
        "a network without its last ReLU dies",
        {"convscope.lessons.stored": change(
            "no last ReLU", accuracy=lambda row: 0.1, dead_after=lambda row: row["classes"]
        )},
        turns=["13.patience"],
    ),
]  # fmt: skip
