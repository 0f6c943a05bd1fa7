"""Where one number comes from: true for random numbers of all networks, and nothing is changed.

Tests inspection/unit/asked.py, inspection/unit/explanation.py.
"""

import json

import numpy as np
import pytest
import torch
from torch import nn

import convscope as cs
from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.inspection.unit.backward import explain_number_gradient, explain_weight_gradient
from convscope.inspection.unit.loss import compute_loss
from convscope.inspection.unit.steps import follow_steps
from convscope.inspection.unit.unit import unit
from convscope.networks.catalog import build, entry, list_networks
from tests.graph.test_restore import assert_same, state
from tests.inspection import odd_networks as odd
from tests.inspection import peculiar

ONE_OF_EACH = (
    "softmax-regression",
    "mlp",
    "small",
    "lenet-bn",
    "alexnet-32px",
    "vgg11-bn-32px",
    "nin-32px",
    "googlenet-32px",
    "resnet18-32px",
    "resnet9",
    "densenet-32px",
    "mobilenet-v1-32px",
    "mobilenet-v2-32px",
)


def fresh(name):
    """A network with moving statistics as training leaves them, and an image for it."""
    torch.manual_seed(0)
    channels, size, _ = entry(name).image
    size = size if size <= 96 else 72
    arguments = {"size": size} if entry(name).takes_size else {}
    network = build(name, channels, **arguments)
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            for tensor in (module.running_mean, module.weight.data, module.bias.data):
                tensor.normal_()
            module.running_var.uniform_(0.2, 2)
    return network, torch.randn(1, channels, size, size)


def random_place(shape, random):
    return tuple(int(random.integers(size)) for size in shape)


