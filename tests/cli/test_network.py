"""A network in a file of one's own, from showing it to going on with its run.

Tests cli/network.py.
"""

import json
import re
import sys

import pytest
import torch
from PIL import Image
from torch import nn

from convscope.cli.network import open_network
from convscope.runs.model_file import ModelCard, save_model
from convscope.runs.open_model import open_model

NET = """
from torch import nn

class Tiny(nn.Module):
    def __init__(self, in_channels, classes):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 4, 3, padding=1)
        self.fc = nn.Linear(4, classes)

    def forward(self, images):
        return self.fc(self.conv(images).relu().mean((2, 3)))

class Bad(Tiny):
    def forward(self, images):
        return self.fc(images)
"""


class Tiny(nn.Module):
    """The same, to compare with."""

    def __init__(self, in_channels, classes):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 4, 3, padding=1)
        self.fc = nn.Linear(4, classes)

    def forward(self, images):
        return self.fc(self.conv(images).relu().mean((2, 3)))


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "tiny_net.py").write_text(NET)
    for name, colour in (("dark", 30), ("light", 220)):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(12):
            image = Image.new("L", (12, 12), colour + number)
            image.putpixel((number, 0), 255 - colour)
            image.save(tmp_path / "images" / name / f"{number}.png")
    yield tmp_path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


def test_it_is_shown_trained_and_gone_on_with(command, place, without_figures):
    assert "conv" in command("show", "tiny_net.py:Tiny", "--size", "12", "--channels", "1",
                             "--classes", "2").stdout  # fmt: skip
    options = ("--size", "12", "--epochs", "1", "--set", "validation=0.25", "-q")
    allowed = ("--set", "threads=1", "--precision", "float32", "--allow-leaks")
    command("train", "tiny_net.py:Tiny", "images", "--out", "run", *options, *allowed)
    assert "tiny_net" not in (place / "run" / "recipe.toml").read_text()
    command("resume", "run", "--network", "tiny_net.py:Tiny", "-q")
    command("resume", "run", "-q", code=2)  # nothing in the run's folder names code
    # Every question of `show` is answered of its run as well.
    own = ("--network", "tiny_net.py:Tiny")
    unit = ("--unit", "conv:1,3,4", "--image", "images/light/3.png", "--json")
    assert "--network my_net.py:Net" in command("show", "run", *unit, code=2).stderr
    found = json.loads(command("show", "run", *unit, *own).stdout)
    kernels = json.loads(command("show", "run", "--kernels", "--json", *own).stdout)
    assert kernels["layer"] == "conv"
    assert found["layer"] == "conv"
    assert found["value"] == pytest.approx(conv_value(place / "run", Tiny(1, 2)), abs=1e-5)


def conv_value(run, network):
    """Channel 1, row 3, column 4 of the first layer for `light/3.png`."""
    from convscope.inspection.open.image import open_image

    opened = open_image(open_model(run, network), "images/light/3.png")
    with torch.no_grad():
        return float(opened.network.conv(opened.pixels)[0, 1, 3, 4])


def test_a_module_is_for_a_run_and_auto_is_none(command, place):
    said = command("show", "nowhere", "--network", "tiny_net.py:Tiny", code=2).stderr
    assert "there is no run 'nowhere'" in said
    assert "convscope show tiny_net.py:Tiny" in said
    for question in ([], ["--kernels"], ["--parameters"]):
        assert "'auto' is no network: it is for training alone" in command(
            "show", "auto", *question, code=2
        ).stderr  # fmt: skip
    assert "add --data DATA" in command("show", "lenet", "--class-from", "x", code=2).stderr


def test_a_data_set_to_show_may_be_labelled_by_names_and_tables(command, place):
    (place / "flat").mkdir()
    rows = ["file;kind"]
    for name in ("dark", "light"):
        for number in range(12):
            file = place / "images" / name / f"{number}.png"
            (place / "flat" / f"{name}_{number}.png").write_bytes(file.read_bytes())
            rows.append(f"flat\\{name}_{number}.png;{name}")
    (place / "labels.csv").write_text("\n".join(rows), encoding="utf-8-sig")
    asked = ("show", "lenet", "--excites", "features.conv1:0", "--size", "28", "--json", "--data")
    by_name = json.loads(command(*asked, "flat", "--class-from", r"(\w+)_").stdout)
    by_table = json.loads(command(*asked, "labels.csv", "--columns", "path=file,label=kind").stdout)
    assert by_name["images"] == by_table["images"] > 0
    for found in (by_name, by_table):
        assert {each["label"] for each in found["channels"]["0"]} <= {"dark", "light"}
    command(*asked, "flat", code=2)


