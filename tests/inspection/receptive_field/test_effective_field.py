"""How much each pixel matters to a unit."""

import numpy as np
import pytest
import torch
from torch import nn

from convscope.inspection.receptive_field.effective_field import effective_field, pixels_of_share
from tests.inspection.linear import Linearized


def test_effective_field_of_one_convolution_is_its_kernel():
    network = nn.Sequential(nn.Conv2d(2, 3, 3, bias=False))
    found = effective_field(network, torch.rand(2, 2, 7, 7), "0", (1, 2, 4))
    expected = np.zeros((7, 7))
    expected[2:5, 4:7] = network[0].weight[1].abs().sum(0).detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_effective_field_is_smaller_than_the_theoretical_and_strongest_in_the_middle():
    torch.manual_seed(0)
    network = nn.Sequential(*(nn.Conv2d(1, 1, 3, padding=1, bias=False) for _ in range(10)))
    with Linearized():
        found = effective_field(
            network, torch.rand(1, 1, 41, 41, dtype=torch.float64), "9", (0, 20, 20)
        )
    assert found[10:31, 10:31].sum() == pytest.approx(found.sum())
    assert found[10, 10] > 0
    assert found.argmax() == 20 * 41 + 20
    assert found[15:26, 15:26].sum() > 0.9 * found.sum()  # a quarter of the field's area


def test_pixels_that_make_up_a_share():
    assert pixels_of_share(np.array([[1.0, 5.0], [3.0, 1.0]]), 0.5) == 1
    assert pixels_of_share(np.array([[1.0, 5.0], [3.0, 1.0]]), 0.8) == 2
    assert pixels_of_share(np.ones((4, 5)), 1.0) == 20
    assert pixels_of_share(np.zeros((4, 5)), 0.9) == 0
