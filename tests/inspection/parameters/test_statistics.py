"""Parameters in figures: read by name, with gradients, tied ones once, dead units.

Tests inspection/parameters/dead_units.py, inspection/parameters/read.py.
"""

import dataclasses

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from convscope.errors import UsageError
from convscope.inspection.parameters.dead_units import find_dead_units
from convscope.inspection.parameters.read import read_parameters
from convscope.inspection.parameters.statistics import measure_parameters
from convscope.networks.catalog import build
from tests.inspection import peculiar


def test_read_one_parameter_a_branch_and_everything():
    network = build("small")
    assert read_parameters(network, "features.conv1.weight") is network.features.conv1.weight
    branch = read_parameters(network, "features")
    assert list(branch) == ["conv1", "conv2"]  # what has no parameters is left out
    assert branch["conv2"]["bias"] is network.features.conv2.bias
    assert (
        read_parameters(network)["classifier"]["dense3"]["weight"]
        is network.classifier.dense3.weight
    )


def test_read_an_unknown_path():
    with pytest.raises(UsageError, match="Unknown parameter 'features.conv1.weigth'. Did you mean"):
        read_parameters(build("small"), "features.conv1.weigth")


def test_figures_are_those_of_the_numbers():
    layer = nn.Linear(2, 2)
    with torch.no_grad():
        layer.weight[:] = torch.tensor([[3.0, 0.0], [0.0, -4.0]])
    layer.bias.requires_grad_(requires_grad=False)
    weight, bias = measure_parameters(layer)
    assert dataclasses.asdict(weight) == {
        "name": "weight",
        "also": (),
        "shape": (2, 2),
        "count": 4,
        "mean": -0.25,
        "std": pytest.approx(2.48747),
        "norm": 5.0,
        "zeros": 0.5,
        "gradient_norm": None,
        "trained": True,
    }
    assert bias.name == "bias"
    assert not bias.trained


def test_the_gradient_is_none_before_backward_then_set_then_adds_up():
    network, image = peculiar.made(peculiar.EndsInFunctions), peculiar.images(2)
    assert {row.gradient_norm for row in measure_parameters(network)} == {None}
    network(image).sum().backward()
    first = {row.name: row.gradient_norm for row in measure_parameters(network)}
    assert first["conv1.weight"] == pytest.approx(float(network.conv1.weight.grad.norm()))
    network(image).sum().backward()
    for row in measure_parameters(network):
        assert row.gradient_norm == pytest.approx(2 * first[row.name], rel=1e-4)


def test_gradients_on_images_are_those_of_the_cross_entropy():
    network, image = peculiar.made(peculiar.ReusedActivation), peculiar.images(5)
    labels = torch.tensor([0, 1, 2, 0, 1])
    rows = measure_parameters(network, image, labels)
    assert all(parameter.grad is None for parameter in network.parameters())
    F.cross_entropy(network(image), labels).backward()
    for row, parameter in zip(rows, network.parameters(), strict=True):
        assert row.gradient_norm == pytest.approx(float(parameter.grad.norm()), rel=1e-4)


def test_images_without_labels():
    with pytest.raises(UsageError, match="Gradients need both images and labels"):
        measure_parameters(build("small"), torch.rand(1, 1, 32, 32))


class Tied(nn.Module):
    """One weight used twice: as one parameter, or as two over the same memory."""

    def __init__(self, same_object):
        super().__init__()
        self.first, self.second = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False)
        if same_object:
            self.second.weight = self.first.weight
        else:
            self.second.weight = nn.Parameter(self.first.weight.data)

    def forward(self, x):
        return self.second(torch.tanh(self.first(x.flatten(1))))


@pytest.mark.parametrize("same_object", [True, False])
def test_tied_parameters_stand_once_and_their_gradient_is_the_sum(same_object):
    network, images = Tied(same_object), torch.randn(3, 1, 2, 2)
    (row,) = measure_parameters(network, images, torch.tensor([0, 1, 2]))
    assert (row.name, row.also, row.count) == ("first.weight", ("second.weight",), 16)
    weight = network.first.weight.detach()
    uses = [weight.clone().requires_grad_(), weight.clone().requires_grad_()]
    hidden = torch.tanh(F.linear(images.flatten(1), uses[0]))
    F.cross_entropy(F.linear(hidden, uses[1]), torch.tensor([0, 1, 2])).backward()
    total = float((uses[0].grad + uses[1].grad).norm())
    assert row.gradient_norm == pytest.approx(total, rel=1e-4)
    network.zero_grad()
    F.cross_entropy(network(images), torch.tensor([0, 1, 2])).backward()
    assert measure_parameters(network)[0].gradient_norm == pytest.approx(total, rel=1e-4)


def test_equal_numbers_in_other_memory_are_not_tied():
    network = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False))
    network[1].load_state_dict(network[0].state_dict())
    assert [row.also for row in measure_parameters(network)] == [(), ()]


def test_dead_units_are_those_never_above_0_on_any_batch():
    network = peculiar.made(peculiar.EndsInFunctions)
    with torch.no_grad():
        network.conv1.bias[1] = -100.0  # never active
        network.conv1.weight[3] = 0.0
        network.conv1.bias[3] = 0.5  # always active
    batches = [peculiar.images(3, seed=seed) for seed in range(3)]
    first, second = find_dead_units(network, batches)
    assert (first.layer, first.units) == ("ReLU", 4)
    assert first.dead == (1,)
    assert second.layer == "ReLU:2"


def test_a_unit_active_on_one_image_is_not_dead():
    network = nn.Sequential(nn.Flatten(), nn.Linear(2, 2, bias=False), nn.ReLU(), nn.Linear(2, 2))
    with torch.no_grad():
        network[1].weight[:] = torch.eye(2)
    left, right = torch.tensor([[[[1.0, -1.0]]]]), torch.tensor([[[[-1.0, 1.0]]]])
    assert find_dead_units(network, left)[0].dead == (1,)
    assert find_dead_units(network, right)[0].dead == (0,)
    assert find_dead_units(network, [left, right])[0].dead == ()
    assert find_dead_units(network, torch.cat([left, right]))[0].dead == ()


def test_reused_activations_are_told_apart():
    rows = find_dead_units(peculiar.made(peculiar.ReusedActivation), peculiar.images(2))
    assert [(row.layer, row.units) for row in rows] == [("relu", 4), ("relu:2", 5), ("relu:3", 16)]
