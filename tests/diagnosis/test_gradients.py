import pytest
import torch
import torch.nn.functional as F
from torch import nn

from convscope.diagnosis.gradients import measure_gradients


def test_ratios_are_those_of_autograd():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
    images, labels = torch.randn(8, 4), torch.randint(3, (8,))
    found = measure_gradients(network, [(images, labels)], label_smoothing=0.1)
    assert all(p.grad is None for p in network.parameters())
    loss = F.cross_entropy(network(images), labels, label_smoothing=0.1)
    loss.backward()
    assert found.loss == pytest.approx(loss.item())
    assert [each.name for each in found.layers] == ["0", "2"]  # no biases
    for each, layer in zip(found.layers, (network[0], network[2]), strict=True):
        assert each.ratio == pytest.approx(
            float(layer.weight.grad.norm() / layer.weight.detach().norm())
        )


def test_layers_without_a_gradient():
    network = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 3))
    network[0].weight.requires_grad_(False)
    network.unused = nn.Parameter(torch.ones(2, 2))
    network.forward = lambda x: network[1](network[0](x))
    found = measure_gradients(
        network, [(torch.randn(2, 4), torch.tensor([0, 1]))], label_smoothing=0.0
    )
    by_name = {each.name: each for each in found.layers}
    assert by_name["0"].ratio is None
    assert by_name["0"].is_frozen
    assert by_name["unused"].ratio is None
    assert not by_name["unused"].is_frozen
    assert by_name["1"].ratio > 0
