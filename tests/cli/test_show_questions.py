"""Questions of `convscope show` that are answered in text, in JSON and in a figure.

Tests inspection/excitation/find.py, inspection/parameters/describe.py,
inspection/receptive_field/receptive_field.py.
"""

import json

import numpy as np
import pytest
from PIL import Image

from convscope.data.load import load
from tests.conftest import needs_data


def is_png(path):
    with Image.open(path) as image:
        image.verify()
        return image.format == "PNG" and min(image.size) > 200


def test_what_excites_a_layer_of_a_trained_network(command, digits_run, tmp_path):
    done = command(
        "show", digits_run.folder, "--excites", "features.conv2:3,7", "--data", "digits",
        "--out", "excites.png", "--json",
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert (found["layer"], list(found["channels"])) == ("features.conv2", ["3", "7"])
    images = load("digits", "test")
    assert found["images"] == len(images)
    for strongest in found["channels"].values():
        values = [each["value"] for each in strongest]
        assert len(values) == 8
        assert values == sorted(values, reverse=True)
        assert all(images.classes[images.labels[e["index"]]] == e["label"] for e in strongest)
    assert is_png(tmp_path / "excites.png")


@pytest.mark.slow
def test_the_last_layer_is_excited_by_its_own_classes(command, good_digits_run, tmp_path):
    done = command("show", good_digits_run.folder, "--excites", "dense", "--data", "digits")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("What excites dense most among 3")
    for number, line in enumerate(lines[2:10]):
        assert line.split()[-2:] == [str(number), "×8"], line
    assert lines[-1].startswith("figure: ")
    assert is_png(tmp_path / lines[-1].removeprefix("figure: "))


@pytest.mark.slow
def test_parameters_with_gradients_and_dead_units(command, digits_run, tmp_path):
    done = command("show", digits_run.folder, "--parameters", "--data", "digits")
    row = next(line for line in done.stdout.splitlines() if "features.conv1.weight" in line)
    network = digits_run.model().network
    weight = network.features.conv1.weight.detach()
    assert row.split()[1:4] == ["6×1×5×5", "150", f"{weight.mean():.3g}"]  # not "frozen"
    assert float(row.split()[-1]) > 0
    assert "all" in done.stdout
    assert "mean cross-entropy on 64 images of digits" in done.stdout
    assert is_png(tmp_path / "lenet-digits-parameters.png")


def test_parameters_alone_have_no_gradients(command, tmp_path):
    found = json.loads(command("show", "lenet", "--parameters", "--json").stdout)
    assert found["count"] == 61706
    assert {row["gradient_norm"] for row in found["parameters"]} == {None}
    assert found["notes"] == ["lenet is not trained: its weights are random."]
    assert is_png(tmp_path / "lenet-parameters.png")


@pytest.mark.slow
def test_initializations(command, tmp_path):
    done = command("show", "vgg11-32px", "--initializations", "--data", "digits", "--out", "i.png")
    outcomes = dict(
        line.strip().split(maxsplit=1) for line in done.stdout.splitlines() if line[:2] == "  "
    )
    assert outcomes["kaiming"] == "keeps its size"
    assert outcomes["normal"] == "dies out"
    assert outcomes["constant"] == "all units of a layer are alike"
    assert is_png(tmp_path / "i.png")


def test_kernels_of_a_run(command, digits_run, tmp_path):
    found = json.loads(command("show", digits_run.folder, "--kernels", "--json").stdout)
    network = digits_run.model().network
    assert found["layer"] == "features.conv1"
    expected = network.features.conv1.weight.detach().numpy()
    np.testing.assert_allclose(found["weights"], expected, rtol=1e-6)
    assert is_png(tmp_path / "lenet-digits-kernels.png")


@pytest.mark.slow
def test_a_receptive_field_with_and_without_an_image(command, digits_run, tmp_path):
    Image.fromarray(load("digits", "test").images[0, 0]).save(tmp_path / "digit.png")
    unit = ["--receptive-field", "features.conv2:5,3,4"]
    done = command("show", digits_run.folder, *unit, "--image", "digit.png")
    assert "features.conv2, channel 5, row 3, column 4" in done.stdout
    assert "14 × 14 pixels: rows 4 to 17, columns 6 to 19" in done.stdout
    assert is_png(tmp_path / "digit-features.conv2-5-3-4.png")
    found = json.loads(command("show", "lenet", *unit, "--out", "noise.png", "--json").stdout)
    assert found["pixels_seen"] == 196
    assert 0 < found["pixels_of_share"] < 196
    assert "mean over 16 images of noise" in found["notes"][-1]


@pytest.mark.slow
@needs_data("fashion")
def test_fashion_mnist(command, digits_run, tmp_path):
    arguments = ["show", digits_run.folder, "--excites", "classifier.dense3", "--data"]
    done = command(*arguments, "fashion-mnist", "--out", "f.png")
    assert "among 10,000 images of fashion-mnist" in done.stdout
    assert is_png(tmp_path / "f.png")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--excites", "features.conv1"], "--excites looks through a data set: add --data DATA."),
        (["--excites", "conv9", "--data", "digits"], "Unknown layer of lenet: 'conv9'"),
        (["--excites", "features.conv1:6", "--data", "digits"], "its channels are 0 to 5."),
        (["--parameters", "--kernels"], "--kernels and --parameters are different questions."),
        (["--parameters", "--image", "x.png"], "--image has no meaning for --parameters."),
        (
            ["--parameters", "--data", "digits", "--classes", "4"],
            "digits has 10 classes, and lenet",
        ),
        (["--kernels", "--out", "x.jpg"], "--out must be a file that ends with .png"),
        (["--data", "digits"], "--data is for --excites, --parameters and --initializations."),
        (["--receptive-field", "features.conv1"], "unit must be LAYER:CHANNEL,ROW,COLUMN"),
        (["--receptive-field", "features.conv1:9,0,0"], "has no unit (9, 0, 0)"),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(command, tmp_path, arguments, words):
    done = command("show", "lenet", *arguments, code=2)
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert not [*tmp_path.iterdir()]