def check_units(graph, count):
    """Explain random numbers, each on its own; returns how many numbers were compared."""
    random = np.random.default_rng(0)
    compared = 0
    nodes = [node for node in graph if node.dtype.is_floating_point]  # no comparisons
    for _ in range(count):
        node = nodes[random.integers(len(nodes))]
        found, asked = follow_steps(graph, node, random_place(node.shape, random))
        assert found[asked].layer == node.name
        for step in found:
            share = abs(step.form.result - step.value) / max(step.form.magnitude, 1e-30)
            assert share <= 1e-5, step
            assert step.agrees
            compared += 1
    return compared


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_random_units_add_up(name):
    network, image = fresh(name)
    assert check_units(capture(network, image), 40) >= 40


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_ten_thousand_random_units_of_all_networks_add_up():
    count = -(-10_000 // len(list_networks()))
    for name in list_networks():
        network, image = fresh(name)
        check_units(capture(network, image), count)


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_random_gradients_add_up(name):
    network, image = fresh(name)
    graph = capture(network, image, gradients=True)
    loss = compute_loss(graph, 3)
    random = np.random.default_rng(1)
    for _ in range(3):
        node = graph.nodes[random.integers(len(graph))]
        found = explain_number_gradient(graph, loss, node, random_place(node.shape, random))
        assert found.agrees, found
        assert not found.unexplained
        path = graph.parameter_names[random.integers(len(graph.parameter_names))]
        found = explain_weight_gradient(
            graph, loss, path, random_place(graph.weights[path].shape, random)
        )
        assert found.agrees, found


@pytest.mark.parametrize("name", ["Recurrent", "Shuffled", "Written", "Tied", "Tokens"])
def test_networks_that_are_not_ours_add_up(name):
    """Control flow, reused and tied weights, branches, views written to, learned tokens."""
    torch.manual_seed(0)
    network = getattr(odd, name)()
    size = 8 if name == "Tied" else 12
    image = torch.randn(1, 3 if name == "Shuffled" else 1, size, size)
    graph = capture(network, image, gradients=True)
    assert check_units(graph, 60) >= 60
    loss, random = compute_loss(graph, 1), np.random.default_rng(2)
    written_over = {
        source for node in graph if node.kind == "overwritten" for source in node.inputs
    }
    for node in graph:
        if node.edge is not None and node not in written_over:
            found = explain_number_gradient(graph, loss, node, random_place(node.shape, random))
            assert found.agrees, found
    for path in graph.parameter_names:
        if any(path in node.parameters.values() for node in graph):
            place = random_place(graph.weights[path].shape, random)
            assert explain_weight_gradient(graph, loss, path, place).agrees


def test_what_was_written_over_is_explained_forwards_only():
    network, image = odd.Written(), torch.randn(1, 1, 9, 9)
    graph = capture(network, image)
    for channel, words in ((0, "product[3, 4], written over it"), (2, "conv[2, 3, 4]")):
        node = next(node for node in graph if node.kind == "overwritten")
        found, asked = follow_steps(graph, node, (0, channel, 3, 4))
        assert found[asked].agrees
        assert found[asked].form.formula == f"y[{channel}, 3, 4] = {words}"
    with pytest.raises(UsageError) as caught:
        unit(network, image, "conv:2,3,4", backward=True)
    assert "partly written over in place, isn't known. Ask about a later layer" in str(caught.value)


def test_gradients_are_those_that_training_would_use():
    network, image = fresh("lenet-bn")
    graph = capture(network, image, gradients=True)
    found = explain_weight_gradient(
        graph, compute_loss(graph, 3), "features.conv2.weight", (3, 1, 0, 4)
    )
    network.eval()
    nn.functional.cross_entropy(network(image), torch.tensor([3])).backward()
    expected = network.features.conv2.weight.grad[3, 1, 0, 4].item()
    assert found.form.result == pytest.approx(expected, rel=1e-4)


@pytest.mark.slow
def test_a_trained_network(digits_run):
    model = digits_run.model()
    network, card = model.network, model.card
    pixels = np.random.default_rng(0).integers(0, 256, (1, 28, 28), dtype=np.uint8)
    explanation = unit(digits_run, pixels, "classifier.dense3:4", backward=True)
    check_units(explanation.graph, 60)
    assert explanation.agrees
    assert explanation.opened.classes == card.classes
    expected = network(explanation.opened.pixels)[0, 4].item()
    assert explanation.value == pytest.approx(expected, rel=1e-5)
    assert explanation.step.form.result == pytest.approx(expected, rel=1e-4)
    for kind in ("features.conv1:2,10,12", "features.pool1:3,6,7", "softmax:4", "flatten:137"):
        found = unit(digits_run, pixels, kind, backward=True, label="7")
        assert found.agrees
        assert found.backward.loss.label == 7
        assert found.class_name(7) == "7"


def test_the_softmax_that_is_left_to_the_loss():
    network, image = fresh("lenet")
    explanation = unit(network, image, "softmax:3", backward=True, label=3)
    p = network(image).softmax(1)[0, 3].item()
    assert explanation.value == pytest.approx(p)
    back = explanation.backward
    assert back.number.value == pytest.approx(-1 / p, rel=1e-5)
    assert (back.source.name, back.source.index) == ("classifier.dense3", (3,))
    assert back.source.value == pytest.approx(p - 1, rel=1e-5)
    assert back.weight is None
    other = unit(network, image, "softmax:4", backward=True, label=3)
    assert other.backward.number.value == 0
    assert explanation.agrees
    assert other.agrees


def test_a_softmax_of_the_networks_own_is_not_doubled():
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.Softmax(1))
    found = unit(network, torch.randn(1, 2, 2), "2:1", backward=True)
    assert found.backward.loss.returns == "probabilities"
    with pytest.raises(UsageError, match="Unknown layer of Sequential: 'softmax'"):
        unit(network, torch.randn(1, 2, 2), "softmax:1")


