"""What excites channels, counted by class.

Tests experiments/class_purity.py, experiments/class_purity_figure.py,
experiments/channel_network.py.
"""

import numpy as np
import pytest
import torch
from torch import nn

import convscope as cs
from convscope import experiments
from tests.experiments.results import check_result


@pytest.fixture(scope="module")
def images():
    """Forty images of two classes: a bright left half, or a bright right one."""
    labels = np.arange(40) % 2
    pixels = np.zeros((40, 1, 8, 8), np.uint8)
    pixels[labels == 0, :, :, :4] = 200
    pixels[labels == 1, :, :, 4:] = 200
    pixels[:, 0, 0, 0] = np.arange(40)  # so that none are equal
    return cs.ImageSet(pixels, labels, ["left", "right"])


class Halves(nn.Module):
    """Channel 0 is the left half's mean, channel 1 the right one's, channel 2 never above 0."""

    def __init__(self):
        super().__init__()
        self.pool = nn.AvgPool2d((8, 4))
        self.relu = nn.ReLU()

    def forward(self, pixels):
        means = self.pool(pixels)
        both = torch.cat([means[..., :1], means[..., 1:], -1 - means[..., :1].abs()], dim=1)
        return self.relu(both).flatten(1)


def test_pure_channels_are_pure_and_dead_ones_left_out(images):
    found = experiments.measure_class_purity(Halves(), images, ["relu"], count=9)
    assert found.purities == {"relu": (1.0, 1.0)}
    assert found.mean("relu") == 1
    # Of nine drawn blindly from two classes of 20, 5 to 9 are of the commoner one.
    assert 5 / 9 < found.chance < 7 / 9
    assert "9 of 9 alike" in check_result(found)


def test_without_labels_that_mean_anything_purity_is_near_chance(images):
    shuffled = cs.ImageSet(
        images.images, np.random.default_rng(0).permutation(images.labels), images.classes
    )
    found = experiments.measure_class_purity(Halves(), shuffled, ["relu"], count=20)
    assert found.mean("relu") < 0.75


def test_stored_rows_are_read_by_layer():
    rows = [
        {"seed": seed, "trained": trained, "relu1": 0.5, "relu2": seed / 10, "chance": 0.3}
        for seed in (2, 1)
        for trained in (False, True)
    ]
    assert experiments.read_purities(rows, trained=True) == {
        "relu1": [50, 50],
        "relu2": [10, 20],
    }


def test_units_of_the_network_see_what_is_said():
    network = experiments.build_channel_network()
    sees = {
        layer.name: layer.receptive_field.size for layer in cs.trace(network, (1, 16, 16)).layers
    }
    assert [sees[f"relu{number}"] for number in (1, 2, 3)] == [(3, 3), (8, 8), (18, 18)]


def test_images_are_normalized_by_their_own_statistics(images):
    pixels, labels = experiments.normalize_images(images)
    assert pixels.mean().item() == pytest.approx(0, abs=1e-5)
    assert pixels.std().item() == pytest.approx(1, abs=1e-2)
    assert labels.tolist() == images.labels.tolist()
