import pytest
import torch
import torch.nn.functional as F
from torch import nn

from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.inspection.attribution.grad_cam import grad_cam, last_spatial_layer
from convscope.networks.catalog import build
from tests.inspection import peculiar


def test_agrees_with_the_formula_worked_out_by_hand():
    # logit_t = Σ_k w_tk mean(A_k) + b_t, so the mean of its gradient in A_k is w_tk / (h w)
    conv, dense = nn.Conv2d(2, 3, 1), nn.Linear(3, 4)
    network = nn.Sequential(
        conv, nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), dense
    )
    image = torch.randn(1, 2, 5, 6)
    with torch.no_grad():
        maps = F.relu(conv(image))[0]
        expected = F.relu(torch.einsum("k,khw->hw", dense.weight[2], maps)) / 30
    found = grad_cam(network, image, 2)
    torch.testing.assert_close(torch.from_numpy(found.heat), expected)
    assert found.facts == {"layer": "1", "shape": [3, 5, 6]}


@pytest.mark.parametrize("kind", peculiar.LAST_MAPS, ids=lambda kind: kind.__name__)
def test_the_layer_is_found_where_tools_stumble(kind):
    found = grad_cam(peculiar.made(kind), peculiar.images(), 0)
    assert found.facts["layer"] == peculiar.LAST_MAPS[kind]


@pytest.mark.parametrize(
    ("name", "size", "layer", "shape"),
    [
        ("lenet", 28, "features.pool2", [16, 5, 5]),
        ("resnet18", 96, "layer4.1.relu2", [512, 3, 3]),
        ("resnet18", 32, "layer3.1.relu2", [256, 2, 2]),  # layer4 has a single pixel left
        ("densenet-32px", 32, "relu", [248, 4, 4]),  # behind the last norm, not the last block
        ("googlenet", 96, "inception5b.concatenation", [1024, 3, 3]),
    ],
)
def test_the_layer_in_networks_of_the_catalog(name, size, layer, shape):
    network = build(name).eval()
    node = last_spatial_layer(capture(network, torch.rand(1, 1, size, size)))
    assert (node.name, list(node.shape[1:])) == (layer, shape)


def test_an_in_place_relu_counts_with_what_it_made():
    """The value and the gradient are those of the same moment, before or after the ReLU."""
    network, image = peculiar.made(peculiar.EndsInFunctions), peculiar.images()
    found = grad_cam(network, image, 1)
    conv1, conv2, dense = network.conv1, network.conv2, network.dense
    with torch.no_grad():
        x = F.relu(conv1(image))
        maps = F.relu(x + conv2(x))[0]
        cam = F.relu(torch.einsum("k,khw->hw", dense.weight[1], maps)) / 100
        expected = F.interpolate(cam[None, None], size=(12, 12), mode="bilinear")[0, 0]
    torch.testing.assert_close(torch.from_numpy(found.heat), expected)


def test_it_says_so_if_nothing_speaks_for_the_class():
    network = nn.Sequential(
        nn.Conv2d(1, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 1)
    )
    with torch.no_grad():
        network[4].weight.fill_(-1.0)
    found = grad_cam(network, peculiar.images(), 0)
    assert not found.heat.any()
    assert "Nowhere does their sum speak for this class." in found.note


@pytest.mark.parametrize("name", ["mlp", "softmax-regression"])
def test_a_network_without_maps_is_told_what_to_use(name):
    with pytest.raises(UsageError) as error:
        grad_cam(build(name).eval(), torch.rand(1, 1, 28, 28), 0)
    assert str(error.value) == (
        f"Grad-CAM needs a layer whose output has a height and a width, and {name} has none. "
        "Use saliency, integrated-gradients or occlusion."
    )
