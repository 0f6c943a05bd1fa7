"""`convscope show`."""

import pytest

from convscope.networks.catalog import build
from tests.conftest import as_dict


def test_a_network_of_the_catalog(command):
    shown = command("show", "googlenet", columns=100).stdout
    assert "inception4a – 4c" in shown
    assert "480×6×6" in shown
    assert "5,977,530" in shown
    assert "1×96×96" in shown


def test_json_holds_every_layer(command):
    found = as_dict(command("show", "resnet18", "--json", "--size", 64, "--channels", 3))
    assert found["image"] == [3, 64, 64]
    network = build("resnet18", 3)
    assert found["parameters"] == sum(p.numel() for p in network.parameters())
    assert sum(layer["macs"] for layer in found["layers"]) == found["macs"]
    assert found["flops"] == 2 * found["macs"]
    layers = {layer["name"]: layer for layer in found["layers"]}
    assert layers["layer4.1.relu2"]["output_shape"] == [512, 2, 2]
    assert layers["layer4.1.relu2"]["receptive_field"]["size"] == [435, 435]
    assert {"name", "kind", "output_shape", "parameters", "macs", "flops"} <= layers["fc"].keys()


def test_classes_and_every_layer(command):
    shown = command("show", "lenet-bn", "--classes", 26, "--size", 32, "--expand").stdout
    assert "classifier.norm2" in shown
    assert f"{84 * 26 + 26:,}" in shown


def test_a_run(command, digits_run):
    found = as_dict(command("show", digits_run.folder, "--json"))
    assert (found["network"], found["image"]) == ("lenet", [1, 28, 28])
    assert found["layers"][-1]["output_shape"] == [10]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lenot"], "Unknown network or run folder 'lenot'. Did you mean 'lenet'"),
        (["runs/none-1"], "No run folder 'runs/none-1'."),
        (["lenet", "--size", "8"], "The least size that works is 12×12."),
        (["lenet", "--size", "0"], "Invalid value for '--size'"),
    ],
)
def test_mistakes(command, arguments, words):
    assert words in command("show", *arguments, code=2).stderr


def test_a_run_keeps_its_channels_and_classes(command, digits_run):
    done = command("show", digits_run.folder, "--channels", 3, code=2)
    assert done.stderr.startswith(
        f"convscope: channels 3 does not fit {str(digits_run.folder)!r}, which is there already, "
        "with 1. Leave it out, or name a network of the catalog."
    )
