"""`convscope show --maps` and `--drawing`."""

import json
from xml.etree import ElementTree as Xml

import pytest
from PIL import Image


def test_maps_of_a_run(command, digits_run, digit, tmp_path):
    done = command("show", digits_run.folder, "--maps", "features.pool1", "--image", "digit.png")
    maps, figure = done.stdout.splitlines()
    assert maps.startswith("features.pool1 (average pooling): 6 maps of 14 × 14, values 0")
    assert figure == "figure: digit-features.pool1.png"
    assert done.stderr == ""
    with Image.open(tmp_path / "digit-features.pool1.png") as image:
        assert image.format == "PNG"


def test_maps_of_a_network_that_is_not_trained(command, digit, tmp_path):
    done = command(
        "show", "lenet", "--maps", "features.conv2", "--image", "digit.png", "--size", "20",
        "--channels", "3", "--out", "maps.png", "--json",
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert (found["layer"], found["output_shape"]) == ("features.conv2", [16, 6, 6])
    assert found["files"] == ["maps.png"]
    assert found["notes"][0] == "lenet is not trained: its weights are random."
    assert (tmp_path / "maps.png").exists()


MAPS = ["--maps", "features.conv1"]
IMAGE = ["--image", "digit.png"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (MAPS, 2, "--maps draws what a layer makes of an image: add --image FILE."),
        ([*MAPS, *IMAGE, "--backward"], 2, "--backward is for one number: add --unit"),
        ([*MAPS, *IMAGE, "--out", "x.svg"], 2, "must be a file that ends with .png; given 'x.svg'"),
        ([*MAPS, *IMAGE, "--out", "no/x.png"], 2, "--out: there is no folder 'no'. Make it first."),
        ([*MAPS, "--image", "none.png"], 1, "'none.png' can't be used: there is no such file."),
        (["--maps", "features.conv9", *IMAGE], 2, "Unknown layer of lenet: 'features.conv9'"),
        (["--maps", "classifier.dense1", *IMAGE], 2, "has no feature maps: its output has the sha"),
        ([*MAPS, "--drawing", "x.svg"], 2, "--maps and --drawing are different questions. Ask on"),
        (["--drawing", "x.gif"], 2, "A drawing is written as .svg or .png, not as 'x.gif'."),
    ],
)
def test_mistakes(command, digit, tmp_path, arguments, code, words):
    done = command("show", "lenet", *arguments, code=code)
    assert done.stderr.startswith("convscope: ")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["digit.png"]


@pytest.mark.slow
def test_a_drawing_beside_the_table(command, tmp_path):
    done = command("show", "resnet18", "--drawing", "resnet18.svg", "--size", 64)
    assert done.stdout.splitlines()[-1] == "drawing: resnet18.svg"
    assert "BasicBlock" in done.stdout
    folded = (tmp_path / "resnet18.svg").read_text()
    assert "image 1×64×64" in folded
    assert "×2" in folded
    Xml.fromstring(folded.encode())  # noqa: S314 - our own file
    found = json.loads(
        command("show", "resnet18", "--drawing", "all.svg", "--expand", "--json").stdout
    )
    assert found["drawing"] == "all.svg"
    assert len((tmp_path / "all.svg").read_text()) > len(folded)


def test_a_drawing_of_a_run(command, digits_run, tmp_path):
    command("show", digits_run.folder, "--drawing", "run.png")
    with Image.open(tmp_path / "run.png") as image:
        assert image.size == (2560, 1440)
