"""`convscope explain`, as a person and as a program run it."""

import json

import pytest

from convscope.cli.explain import METHODS
from convscope.inspection.attribution.methods import METHODS as ALL


def test_methods_are_listed():
    assert [*METHODS] == [*ALL, "all"]


def test_says_what_it_found_and_where_it_is(command, digits_run, digit, tmp_path):
    done = command("explain", digits_run.folder, "digit.png", "--class", "3", "--out", "why")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("digit.png: ")
    guesses = lines[1 : lines.index("")]
    assert len(guesses) == 5
    assert sum(line.startswith("→") for line in guesses) == sum(
        line.split()[-1] == "3" for line in guesses
    )
    assert sum(line.startswith(tuple(ALL)) for line in lines) == 2 * len(ALL)
    assert lines[-1].split() == ["page:", "why/explanation.html"]
    assert (tmp_path / "why" / "explanation.html").exists()


@pytest.mark.slow
def test_json(command, digits_run, digit, tmp_path):
    done = command(
        "explain", digits_run.folder, "digit.png", "--method", "grad-cam", "--out", "why", "--json"
    )
    found = json.loads(done.stdout)
    assert found["run"] == str(digits_run.folder)
    assert list(found["attributions"]) == ["grad-cam"]
    assert all((tmp_path / file).exists() for file in found["files"].values())


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["none.png"], 1, "convscope: 'none.png' can't be used: there is no such file."),
        (["digit.png", "--class", "ten"], 2, "convscope: Unknown class 'ten'. There are: 0, 1, 2"),
        (["digit.png", "--method", "gradcam"], 2, "Unknown method 'gradcam'. Did you mean 'grad-"),
        (["digit.png", "--out", "digit.png"], 2, "'digit.png' can't be made: File exists."),
        (["digit.png", "--device", "gpu"], 2, "Device 'gpu' isn't available here."),
    ],
)
def test_mistakes_are_one_line(command, digits_run, digit, arguments, code, words):
    done = command("explain", digits_run.folder, *arguments, code=code)
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
