"""`convscope kernels`, as a person and as a program run it."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from convscope.cli.kernels import complete_kernel


@pytest.fixture
def photo(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path


@pytest.mark.slow
def test_all_kernels(command, photo):
    done = command("kernels", "photo.png")
    assert done.stdout.splitlines() == [
        "Output size ⌊(n − k + p + s) / s⌋:",
        "  mean, gaussian: height ⌊(40 − 5 + 0 + 1) / 1⌋ = 36, width ⌊(60 − 5 + 0 + 1) / 1⌋ = 56",
        "  sharpen, emboss, laplace, horizontal-edges, vertical-edges, sobel-horizontal, "
        "sobel-vertical: height ⌊(40 − 3 + 0 + 1) / 1⌋ = 38, width ⌊(60 − 3 + 0 + 1) / 1⌋ = 58",
        "figure: photo-kernels.png",
    ]
    with Image.open(photo / "photo-kernels.png") as image:
        assert image.width > 2000


def test_one_by_name_and_one_by_its_numbers(command, photo):
    command("kernels", "photo.png", "--kernel", "emboss", "--mode", "reflect", "--padding", 2)
    assert (photo / "photo-emboss.png").exists()
    done = command(
        "kernels", "photo.png", "--kernel", "-1 1; -1 1", "--stride", 2, "--dilation", 3,
        "--out", "own.png", "--json",
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["input_size"] == [40, 60]
    assert found["file"] == "own.png"
    (kernel,) = found["kernels"]
    assert kernel["weights"] == [[-1, 1], [-1, 1]]
    assert kernel["output_size"] == [19, 29]
    assert kernel["formula"][0] == "height ⌊(40 − 4 + 0 + 2) / 2⌋ = 19"
    assert kernel["lowest"] < 0 < kernel["highest"]
    assert (photo / "own.png").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["none.png"], 1, "none.png: there is no such file"),
        (
            ["photo.png", "--kernel", "laplac"],
            2,
            "Unknown kernel 'laplac'. Did you mean 'laplace'?",
        ),
        (["photo.png", "--kernel", "1 2; 3"], 2, "is no matrix: row 1 has 2 numbers and row 2 has"),
        (["photo.png", "--kernel", "1 x"], 2, "holds 'x', which is no number."),
        (["photo.png", "--dilation", "30"], 2, "is larger than the image of 40 × 60 pixels"),
        (["photo.png", "--mode", "zero"], 2, "Unknown padding mode 'zero'. Did you mean 'zeros'?"),
        (["photo.png", "--out", "a.jpg"], 2, "--out must be a file that ends with .png; given"),
        (["photo.png", "--out", "b/a.png"], 2, "--out: there is no folder 'b'. Make it first."),
    ],
)
def test_mistakes_are_one_line(command, photo, arguments, code, words):
    done = command("kernels", *arguments, code=code)
    assert words in done.stderr
    assert done.stderr.startswith("convscope: ")
    assert done.stderr.count("\n") == 1
    assert sorted(path.name for path in photo.iterdir()) == ["photo.png"]


def test_names_are_completed():
    assert complete_kernel("sob") == ["sobel-horizontal", "sobel-vertical"]


def test_it_needs_no_torch():
    code = (
        "import sys, convscope.cli.kernels, convscope.inspection.kernels.filter_image, "
        "convscope.inspection.kernels.figure; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
