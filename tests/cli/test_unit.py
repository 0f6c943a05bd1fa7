"""`convscope show --unit`, as a person and as a program run it."""

import json

import pytest
from PIL import Image


@pytest.mark.slow
def test_a_unit_of_a_run_forwards_and_backwards(command, digits_run, digit, tmp_path):
    done = command(
        "show", digits_run.folder, "--unit", "features.conv2:5,3,4", "--image", "digit.png",
        "--backward", "--class", "7",
    )  # fmt: skip
    assert done.stdout.startswith("features.conv2[5, 3, 4] = ")
    assert "Checked: computed again in double precision" in done.stdout
    assert "cross-entropy for 7, given as right" in done.stdout
    assert done.stdout.splitlines()[-2:] == [
        "figure: digit-features.conv2-5-3-4.png",
        "figure: digit-features.conv2-5-3-4-backward.png",
    ]
    for file in done.stdout.splitlines()[-2:]:
        with Image.open(tmp_path / file.removeprefix("figure: ")) as image:
            assert image.format == "PNG"


def test_json(command, digit, tmp_path):
    done = command(
        "show", "lenet", "--unit", "softmax:3", "--image", "digit.png", "--size", "20",
        "--channels", "3", "--classes", "5", "--out", "why.png", "--json",
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert (found["layer"], found["unit"], found["agrees"]) == ("softmax", [3], True)
    assert len(found["steps"][0]["arithmetic"]["probabilities"]) == 5
    assert found["files"] == ["why.png"]
    assert found["notes"][0] == "lenet is not trained: its weights are random."
    assert (tmp_path / "why.png").exists()


UNIT = ["--unit", "features.conv1:0,3,3"]
IMAGE = ["--image", "digit.png"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (UNIT, 2, "--unit explains a number computed from an image: add --image FILE."),
        (IMAGE, 2, "--image belongs to a question: add --unit LAYER:CHANNEL,ROW,COLUMN, or"),
        (["--backward"], 2, "--backward is for one number: add --unit"),
        (["--class", "3"], 2, "--class is for one number: add --unit"),
        (["--out", "x.png"], 2, "--out belongs to a question: add --unit"),
        ([*UNIT, *IMAGE, "--class", "3"], 2, "--class is the class that the loss is for: add --b"),
        ([*UNIT, *IMAGE, "--out", "x.jpg"], 2, "must be a file that ends with .png; given 'x.jpg'"),
        ([*UNIT, *IMAGE, "--out", "no/x.png"], 2, "--out: there is no folder 'no'. Make it first."),
        ([*UNIT, "--image", "none.png"], 1, "'none.png' can't be used: there is no such file."),
        (["--unit", "features.conv9:0,0,0", *IMAGE], 2, "Unknown layer of lenet: 'features.conv9'"),
        (["--unit", "features.conv1:0,0,28", *IMAGE], 2, "has 6 × 28 × 28 (channels, height, w"),
        (["--unit", "features.conv1", *IMAGE], 2, "unit must be LAYER:CHANNEL,ROW,COLUMN"),
    ],
)
def test_mistakes(command, digit, tmp_path, arguments, code, words):
    done = command("show", "lenet", *arguments, code=code)
    assert done.stderr.startswith("convscope: ")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["digit.png"]
