import pytest
import torch
from torch import nn

from convscope.networks.catalog import build
from convscope.runs.last_layers import find_last_layers


@pytest.mark.parametrize(
    ("name", "size", "last"),
    [
        ("lenet", 28, ("classifier.dense3",)),
        ("resnet9", 32, ("dense",)),
        ("mobilenet-v2-32px", 32, ("classifier.1",)),
        ("nin-32px", 32, ("features.6.4",)),  # a convolution, averaged afterwards
        ("nin", 96, ("features.7.0", "features.7.2", "features.7.4")),  # as the book has it
    ],
)
def test_in_the_catalog_it_is_what_other_classes_change(name, size, last):
    arguments = {"size": size} if name == "lenet" else {}
    network = build(name, 3, 5, **arguments)
    assert find_last_layers(network, (3, size, size), 5, arguments) == last


class Odd(nn.Module):
    """Its last layer isn't the last that was registered."""

    def __init__(self):
        super().__init__()
        self.out = nn.Linear(4, 3)
        self.drop = nn.Dropout()
        self.first = nn.Linear(9, 4)

    def forward(self, images):
        return self.out(self.drop(self.first(images.flatten(1)).relu()))


def test_of_a_module_it_is_the_last_that_an_image_passes():
    network = Odd()
    state = torch.random.get_rng_state()
    assert find_last_layers(network, (1, 3, 3), 3, {}) == ("out",)
    assert find_last_layers(network, (1, 3, 3), 5, {}) == ()  # of other classes than it has
    assert network.training
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_module_may_have_none():
    assert find_last_layers(nn.Flatten(), (1, 3, 3), 9, {}) == ()