def test_its_first_weights_come_from_the_seed(place):
    (place / "other.toml").write_text("epochs = 1\nseed = 3")

    def first_weights(recipe=None, **changes):
        torch.rand(1)
        facts = {"channels": 1, "classes": 2} | changes
        return open_network("tiny_net.py:Tiny", None, facts, recipe).fc.weight

    assert torch.equal(first_weights(), first_weights())
    assert torch.equal(first_weights(seed=0), first_weights("book"))
    assert torch.equal(first_weights("other.toml"), first_weights(seed=3))
    assert torch.equal(first_weights("other.toml", seed=0), first_weights())
    assert not torch.equal(first_weights(seed=3), first_weights())


@pytest.mark.slow
def test_its_run_is_used_by_every_command(command, place, without_figures, monkeypatch):
    opened = []

    def start(run, *, module, **_):
        opened.append(open_model(run, module).network)
        return True

    monkeypatch.setattr("convscope.shipping.server.serve.serve", start)
    options = ("--size", "12", "--epochs", "1", "--set", "validation=0.25", "-q")
    allowed = ("--set", "threads=1", "--precision", "float32", "--allow-leaks")
    command("train", "tiny_net.py:Tiny", "images", "--out", "run", *options, *allowed)
    own = ("--network", "tiny_net.py:Tiny")
    asked = {
        "evaluate": ("run", "--no-robustness"),
        "predict": ("run", "images/dark/0.png"),
        "explain": ("run", "images/dark/0.png"),
        "doctor": ("run", "-q"),
        "serve": ("run",),
        "export": ("run", "own.onnx"),
        "resume": ("run", "-q"),
    }
    for name, arguments in asked.items():
        assert "--network my_net.py:Net" in command(name, *arguments, code=2).stderr, name
        command(name, *arguments, *own)
    assert [type(network).__name__ for network in opened] == ["Tiny"]
    assert (place / "own.onnx").is_file()
    said = command("predict", "run/model.safetensors", "images/dark/0.png", "--json", *own).stdout
    assert json.loads(said)["predictions"][0]["path"]
    assert "Unknown network in tiny_net.py" in command(
        "evaluate", "run", "--network", "tiny_net.py:Tine", code=2
    ).stderr  # fmt: skip
    assert "--network goes with a run" in command("doctor", *own, code=2).stderr


def test_a_network_is_shown_with_the_channels_that_it_takes(command, place):
    (place / "grey_net.py").write_text(
        NET.replace("in_channels, classes", "in_channels=1, classes=3", 1)
    )
    assert "1×12×12" in command("show", "grey_net.py:Tiny", "--size", "12").stdout


@pytest.mark.slow
def test_nothing_in_a_run_makes_a_command_import_code(command, place, without_figures):
    card = ModelCard(
        network="tiny_net.py:Tiny", classes=("dark", "light"), channels=1, size=12,
        mean=(0.5,), std=(0.2,), trained_on=str(place / "images"),
    )  # fmt: skip
    options = ("--size", "12", "--epochs", "1", "--set", "validation=0.25", "-q")
    allowed = ("--set", "threads=1", "--precision", "float32", "--allow-leaks")
    command("train", "tiny_net.py:Tiny", "images", "--out", "run", *options, *allowed)
    recipe = place / "run" / "recipe.toml"
    recipe.write_text(
        'network = "tiny_net.py:Tiny"\n' + re.sub("network = .*\n", "", recipe.read_text())
    )
    save_model(place / "run" / "model.safetensors", torch.nn.Linear(3, 2), card)
    evil = f"from pathlib import Path\nPath({str(place / 'imported')!r}).touch()\n{NET}"
    for folder in (place, place / "run"):
        (folder / "tiny_net.py").write_text(evil)
    for name in ("evaluate", "doctor", "serve", "resume", "plan", "show", "compare"):
        command(name, "run", code=2)
    command("predict", "run", "images/dark/0.png", code=2)
    command("explain", "run", "images/dark/0.png", code=2)
    command("export", "run", "own.onnx", code=2)
    command("train", "resnet9", "images", "--from", "run", code=2)
    assert not (place / "imported").exists()


def test_its_mistakes_have_a_line(command, place):
    options = ("--size", "12", "--epochs", "1", "-q", "--allow-leaks")
    done = command("train", "tiny_net.py:Bad", "images", *options, code=2)
    assert "tiny_net.py, line 15)" in done.stderr
    assert "Traceback" not in done.stderr
