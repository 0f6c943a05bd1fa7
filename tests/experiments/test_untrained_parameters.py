"""Parameters that can't learn: detached ones are told from those whose gradient happens to be 0."""

import pytest
import torch
from torch import nn

from convscope.experiments.untrained_parameters import (
    BrokenNetwork,
    DetachingDense,
    digits_batch,
    find_untrained,
)


@pytest.fixture(scope="module")
def batch():
    return digits_batch()


def test_the_digits_are_images_from_0_to_1(batch):
    images, labels = batch
    assert images.shape == (64, 1, 8, 8)
    assert images.dtype == torch.float32
    assert images.min() == 0
    assert images.max() == 1
    assert labels.shape == (64,)


def test_detached_and_closed_are_told_apart(batch):
    found = find_untrained(BrokenNetwork(), *batch)
    assert found.detached == ("dense.weight", "dense.bias")
    assert found.at_zero == ("branch.weight", "branch.bias")


def test_a_sound_network_has_neither(batch):
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    found = find_untrained(network, *batch)
    assert found.detached == found.at_zero == ()
    loss = nn.functional.cross_entropy(network(batch[0]), batch[1])
    loss.backward()
    for path, parameter in zip(found.paths, network.parameters(), strict=True):
        assert path.gradient_norm == pytest.approx(float(parameter.grad.norm()), rel=1e-5)


def test_gradients_that_are_there_are_left(batch):
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    find_untrained(network, *batch)
    assert all(parameter.grad is None for parameter in network.parameters())


def test_a_network_without_any_path(batch):
    network = nn.Sequential(nn.Flatten(), DetachingDense(64, 10))
    assert find_untrained(network, *batch).detached == ("1.weight", "1.bias")


def test_unused_parameters_count_as_detached(batch):
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    network.register_parameter("spare", nn.Parameter(torch.ones(2)))
    assert find_untrained(network, *batch).detached == ("spare",)


def test_the_broken_layer_gives_the_right_outputs():
    layer, values = DetachingDense(5, 3), torch.randn(4, 5)
    expected = torch.relu(values @ layer.weight + layer.bias)
    assert torch.equal(layer(values), expected.detach())


def test_text_and_dict(batch):
    found = find_untrained(BrokenNetwork(), *batch)
    assert "2 detached, 2 at zero" in str(found)
    assert found.as_dict()["paths"][2] == {
        "name": "dense.weight", "gradient_norm": 0.0, "is_reached": False,
    }  # fmt: skip
