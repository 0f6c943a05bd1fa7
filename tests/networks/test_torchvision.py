"""Names, shapes, order and computation equal torchvision's, by facts gathered from it once."""

import json
from pathlib import Path

import pytest
import torch

from convscope.networks.catalog import build
from tests.networks.deterministic import digest, fill, waves

FACTS = json.loads((Path(__file__).parent / "torchvision_facts.json").read_text("utf-8"))
FACTS = FACTS["networks"]
LIGHT = ("resnet18", "densenet121", "googlenet-torchvision", "mobilenet-v2")


def check_logits(network, expected):
    with torch.no_grad():
        found = fill(network).eval()(waves(2, 3, 96))[0, :10]
    expected = torch.tensor(expected)
    # another machine may add in another order
    assert (found - expected).abs().max() < 1e-3 * expected.abs().max()


@pytest.mark.parametrize("name", FACTS)
def test_names_and_shapes(name):
    with torch.device("meta"):
        network = build(name, in_channels=3, classes=1000)
    assert sum(p.numel() for p in network.parameters()) == FACTS[name]["parameters"]
    assert len(network.state_dict()) == FACTS[name]["entries"]
    assert digest(network.state_dict()) == FACTS[name]["digest"]


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n in LIGHT else [pytest.mark.slow]) for n in FACTS]
)
def test_logits(name):
    check_logits(build(name, in_channels=3, classes=1000), FACTS[name]["logits"])


def test_logits_of_images_normalized_for_imagenet():
    network = build("googlenet-torchvision", in_channels=3, classes=1000, transform_input=True)
    check_logits(network, FACTS["googlenet-torchvision"]["logits_transform_input"])
