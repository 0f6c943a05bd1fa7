"""Names, facts, and what happens on a name or an argument that does not exist.

Tests networks/registry.py.
"""

import subprocess
import sys

import pytest

from convscope.errors import UsageError
from convscope.networks.catalog import build, check_image_size, entry, list_networks
from convscope.networks.network import Network
from convscope.networks.registry import register


def message(call):
    with pytest.raises(UsageError) as caught:
        call()
    return str(caught.value)


def test_the_networks_of_the_curriculum_are_there_in_the_order_of_their_papers():
    expected = ["softmax-regression", "mlp", "small", "lenet", "lenet-bn", "alexnet"]
    expected += [f"vgg{d}{norm}" for d in (11, 13, 16, 19) for norm in ("", "-bn")]
    expected += ["nin", "googlenet", *(f"resnet{d}" for d in (18, 34, 50, 101, 152))]
    expected += ["densenet", "densenet121", "densenet169", "densenet201"]
    expected += ["mobilenet-v1", "mobilenet-v2"]
    assert [name for name in list_networks() if name in expected] == expected


def test_every_classic_has_a_native_variant():
    classics = [n for n in list_networks() if max(entry(n).image) > 32]
    assert len(classics) == 24
    for name in classics:
        native = entry(entry(name).native)
        assert native.image == (3, 32, 32)
        assert native.family == entry(name).family
        assert native.native is None


def test_facts():
    found = entry("resnet50")
    assert (found.name, found.family, found.image) == ("resnet50", "ResNet", (1, 96, 96))
    assert (
        found.paper == "He, Zhang, Ren and Sun, Deep Residual Learning for Image Recognition, 2015"
    )
    assert found.arguments == ("in_channels", "classes")
    assert not found.takes_size
    assert entry("alexnet").takes_size


def test_a_built_network_knows_its_name():
    network = build("googlenet", in_channels=3, classes=5)
    assert isinstance(network, Network)
    assert (network.name, network.native) == ("googlenet", "googlenet-32px")
    assert (network.in_channels, network.classes, network.size) == (3, 5, None)


def test_unknown_network():
    assert message(lambda: build("resnet81")).startswith(
        "Unknown network 'resnet81'. Did you mean 'resnet18'"
    )
    assert message(lambda: entry("transformer")).startswith("Unknown network 'transformer'. ")
    assert "Unknown network 'lenot'" in message(lambda: check_image_size("lenot", 28))


def test_unknown_argument():
    assert message(lambda: build("vgg11", widht=0.5)) == (
        "Unknown argument of network 'vgg11': 'widht'. Did you mean 'width'?"
    )
    assert message(lambda: build("resnet18", size=96)) == (
        "Unknown argument of network 'resnet18': 'size'. There are: classes, in_channels."
    )


def test_arguments_of_wrong_value_or_type():
    assert message(lambda: build("vgg11", dropout=2)) == (
        "Network 'vgg11' cannot be built with dropout=2: dropout probability has to be between 0 "
        "and 1, but got 2."
    )
    assert message(lambda: build("mlp", hidden="many")).startswith(
        "Network 'mlp' cannot be built with hidden='many': "
    )
    assert message(lambda: build("googlenet-torchvision", 1, transform_input=True)) == (
        "Network 'googlenet-torchvision': transform_input is for images of 3 channels, not 1."
    )


def test_a_name_can_be_taken_once():
    with pytest.raises(ValueError, match="Two networks are called 'lenet'"):
        register("lenet", family="LeNet", paper="", image=(1, 28, 28))(Network)


@pytest.mark.slow
def test_loading_the_catalog_loads_little_beside_torch():
    code = (
        "import torch, sys; before = set(sys.modules); import convscope.networks.catalog;"
        "print(*sorted({m.split('.')[0] for m in set(sys.modules) - before}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["convscope"]
