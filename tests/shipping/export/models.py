"""Cards and networks for the tests of exporting."""

import torch

from convscope.networks.catalog import build, check_image_size, entry
from convscope.runs.model import Model
from convscope.runs.model_file import ModelCard


def card_for(channels=3, size=28, classes=("cat", "dog", "猫 & 犬"), **more):
    return ModelCard(
        classes=classes,
        channels=channels,
        size=size,
        mean=(0.5, 0.4, 0.3)[:channels],
        std=(0.2, 0.3, 0.25)[:channels],
        **{"network": "small"} | more,
    )


def smallest_size(name):
    """The smallest of the usual sizes that a network takes."""
    for size in (28, 32, 64, 96):
        try:
            check_image_size(name, size, 3)
        except ValueError:
            continue
        return size
    return 224


def made(name, channels=3, classes=("cat", "dog", "猫 & 犬"), size=None, **more):
    """A model of the catalog with random weights, whose probabilities differ."""
    size = size or smallest_size(name)
    arguments = {"size": size} if entry(name).takes_size else {}
    torch.manual_seed(0)
    network = build(name, channels, len(classes), **arguments).eval()
    with torch.no_grad():
        spread = network(torch.randn(8, channels, size, size)).std().item()
    card = card_for(
        channels,
        size,
        classes,
        network=name,
        network_arguments=arguments,
        **{"temperature": max(spread, 1e-3)} | more,
    )
    return Model(network, card)