def test_a_pixel_follows_from_the_file(digits_run):
    pixels = np.full((1, 28, 28), 51, np.uint8)
    explanation = unit(digits_run, pixels, "image:0,3,4")
    form = explanation.step.form
    card = digits_run.model().card
    assert form.given["pixel"].values == 51
    assert form.result == pytest.approx((0.2 - card.mean[0]) / card.std[0])
    assert explanation.agrees


def test_what_is_asked_about_and_what_it_sees():
    network, image = fresh("lenet")
    explanation = unit(network, image, ("features.conv2", (5, 3, 4)))
    assert explanation.step.label == "features.conv2[5, 3, 4]"
    assert explanation.asked == 0
    assert [step.kind for step in explanation.steps] == ["convolution", "sigmoid"]
    box = explanation.sees.box
    assert (box.top, box.left, box.bottom, box.right) == (4, 6, 17, 19)
    assert explanation.backward is None


def test_the_unit_of_a_module_is_that_of_its_last_layer():
    network, image = fresh("resnet18-32px")
    explanation = unit(network, image, "layer2.0:5,3,3")
    assert explanation.step.layer == "layer2.0.relu2"
    assert [step.kind for step in explanation.steps] == ["sum", "ReLU"]


def test_a_layer_that_was_called_again_has_a_number():
    network = peculiar.ReusedActivation()
    explanation = unit(network, peculiar.images(), "relu:2:4,7,7")
    assert explanation.step.layer == "relu:2"
    assert explanation.step.index == (4, 7, 7)


def test_a_weight_can_be_chosen():
    network, image = fresh("lenet")
    for weight in ("features.conv1.weight:2,0,4,4", ("features.conv1.weight", (2, 0, 4, 4))):
        found = unit(network, image, "features.conv2:0,0,0", backward=True, weight=weight)
        assert found.backward.weight.label == "features.conv1.weight[2, 0, 4, 4]"
        assert found.agrees


def test_data_are_plain_and_complete():
    network, image = fresh("lenet")
    explanation = unit(network, image, "features.conv1:2,10,12", backward=True)
    data = json.loads(json.dumps(explanation.as_dict(), allow_nan=False))
    assert (data["layer"], data["unit"]) == ("features.conv1", [2, 10, 12])
    assert data["agrees"] is True
    first = data["steps"][data["asked"]]
    (term,) = first["arithmetic"]["terms"]
    products = np.array(term["left"]["values"]) * np.array(term["right"]["values"])
    total = products.sum() + first["arithmetic"]["bias"]["values"]
    assert total == pytest.approx(data["value"], abs=1e-6)
    assert term["left"]["places"] == [[0], [8, 9, 10, 11, 12], [10, 11, 12, 13, 14]]
    assert data["receptive_field"] == {"top": 8, "left": 10, "bottom": 12, "right": 14}
    weight = data["backward"]["weight"]
    assert weight["name"] == "features.conv1.weight"
    (term,) = weight["arithmetic"]["terms"]
    assert np.sum(term["products"]) == pytest.approx(weight["value"], rel=1e-4)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (
            "features.conv1:2,30,12",
            "Layer 'features.conv1' has 6 × 28 × 28 (channels, height, width), so its last unit is "
            "features.conv1:5,27,27; given features.conv1:2,30,12.",
        ),
        (
            "flatten:2,3",
            "Layer 'flatten' has 400 units, so its last unit is flatten:399; given flatten:2,3.",
        ),
        (
            "features.conv3:0,0,0",
            "Unknown layer of lenet: 'features.conv3'. Did you mean 'features.conv2' or "
            "'features.conv1'?",
        ),
        (
            "features.conv1",
            "unit must be LAYER:CHANNEL,ROW,COLUMN, as in 'features.conv1:2,10,12'; given "
            "'features.conv1'.",
        ),
        (
            "features.conv1:2,-1,0",
            "unit must be LAYER:CHANNEL,ROW,COLUMN, as in 'features.conv1:2,10,12'; given "
            "'features.conv1:2,-1,0'.",
        ),
    ],
)
def test_units_that_are_not_there(asked, words):
    network, image = fresh("lenet")
    with pytest.raises(UsageError) as caught:
        unit(network, image, asked)
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"weight": "features.conv1.weight"}, "weight must be PARAMETER:INDEX, as in"),
        ({"weight": "features.conv9.weight:0"}, "Unknown parameter of lenet:"),
        ({"weight": "features.conv1.weight:0"}, "its last weight is at"),
        ({"label": "boot"}, "The classes have no names here. Give the label's number"),
        ({"label": 10}, "The label must be a class from 0 to 9; given 10."),
    ],
)
def test_mistakes_about_the_way_backwards(arguments, words):
    network, image = fresh("lenet")
    with pytest.raises(UsageError, match=words):
        unit(network, image, "flatten:3", backward=True, **arguments)


