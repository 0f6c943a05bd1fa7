"""A network in a file of one's own, from showing it to going on with its run.

Tests cli/network.py.
"""

import sys

import pytest
from PIL import Image

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


def test_its_mistakes_have_a_line(command, place):
    options = ("--size", "12", "--epochs", "1", "-q", "--allow-leaks")
    done = command("train", "tiny_net.py:Bad", "images", *options, code=2)
    assert "tiny_net.py, line 15)" in done.stderr
    assert "Traceback" not in done.stderr
