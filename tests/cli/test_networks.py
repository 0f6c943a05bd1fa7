"""`convscope networks`."""

import json

import pytest
from typer.testing import CliRunner

from convscope.cli.main import app
from convscope.networks.catalog import build, list_networks


def run(*arguments):
    done = CliRunner().invoke(app, ["networks", *arguments])
    assert done.exit_code == 0
    return done.stdout


@pytest.mark.slow
def test_json_has_the_facts_of_every_network():
    rows = json.loads(run("--json"))["networks"]
    assert [row["name"] for row in rows] == list_networks()
    facts = {row["name"]: row for row in rows}
    lenet = sum(parameter.numel() for parameter in build("lenet").parameters())
    assert facts["lenet"]["parameters"] == lenet == 61_706
    assert facts["alexnet"] == {
        "name": "alexnet",
        "family": "AlexNet",
        "paper": "Krizhevsky, Sutskever and Hinton, ImageNet Classification with Deep "
        "Convolutional Neural Networks, 2012",
        "image": [1, 224, 224],
        "parameters": 46_764_746,
        "native": "alexnet-32px",
        "arguments": ["in_channels", "classes", "size", "dropout"],
    }


@pytest.mark.slow
def test_table_names_every_network_once_in_its_first_column():
    lines = run().splitlines()
    rows = [line.split() for line in lines]
    assert [row[0] for row in rows if row and row[0] in list_networks()] == list_networks()
    assert ["vgg11-bn", "1×224×224", "128,811,658", "vgg11-bn-32px"] in rows
    assert ["resnet9", "3×32×32", "6,573,130"] in rows
    assert "  Lin, Chen and Yan, Network in Network, 2013" in lines