def test_an_unknown_class_suggests_the_nearest(digits_run):
    pixels = np.zeros((1, 28, 28), np.uint8)
    with pytest.raises(UsageError, match="Unknown class 'seven'. There are: 0, 1"):
        unit(digits_run, pixels, "flatten:3", backward=True, label="seven")


@pytest.fixture
def busy():
    """In training, partly frozen, with gradients, hooks and counters in use."""
    torch.manual_seed(3)
    network = peculiar.Busy().train()
    network(torch.randn(8, 1, 12, 12)).sum().backward()
    network.conv.bias.requires_grad_(requires_grad=False)
    network.conv.register_forward_hook(lambda *_: None)
    return network


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("wrong", [False, True])
def test_everything_is_as_it_was(busy, backward, wrong, tmp_path):
    before = state(busy)
    if wrong:
        with pytest.raises(UsageError):
            unit(busy, peculiar.images(), "conv:99,0,0", backward=backward)
    else:
        explanation = unit(busy, peculiar.images(), "conv:0,3,3", backward=backward)
        assert explanation.agrees
        if backward:
            explanation.figure(tmp_path / "unit.png")
        str(explanation)
        explanation.as_dict()
    assert_same(before, state(busy))


def test_a_frozen_network_has_gradients_too():
    network, image = fresh("lenet")
    network.requires_grad_(requires_grad=False)
    with torch.no_grad():
        found = unit(network, image, "features.conv1:2,10,12", backward=True)
    assert found.agrees
    assert found.backward.weight.value != 0


def test_the_image_given_is_left_alone():
    network = peculiar.BeginsInPlace()
    image = torch.randn(1, 12, 12)
    kept = image.clone()
    unit(network, image, "conv:0,0,0", backward=True)
    assert torch.equal(image, kept)


def test_a_unit_that_only_sees_padding():
    network = nn.Sequential(nn.ZeroPad2d(3), nn.Conv2d(1, 1, 2), nn.Flatten(), nn.Linear(81, 2))
    found = unit(network, torch.randn(1, 4, 4), "1:0,0,0", backward=True)
    assert found.sees is None
    assert found.agrees
    assert "padding" in str(unit(network, torch.randn(1, 4, 4), "0:0,0,0"))


def test_public_name():
    assert cs.unit is unit


def test_a_run_of_a_module_of_ones_own(tmp_path):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (16, 1, 6, 6)).astype(np.uint8)
    data = cs.ImageSet(images, np.arange(16) % 2, ("dark", "bright"))

    def module():
        return nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(32, 2))

    run = cs.train(module(), data, cs.Recipe(epochs=1), out=tmp_path / "r", quiet=True)
    pixels = torch.rand(1, 6, 6)
    trained = run.model(module()).network
    found = cs.unit(run, pixels, "0:1,2,3", module=module())
    assert found.value == pytest.approx(trained[0](pixels[None])[0, 1, 2, 3].item(), abs=1e-6)
    with pytest.raises(UsageError, match="module"):
        cs.unit(run, pixels, "0:1,2,3")
