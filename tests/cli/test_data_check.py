import csv
import json

import pytest
from PIL import Image

from tests.data.check.scenes import scene
from tests.data.image_files import encoded, noise, write_files


def png(seed):
    return encoded(scene(seed).transpose(1, 2, 0))


@pytest.fixture
def pets(tmp_path):
    """A folder with a leak, a conflict, a mirror image, a damaged file and a black image."""
    files = {f"train/{'cats' if n % 2 else 'dogs'}/{n}.png": png(n) for n in range(44)}
    files |= {f"test/{'cats' if n % 2 else 'dogs'}/{n}.png": png(100 + n) for n in range(8)}
    mirrored = scene(9).transpose(1, 2, 0)[:, ::-1].copy()
    files |= {
        "test/cats/leak.png": png(1),
        "train/cats/wrong.png": png(2),
        "train/cats/mirrored.png": encoded(mirrored),
        "train/dogs/black.png": encoded(noise(32, 32) * 0),
        "train/dogs/cut.jpg": encoded(noise(40, 40), "JPEG")[:-100],
    }
    return write_files(tmp_path / "pets", files)


def test_a_short_summary_with_examples(command, pets):
    text = command("data", "pets", "--check").stdout
    lines = text.splitlines()
    assert lines[0] == "pets: 56 images checked (47 train, 9 test)"
    assert lines[1] == (
        "Folders are splits: train/ for training; test/ for testing; 2 classes (cats, dogs)"
    )
    assert lines[2] == "Duplicates across splits (1 the same file):"
    assert lines[3] == (
        "  pets/train/cats/1.png and pets/test/cats/leak.png (both cats; the same file)"
    )
    assert lines[4] == "Duplicates within a split (1 the same file, 1 nearly the same):"
    assert "  pets/train/cats/9.png and pets/train/cats/mirrored.png (both cats; mirrored, " in text
    assert "Duplicates with different classes (1 the same file):" in lines
    assert "(cats, dogs; the same file)" in text or "(dogs, cats; the same file)" in text
    assert "Left out (1):" in lines
    assert any(line.startswith("  pets/train/dogs/cut.jpg: damaged") for line in lines)
    assert "Images of one colour (1):" in lines
    assert "  pets/train/dogs/black.png: all black" in lines
    assert "Write all findings to a file: --report FILE.csv, or FILE.json" in lines
    assert lines[-1] == "See the duplicates side by side: --figure FILE.png"


def test_of_many_only_the_first_are_shown(command, tmp_path):
    files = {f"{'ab'[n % 2]}/{n}.png": png(n % 8) for n in range(48)}
    write_files(tmp_path / "copies", files)
    text = command("data", "copies", "--check").stdout
    assert "Duplicates within a split (40 the same file):" in text
    assert text.count("the same file)") <= 12
    assert "  … and 35 more" in text


def test_json_is_one_object_with_everything(command, pets):
    done = command("data", "pets", "--check", "--json", "--report", "all.csv")
    result = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert set(result) == {"name", "images", "counts", "note", "notes", "findings", "report"}
    assert result["images"] == {"train": 47, "test": 9}
    assert result["counts"]["same file"] == 2
    assert result["counts"]["near duplicate"] == 1
    assert result["counts"]["unreadable"] == 1
    assert result["counts"]["across splits"] == 1
    assert result["counts"]["labels differ"] == 1
    leak = result["findings"][0]
    assert leak["kind"] == "same file"
    assert leak["other"] == {"path": "pets/test/cats/leak.png", "split": "test", "class": "cats"}


def test_report_and_figure(command, pets, tmp_path):
    text = command("data", "pets", "--check", "--report", "all.csv", "--figure", "pairs.png").stdout
    assert text.endswith("Report: all.csv\nFigure: pairs.png\n")
    with (tmp_path / "all.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["kind"] for row in rows} == {
        "same file",
        "near duplicate",
        "unreadable",
        "one colour",
    }
    with Image.open(tmp_path / "pairs.png") as figure:
        assert figure.width > figure.height > 100
    command("data", "pets", "--check", "--report", "all.json", "--figure", "pairs.png")
    result = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    assert len(result["findings"]) == len(rows)


def test_nothing_found(command, tmp_path):
    write_files(tmp_path / "clean", {f"{'ab'[n % 2]}/{n}.png": png(n) for n in range(44)})
    assert command("data", "clean", "--check").stdout == (
        "clean: 44 images checked (44 train)\nFolders are classes: 2 classes (a, b)\n"
        "Nothing was found.\n"
    )
    text = command("data", "clean", "--check", "--figure", "pairs.png").stdout
    assert text.endswith("Nothing was found.\nFigure: none, as there are no duplicates to show.\n")
    assert not (tmp_path / "pairs.png").exists()
    done = command("data", "clean", "--check", "--json", "--figure", "pairs.png")
    assert "figure" not in json.loads(done.stdout)


def test_digits_are_too_small_for_near_duplicates(command):
    text = command("data", "digits", "--check").stdout
    assert "No search for near duplicates: it needs 16 pixels a side." in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--report", "x.csv"], "--report goes with --check. Give both."),
        (["--figure", "x.png"], "--figure goes with --check. Give both."),
        (["--check", "--out", "x.png"], "--out is for the image sheet, which --check doesn't"),
        (["--check", "--report", "x.txt"], "--report writes a file that ends in .csv or .json"),
        (["--check", "--figure", "x.jpg"], "--figure writes a file that ends in .png; given 'x"),
        (["--check", "--report", "no/x.csv"], "--report: there is no folder 'no'. Make it first."),
    ],
)
def test_mistakes_are_named(command, arguments, message):
    assert message in command("data", "digits", *arguments, code=2).stderr


@pytest.mark.slow
def test_training_stops_at_leaks_and_conflicts_unless_they_are_allowed(command, pets):
    arguments = ("train", "lenet", "pets", "--size", 28, "--epochs", 1, "--out", "run")
    failed = command(*arguments, code=2)
    assert "The same image with different classes: 1 pair (pets/train/" in failed.stderr
    assert "--allow-conflicting-labels" in failed.stderr
    arguments += ("--allow-conflicting-labels",)
    failed = command(*arguments, code=2)
    assert "Leaks between splits: 1 pair of exact duplicates (pets/train/cats/1.png" in (
        failed.stderr
    )
    assert "--allow-leaks" in failed.stderr
    assert "Traceback" not in failed.stderr
    done = command(*arguments, "--allow-leaks", "--set", "precision=float32")
    assert "Leaks between splits: 1 pair of exact duplicates" in done.stderr
    assert "The same image with different classes: 1 pair" in done.stderr
    assert "test accuracy" in done.stdout
