import io
import json
import os
import subprocess
import sys

import pytest
from PIL import Image
from typer.testing import CliRunner

from convscope.cli.main import app
from convscope.errors import UsageError
from tests.conftest import slow
from tests.data.image_files import encoded, noise, plain, two_classes, write_files
from tests.data.tar_files import write_tar


@pytest.fixture
def show(tmp_path, monkeypatch):
    """Run `convscope data` in an empty folder, in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments):
        result = CliRunner().invoke(app, ["data", *map(str, arguments)])
        if result.exception:
            raise result.exception
        return result.stdout

    return run


@pytest.fixture
def pets(tmp_path):
    return write_files(
        tmp_path / "pets",
        two_classes(20)
        | {
            "red/cut.jpg": encoded(noise(30, 30), "JPEG")[:-200],
            "red/page.png": b"<html>",
            "red/.hidden": b"",
        },
    )


def test_counts_sizes_problems_and_a_sheet_are_shown(show, pets, tmp_path):
    text = show("pets", "--size", 16)
    assert "pets: 16×16 pixels, colour" in text
    rows = [line.replace("│", " ").split() for line in text.splitlines()]
    assert ["blue", "14", "2", "4"] in rows
    assert ["all", "28", "4", "8"] in rows
    assert "Original sizes: " in text
    assert "pixels high, " in text
    assert "Left out (2):" in text
    assert "pets/red/page.png: not a readable JPEG" in text
    assert "pets/red/cut.jpg: damaged: image file is truncated" in text
    assert "Image sheet: pets-images.png" in text
    with Image.open(tmp_path / "pets-images.png") as sheet:
        assert sheet.width > 1000


def test_json_holds_the_same(command, pets, tmp_path):
    done = command("data", pets, "--json", "--channels", 1, "--out", "sheet.png")
    result = json.loads(done.stdout)
    assert result["splits"] == {"train": 28, "validation": 4, "test": 8}
    assert result["classes"] == ["blue", "red"]
    assert result["counts"]["test"] == {"blue": 4, "red": 4}
    assert result["image_shape"] == [1, 64, 64]
    assert [set(each) for each in result["problems"]] == [{"path", "reason"}] * 2
    assert sum(each["images"] for each in result["original_sizes"]) == 40
    assert result["sheet"] == "sheet.png"
    assert (tmp_path / "sheet.png").is_file()
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


@pytest.mark.slow
def test_a_sheet_never_replaces_another_unless_named(show, tmp_path):
    for name in ("digits-images.png", "digits-images-2.png"):
        assert json.loads(show("digits", "--json"))["sheet"] == name
    first = (tmp_path / "digits-images.png").read_bytes()
    text = show("digits", "--seed", 5, "--out", "digits-images.png")
    assert "Image sheet: digits-images.png (replaced)" in text
    assert (tmp_path / "digits-images.png").read_bytes() != first


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fashion-mnits"], "^Unknown data set 'fashion-mnits'. Did you mean 'fashion-mnist'"),
        (["./nowhere"], "^There is no folder or zip archive 'nowhere'. Check the path.$"),
        (["digits", "--channels", "2"], r"^channels must be 1 \(grey\) or 3 \(colour\)"),
        (["digits", "--out", "no/x.png"], "^--out: there is no folder 'no'. Make it first.$"),
    ],
)
def test_mistakes_are_named(show, arguments, message):
    with pytest.raises(UsageError, match=message):
        show(*arguments)


def test_class_names_are_printed_as_they_are(show, tmp_path):
    names = (":dog:", "[red]猫")
    files = {
        f"{name}/{number}.png": encoded(noise(8, 8, seed=number))
        for name in names
        for number in range(3)
    }
    write_files(tmp_path / "[bold]pets", files)
    text = show("[bold]pets")
    assert all(name in text for name in (*names, "[bold]pets"))
    assert json.loads(show("[bold]pets", "--json"))["classes"] == list(names)


@pytest.mark.slow
def test_of_many_classes_a_few_images_each_are_drawn(show, tmp_path):
    files = {f"{label:03}/{n}.png": plain((label, n, 0)) for label in range(130) for n in range(3)}
    write_files(tmp_path / "many", files)
    show("many", "--size", 8)
    with Image.open(tmp_path / "many-images.png") as sheet:
        assert sheet.height == pytest.approx(sheet.width * 1.3, rel=0.1)  # 12 rows of 10


def test_what_was_understood_is_said_and_options_answer_what_is_asked(show, tmp_path):
    files = {f"{top}/{name}": content for top in "AB" for name, content in two_classes(6).items()}
    write_files(tmp_path / "sets", files)
    with pytest.raises(UsageError, match="--split-folders train=A,test=B"):
        show("sets")
    text = show("sets", "--split-folders", "train=A,test=B")
    assert "Folders are splits: A/ for training; B/ for testing; 2 classes (blue, red)" in text
    text = show("sets", "--split-folders", "none")
    assert "Folders are classes: 2 classes (A, B)" in text
    with pytest.raises(UsageError, match="--split-folders takes SPLIT=FOLDER"):
        show("sets", "--split-folders", "A")


@pytest.fixture
def four_scripts(tmp_path):
    """`pets`, a folder of classes whose names no encoding but Unicode's can write."""
    names = ("苹果→", "Bär", "кот", "🐈")
    files = {f"{name}/{i}.png": plain((10 * i, 40 * number, 0))
             for number, name in enumerate(names) for i in range(4)}  # fmt: skip
    write_files(tmp_path / "pets", files)
    return names


