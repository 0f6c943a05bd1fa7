import pytest
import safetensors.torch
import torch
from torch import nn

from convscope.errors import ConvscopeError, UsageError
from convscope.networks.catalog import build
from convscope.runs.begin_from import begin_from, describe_origin
from convscope.runs.model_file import ModelCard, save_model
from convscope.runs.source import find_source

CLASSES = ("cat", "dog", "fish")
SHAPE = (3, 12, 12)


def write(path, name="small", channels=3, classes=CLASSES, network=None, **arguments):
    """A model file of a network, whose weights are returned."""
    arguments = {"size": 12} | arguments if name == "small" else arguments
    network = network or build(name, channels, len(classes), **arguments)
    card = ModelCard(
        network=name,
        network_arguments=arguments,
        classes=classes,
        channels=channels,
        size=12,
        mean=(0.5,) * channels,
        std=(0.25,) * channels,
    )
    save_model(path, network, card)
    return {key: value.clone() for key, value in network.state_dict().items()}


def begin(path, network, classes, shape=SHAPE, name="small", **arguments):
    arguments = {"size": 12} | arguments if name == "small" else arguments
    source = find_source(str(path), name)
    return begin_from(network, source, image_shape=shape, classes=classes, arguments=arguments)


def test_the_same_classes_keep_everything(tmp_path):
    theirs = write(tmp_path / "a.safetensors")
    network = build("small", 3, 3, size=12)
    origin = begin(tmp_path / "a.safetensors", network, CLASSES)
    assert origin.new == origin.left == ()
    assert origin.taken == len(theirs)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, theirs[name])


@pytest.mark.parametrize("classes", [("cat", "dog"), ("dog", "cat", "fish"), tuple("abcdefg")])
def test_other_classes_get_a_new_last_layer(tmp_path, classes):
    theirs = write(tmp_path / "a.safetensors")
    network = build("small", 3, len(classes), size=12)
    fresh = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    origin = begin(tmp_path / "a.safetensors", network, classes)
    last = [name for name in fresh if name.startswith(origin.new[0].rpartition(".")[0])]
    assert set(origin.new) == set(last)
    assert len(last) == 2
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, (fresh if name in last else theirs)[name])
    assert f"new: {' and '.join(last)}" in describe_origin(origin)


def test_colour_images_into_a_grey_network_are_looked_at_by_their_mean(tmp_path):
    grey = build("small", 1, 3, size=12).eval()
    write(tmp_path / "a.safetensors", channels=1, network=grey)
    colour = build("small", 3, 3, size=12).eval()
    begin(tmp_path / "a.safetensors", colour, CLASSES)
    images = torch.rand(4, 3, 12, 12)
    torch.testing.assert_close(colour(images), grey(images.mean(1, keepdim=True)))


def test_a_dense_first_layer_follows_the_same_rule(tmp_path):
    grey = build("mlp", 1, 3, size=12).eval()
    write(tmp_path / "a.safetensors", "mlp", channels=1, network=grey, size=12)
    colour = build("mlp", 3, 3, size=12).eval()
    begin(tmp_path / "a.safetensors", colour, CLASSES, name="mlp", size=12)
    images = torch.rand(4, 3, 12, 12)
    torch.testing.assert_close(colour(images), grey(images.mean(1, keepdim=True)))


def test_weights_alone_have_no_classes_so_the_last_layer_is_new(tmp_path):
    theirs = build("small", 3, 3, size=12).state_dict()
    torch.save({"state_dict": {f"module.{n}": t for n, t in theirs.items()}}, tmp_path / "a.pth")
    network = build("small", 3, 3, size=12)
    origin = begin(tmp_path / "a.pth", network, CLASSES)
    assert len(origin.new) == 2
    assert origin.taken == len(theirs) - 2
    assert origin.licence == "not stated"
    first = next(iter(theirs))
    assert torch.equal(network.state_dict()[first], theirs[first])


def test_parts_that_the_network_does_not_have_are_left_by_name(tmp_path):
    theirs = build("small", 3, 3, size=12).state_dict() | {"aux.fc.weight": torch.ones(2)}
    safetensors.torch.save_file(theirs, tmp_path / "a.safetensors")
    origin = begin(tmp_path / "a.safetensors", build("small", 3, 2, size=12), ("x", "y"))
    assert origin.left == ("aux.fc.weight",)
    assert "left: aux.fc.weight" in describe_origin(origin)


def test_surplus_layers_inside_a_part_are_another_architecture(tmp_path):
    """The names and shapes of a smaller network are all in a larger one of its family."""
    safetensors.torch.save_file(build("resnet34", 3, 3).state_dict(), tmp_path / "a.safetensors")
    network = build("resnet18", 3, 2)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with pytest.raises(UsageError, match=r"don't fit resnet18.*unknown .*'resnet34'"):
        begin(tmp_path / "a.safetensors", network, ("x", "y"), (3, 32, 32), "resnet18")
    assert all(torch.equal(tensor, before[n]) for n, tensor in network.state_dict().items())


def test_another_size_is_said(tmp_path):
    write(tmp_path / "a.safetensors")
    with pytest.raises(UsageError, match="They take images of 12 pixels: leave --size out"):
        begin(tmp_path / "a.safetensors", build("small", 3, 3, size=16), CLASSES, (3, 16, 16))


def test_a_module_of_ones_own_is_filled(tmp_path):
    def net(classes):
        return nn.Sequential(nn.Flatten(), nn.Linear(432, 5), nn.ReLU(), nn.Linear(5, classes))

    theirs = write(tmp_path / "a.safetensors", "", network=net(3))
    network = net(2)
    source = find_source(str(tmp_path / "a.safetensors"), network)
    origin = begin_from(network, source, image_shape=SHAPE, classes=("x", "y"), arguments={})
    assert origin.new == ("3.weight", "3.bias")
    assert torch.equal(network[1].weight, theirs["1.weight"])


def test_damage_is_found(tmp_path):
    write(tmp_path / "a.safetensors")
    content = bytearray((tmp_path / "a.safetensors").read_bytes())
    content[-1] ^= 1
    (tmp_path / "a.safetensors").write_bytes(content)
    with pytest.raises(ConvscopeError, match="damaged"):
        begin(tmp_path / "a.safetensors", build("small", 3, 3, size=12), CLASSES)
