import json
from pathlib import Path

import pytest
import torch

from convscope.errors import UsageError
from convscope.networks.catalog import build
from convscope.networks.weights import load_weights
from convscope.runs.model import Model, load_model
from convscope.runs.model_file import save_model
from convscope.shipping.export.export import export
from convscope.shipping.export.torchvision_weights import (
    COUNTERPARTS,
    torchvision_state,
    write_torchvision_weights,
)
from tests.networks.deterministic import digest
from tests.shipping.export.models import card_for, made

FACTS = Path(__file__).parents[2] / "networks" / "torchvision_facts.json"
QUICK = ("resnet18", "googlenet-torchvision", "densenet121", "mobilenet-v2")
NETWORKS = json.loads(FACTS.read_text("utf-8"))["networks"]


def test_every_network_that_torchvision_has_can_be_written():
    assert set(COUNTERPARTS) == set(NETWORKS)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n in QUICK else [pytest.mark.slow]) for n in COUNTERPARTS]
)
def test_names_and_shapes_are_torchvision_s(name):
    with torch.device("meta"):
        network = build(name, 3, 1000)
    network.to_empty(device="cpu")
    card = card_for(network=name, classes=tuple(str(number) for number in range(1000)))
    assert digest(torchvision_state(Model(network, card))) == NETWORKS[name]["digest"]


def test_round_trip(tmp_path):
    model = made("resnet18", size=32)
    save_model(tmp_path / "model.safetensors", model.network, model.card)
    written = export(tmp_path / "model.safetensors", tmp_path / "weights.safetensors")
    assert written.torchvision == "torchvision.models.resnet18(num_classes=3)"
    assert written.as_dict() == {
        "file": str(tmp_path / "weights.safetensors"),
        "network": "resnet18",
        "channels": 3,
        "torchvision": written.torchvision,
    }
    other = build("resnet18", 3, 3)
    load_weights(other, tmp_path / "weights.safetensors")
    for name, tensor in model.network.state_dict().items():
        assert torch.equal(other.state_dict()[name], tensor)


@pytest.mark.slow
@pytest.mark.parametrize("name", COUNTERPARTS)
def test_both_ways(name, tmp_path):
    """Written, and read into a fresh network: the same weights, and so the same answers."""
    network = build(name, 3, 5).eval()
    card = card_for(network=name, classes=tuple("abcde"))
    write_torchvision_weights(tmp_path / "w.safetensors", Model(network, card))
    torch.manual_seed(1)
    other = build(name, 3, 5).eval()
    load_weights(other, tmp_path / "w.safetensors")
    for key, tensor in network.state_dict().items():
        assert torch.equal(other.state_dict()[key], tensor)


def test_its_own_model_is_not_replaced_by_weights(tmp_path):
    model = made("resnet18", size=32)
    file = tmp_path / "model.safetensors"
    save_model(file, model.network, model.card)
    with pytest.raises(UsageError) as error:
        export(file, file, force=True)
    assert str(error.value) == (
        f"{str(file)!r} is the run's own model, which holds more than its weights. "
        "Give another name."
    )
    load_model(file)


def test_networks_that_torchvision_lacks(tmp_path):
    model = made("lenet")
    save_model(tmp_path / "model.safetensors", model.network, model.card)
    with pytest.raises(UsageError) as error:
        export(tmp_path / "model.safetensors", tmp_path / "weights.safetensors")
    assert str(error.value).startswith(
        "torchvision has no network with the layers of 'lenet'. It has those of: "
        "alexnet-torchvision, googlenet-torchvision, mobilenet-v2, vgg11, "
    )
    assert not (tmp_path / "weights.safetensors").exists()


def test_widths_that_torchvision_lacks():
    card = card_for(network="vgg11", network_arguments={"width": 0.125})
    with pytest.raises(UsageError) as error:
        torchvision_state(Model(build("vgg11", 3, 3, width=0.125), card))
    assert str(error.value) == (
        "torchvision's vgg11 has other numbers of channels than 'vgg11' with width=0.125. To use "
        "the model elsewhere, export it to .onnx."
    )


def test_options_of_onnx_are_refused(tmp_path):
    model = made("resnet18", size=32)
    save_model(tmp_path / "model.safetensors", model.network, model.card)
    with pytest.raises(UsageError, match="--int8, --opset and --images are for .onnx files"):
        export(tmp_path / "model.safetensors", tmp_path / "weights.safetensors", int8=True)