ENCODINGS = ["ascii", "gbk", "utf-8", *slow("cp1252", "latin-1", "cp437")]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_any_names_can_be_printed_on_any_terminal(command, four_scripts, monkeypatch, encoding):
    def printed(*arguments):
        streams = {
            name: io.TextIOWrapper(io.BytesIO(), encoding=encoding) for name in ("stdout", "stderr")
        }
        with monkeypatch.context() as patch:
            for name, stream in streams.items():
                patch.setattr(sys, name, stream)
            command("data", "pets", *arguments)
        for stream in streams.values():
            stream.flush()
        return streams["stdout"].buffer.getvalue().decode(encoding)

    for arguments in (["--size", 8], ["--check"]):
        assert "pets" in printed(*arguments)
    assert set(json.loads(printed("--json"))["classes"]) == set(four_scripts)


@pytest.mark.slow
@pytest.mark.parametrize(
    "encoding",
    ["cp1252", *slow("ascii", "latin-1", "gbk", "utf-8", "cp437")],
)
def test_any_names_can_be_printed_by_a_fresh_process(tmp_path, four_scripts, encoding):
    def printed(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "convscope", "data", "pets", *arguments],
            capture_output=True,
            cwd=tmp_path,
            env=os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        )
        assert done.returncode == 0, done.stderr
        assert b"Traceback" not in done.stderr
        return done.stdout.decode(encoding)

    assert "pets" in printed("--size", "8")
    if encoding != "cp1252":
        assert "pets" in printed("--check")
        assert set(json.loads(printed("--json"))["classes"]) == set(four_scripts)


def test_archives_may_be_several(show, tmp_path):
    for number, name in enumerate(("train-0", "val-0", "other")):
        members = [
            (f"{each}{end}", content)
            for each in range(4)
            for end, content in (
                (".png", plain((each, number, 0))),
                (".cls", str(each % 2).encode()),
            )
        ]
        write_tar(tmp_path / f"{name}.tar", members)
    shown = show("train-0.tar", "val-0.tar", "--size", 8)
    assert "2 archives with labels; 4 for training, 4 for validation" in shown
    assert show("{train-0,val-0}.tar", "--size", 8) == shown.replace("images.", "images-2.")
    with pytest.raises(UsageError, match="only tar archives may be several, and 'digits' is none"):
        show("train-0.tar", "digits")
