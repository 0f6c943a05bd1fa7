"""`convscope predict`, as a person and as a program run it."""

import json
import shutil

import pytest
from PIL import Image

from convscope.data.load import load
from convscope.evaluation.predict import predict
from convscope.runs.model_file import Rejection, read_card, write_card


@pytest.fixture
def images(tmp_path):
    """Five digits as PNG files, named by what they are."""
    images = load("digits", "test", size=28)
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(5):
        name = f"{number}-is-{images.labels[number]}.png"
        Image.fromarray(images.images[number, 0]).save(folder / name)
    return folder


def test_a_line_a_image(command, digits_run, images):
    done = command("predict", digits_run.folder, "images", "--top", "2")
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    for line, prediction in zip(lines, predict(digits_run, images, top=2).predictions, strict=True):
        first, second = prediction.top
        name = prediction.path.rsplit("/", 1)[1]
        assert line == (
            f"images/{name}: {first.label} {100 * first.probability:.1f} %   "
            f"{second.label} {100 * second.probability:.1f} %"
        )
    assert done.stderr == ""


@pytest.mark.slow
def test_a_fresh_process_says_the_same(convscope, digits_run, images):
    done = convscope("predict", digits_run.model_file, "images", "--json")
    found = json.loads(done.stdout)["predictions"]
    expected = predict(digits_run, images).predictions
    for one, other in zip(found, expected, strict=True):
        assert one["label"] == other.top[0].label
        assert one["probability"] == pytest.approx(other.top[0].probability, abs=1e-5)


def test_what_cannot_be_used_is_named_and_left_out(command, digits_run, images):
    (images / "notes.png").write_text("no image")
    done = command("predict", digits_run.folder, "images", "gone.png", code=1)
    assert len(done.stdout.splitlines()) == 5
    assert "convscope: Left out images/notes.png: not a readable JPEG" in done.stderr
    assert "convscope: Left out gone.png: there is no such file" in done.stderr
    result = json.loads(
        command("predict", digits_run.folder, "images", "gone.png", "--json", code=1).stdout
    )
    assert {each["path"] for each in result["problems"]} == {"images/notes.png", "gone.png"}
    # A file in a folder that is no image is usual; one that was named and can't be used isn't.
    assert "notes.png" in command("predict", digits_run.folder, "images", code=0).stderr


def test_nothing_usable_exits_with_1(command, digits_run):
    done = command("predict", digits_run.folder, "gone.png", "--json", code=1)
    assert done.stderr == "convscope: 'gone.png' can't be used: there is no such file.\n"
    assert done.stdout == ""


def test_not_a_run(command, images):
    assert "No run folder 'nowhere'" in command("predict", "nowhere", "x.png", code=2).stderr
    missing = command("predict", "gone.safetensors", "x.png", code=2)
    assert missing.stderr == "convscope: No model file 'gone.safetensors'.\n"


def test_a_image_in_place_of_the_model(command, images):
    image = next(images.iterdir())
    done = command("predict", image, image, code=1)
    assert f"Model file '{image}' is damaged" in done.stderr


def test_damaged_weights(command, digits_run, images, tmp_path):
    shutil.copy(digits_run.model_file, tmp_path / "m.safetensors")
    (tmp_path / "m.safetensors").write_bytes(digits_run.model_file.read_bytes()[:1000])
    done = command("predict", "m.safetensors", "images", code=1)
    assert "Model file 'm.safetensors' is damaged" in done.stderr


def test_a_image_of_too_many_pixels(command, digits_run, tmp_path):
    Image.new("1", (10_000, 10_000)).save(tmp_path / "huge.png")
    done = command("predict", digits_run.folder, "huge.png", code=1)
    assert done.stderr == (
        "convscope: 'huge.png' can't be used: too many pixels: 10000 × 10000 is more than the "
        "limit of 89,478,485.\n"
    )


def test_top_below_1(command, digits_run, images):
    done = command("predict", digits_run.folder, "images", "--top", "0", code=2)
    assert done.stderr == "convscope: top must be at least 1; given 0.\n"


def test_a_csv_file(command, digits_run, images, tmp_path):
    done = command("predict", digits_run.folder, "images", "gone.png", "--csv", "out.csv", code=1)
    assert done.stdout == "5 images: out.csv\n"
    assert "convscope: Left out gone.png: there is no such file" in done.stderr
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert len(lines) == 7
    assert lines[-1] == "gone.png,,,,,,,,there is no such file"
    again = command("predict", digits_run.folder, "images", "--csv", "out.csv", "--json")
    assert json.loads(again.stdout)["files"] == {"csv": "out.csv"}
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 6
    replaced = command("predict", digits_run.folder, "images", "--csv", "out.csv")
    assert replaced.stdout == "5 images: out.csv (replaced)\n"


@pytest.mark.parametrize(
    ("file", "error"),
    [
        ("out.txt", "--csv must be a file that ends with .csv; given 'out.txt'."),
        ("no/out.csv", "--csv: there is no folder 'no'. Make it first."),
    ],
)
def test_a_csv_file_that_cannot_be(command, digits_run, images, file, error):
    done = command("predict", digits_run.folder, "images", "--csv", file, code=2)
    assert done.stderr == f"convscope: {error}\n"


def test_a_image_of_nothing_known_is_unknown(command, digits_run, tmp_path):
    model = tmp_path / "sure.safetensors"
    shutil.copy(digits_run.model_file, model)
    card = read_card(model)
    above = Rejection(score="max_probability", threshold=1.1, rate=1.0)
    write_card(model, card.model_copy(update={"rejection": above}))
    Image.new("L", (28, 28), 90).save(tmp_path / "grey.png")
    line = command("predict", model, "grey.png", "--top", "1").stdout.strip()
    (guess,) = predict(model, tmp_path / "grey.png", top=1).predictions[0].top
    assert line == f"grey.png: unknown (most like: {guess.label} {100 * guess.probability:.1f} %)"
    (found,) = json.loads(command("predict", model, "grey.png", "--json").stdout)["predictions"]
    assert found["unknown"] is True
    assert found["label"] == guess.label
