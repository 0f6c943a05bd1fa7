import pytest
import torch
from torch import nn

from convscope.inspection.attribution import integrated_gradients as module
from convscope.inspection.attribution.integrated_gradients import integrated_gradients
from convscope.networks.catalog import build
from tests.inspection import peculiar


class Shaped(nn.Module):
    """A given function of the sum of all pixels, as the only logit."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x.sum((1, 2, 3)))[:, None]


def test_of_a_linear_network_it_is_weight_times_difference():
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 4 * 5, 2))
    image, baseline = torch.randn(1, 3, 4, 5), torch.randn(1, 3, 4, 5)
    weights = network[1].weight[1].detach().view(3, 4, 5)
    found = integrated_gradients(network, image, 1, baseline)
    expected = ((image - baseline)[0] * weights).sum(0)
    torch.testing.assert_close(torch.from_numpy(found.heat), expected, rtol=1e-4, atol=1e-5)
    assert found.facts["steps"] == module.FIRST_STEPS
    assert found.signed


@pytest.mark.parametrize("kind", peculiar.LAST_MAPS, ids=lambda kind: kind.__name__)
def test_completeness_is_what_is_reported(kind):
    network, image = peculiar.made(kind), peculiar.images()
    baseline = torch.zeros_like(image)
    found = integrated_gradients(network, image, 2, baseline)
    with torch.no_grad():
        rise = float(network(image.clone())[0, 2] - network(baseline.clone())[0, 2])
    assert found.facts["difference"] == pytest.approx(rise, abs=1e-5)
    assert found.facts["sum"] == pytest.approx(float(found.heat.sum()), abs=1e-4)
    assert found.facts["error"] == pytest.approx(found.facts["sum"] - rise, abs=1e-5)
    assert found.facts["complete"]
    assert abs(found.facts["error"]) <= module.TOLERANCE * max(1, abs(rise))


@pytest.mark.parametrize("name", ["small", "lenet-bn", "densenet-32px"])
def test_complete_for_networks_of_the_catalog(name):
    network = build(name).eval()
    size = network.size or 32
    image = torch.rand(1, 1, size, size)
    assert integrated_gradients(network, image, 3, torch.zeros_like(image)).facts["complete"]


def test_steps_are_refined_until_it_holds_and_no_gradient_is_lost(monkeypatch):
    # a sigmoid that rises within a twentieth of the way, so that 20 steps are too few
    network = Shaped(lambda total: 10 * torch.sigmoid(150 * (total - 0.5123)))
    image = torch.full((1, 1, 2, 2), 0.25)
    baseline = torch.zeros_like(image)
    found = integrated_gradients(network, image, 0, baseline)
    assert found.facts["steps"] == 60
    assert found.facts["complete"]
    assert "the same within 1 %; 60 steps" in found.note
    monkeypatch.setattr(module, "FIRST_STEPS", 60)
    at_once = integrated_gradients(network, image, 0, baseline)
    torch.testing.assert_close(torch.from_numpy(found.heat), torch.from_numpy(at_once.heat))


def test_it_says_so_if_the_steps_are_never_enough():
    network = Shaped(lambda total: torch.sigmoid(1e6 * (total - 0.50001)))
    image = torch.full((1, 1, 2, 2), 0.25)
    found = integrated_gradients(network, image, 0, torch.zeros_like(image))
    assert found.facts["steps"] == module.MOST_STEPS
    assert found.facts["complete"] is False
    assert "NOT the same within 1 %, even in 540 steps" in found.note


def test_batches_don_t_change_the_result(monkeypatch):
    network, image = peculiar.made(peculiar.ReusedActivation), peculiar.images()
    baseline = torch.zeros_like(image)
    expected = integrated_gradients(network, image, 0, baseline).heat
    monkeypatch.setattr(module, "IMAGES_AT_ONCE", 7)
    found = integrated_gradients(network, image, 0, baseline).heat
    torch.testing.assert_close(torch.from_numpy(found), torch.from_numpy(expected))
