"""Folding batch normalization changes speed, and nothing else."""

import pytest
import torch
from torch import nn

from convscope.networks.catalog import build
from convscope.runtime.folded import fold_batch_norms


def lived(network, images):
    """The network with statistics that batch normalization doesn't start with."""
    network.train()
    with torch.no_grad():
        for _ in range(3):
            network(images)
    return network.eval()


def count(network, kind):
    return sum(isinstance(module, kind) for module in network.modules())


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("resnet9", 0),
        ("resnet18-32px", 0),
        ("mobilenet-v2-32px", 0),
        ("vgg11-32px", 0),
        ("densenet-32px", None),
    ],
)
def test_answers_stay_the_same(name, left):
    torch.manual_seed(1)
    images = torch.randn(4, 3, 32, 32)
    network = lived(build(name, 3, 5), images)
    quicker = fold_batch_norms(network)
    with torch.no_grad():
        torch.testing.assert_close(quicker(images), network(images), atol=1e-4, rtol=1e-4)
    if left is not None:
        assert count(quicker, nn.BatchNorm2d) == left
    assert count(network, nn.BatchNorm2d) == count(build(name, 3, 5), nn.BatchNorm2d)


class Shared(nn.Module):
    """A convolution whose output is used twice, and one that is called twice."""

    def __init__(self):
        super().__init__()
        self.first, self.twice = nn.Conv2d(1, 2, 3), nn.Conv2d(2, 2, 1)
        self.normal, self.other, self.third = (nn.BatchNorm2d(2) for _ in range(3))

    def forward(self, images):
        first = self.first(images)
        both = self.normal(first) + first
        return self.third(self.twice(self.other(self.twice(both)))).mean(dim=(2, 3))


def test_what_is_used_elsewhere_stays():
    torch.manual_seed(2)
    images = torch.randn(3, 1, 9, 9)
    network = lived(Shared(), images)
    quicker = fold_batch_norms(network)
    assert count(quicker, nn.BatchNorm2d) == 3
    with torch.no_grad():
        torch.testing.assert_close(quicker(images), network(images))


class Deciding(nn.Module):
    """Python that depends on the numbers, which can't be traced."""

    def __init__(self):
        super().__init__()
        self.layer, self.normal = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)

    def forward(self, images):
        features = self.normal(self.layer(images))
        return features.mean(dim=(2, 3)) if features.mean() > 0 else features.amax(dim=(2, 3))


def test_what_cannot_be_traced_is_copied():
    network = Deciding().eval()
    copied = fold_batch_norms(network)
    assert type(copied) is Deciding
    assert copied is not network
    images = torch.randn(2, 1, 6, 6)
    assert torch.equal(copied(images), network(images))


def test_the_original_keeps_its_weights_and_mode():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    fold_batch_norms(network)
    assert network.training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
