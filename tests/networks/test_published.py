import re

import pytest
import torch

from convscope.errors import UsageError
from convscope.networks.catalog import build, entry
from convscope.networks.published import PUBLISHED, find_published

MEBIBYTE = 2**20
WITH_MORE = {"googlenet-torchvision"}  # its auxiliary classifiers are published, too


@pytest.mark.parametrize("name", PUBLISHED)
def test_files_are_as_large_as_the_weights_of_their_networks(name):
    """A wrong line of the table, or a network of other layers, would show here."""
    published = find_published(name)
    with torch.device("meta"):
        network = build(name, 3, 1000, **published.arguments)
    own = sum(t.numel() * t.element_size() for t in network.state_dict().values()) / MEBIBYTE
    assert own <= published.mebibytes < own + (26 if name in WITH_MORE else 0.7)


def test_names_hold_the_beginning_of_the_checksum():
    for published in PUBLISHED.values():
        assert re.fullmatch("[0-9a-f]{8}", published.sha256)
        assert published.url == f"https://download.pytorch.org/models/{published.file}"
    assert find_published("resnet18").sha256 == "f37072fd"
    assert len({published.file for published in PUBLISHED.values()}) == len(PUBLISHED)


def test_what_is_not_published_is_said_with_what_is():
    with pytest.raises(UsageError, match=r"no published weights for 'lenet'\. Published .*--from"):
        find_published("lenet")
    assert entry("resnet18").native == "resnet18-32px"
    with pytest.raises(UsageError, match="For 'resnet18', which takes larger images, there are"):
        find_published("resnet18-32px")
