"""`convscope train` and `resume` as a person uses them, from end to end.

Tests cli/train.py, cli/run_summary.py, cli/settings.py.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

import convscope as cs
from convscope.cli.settings import parse_settings
from convscope.errors import UsageError
from tests.conftest import as_dict, needs_data


@pytest.fixture
def folder(tmp_path):
    """Three classes, images of several sizes and modes, some of them broken."""
    random = np.random.default_rng(0)
    root = tmp_path / "shapes"
    for number, (name, colour) in enumerate({"红": 0, "green": 1, "blue": 2}.items()):
        (root / name).mkdir(parents=True)
        for index in range(30):
            size = 20 + 3 * (index % 7)
            pixels = random.integers(0, 60, (size, size + index % 5, 3), dtype=np.uint8)
            pixels[:, :, colour] += 150
            image = Image.fromarray(pixels)
            if index % 6 == 1:
                image = image.convert("RGBA")
            if index % 6 == 2:
                image = image.quantize(64)
            image.save(root / name / f"{number}-{index}.png")
    (root / "green" / "empty.png").write_bytes(b"")
    whole = (root / "blue" / "2-0.png").read_bytes()
    (root / "blue" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (root / "blue" / "page.jpg").write_text("<html>404</html>")
    return root


@pytest.mark.slow
def test_digits_from_end_to_end(convscope, command, tmp_path):
    done = convscope(
        "train", "lenet", "digits", "--recipe", "fast", "--epochs", 2, "--size", 16, "--json"
    )
    result = as_dict(done)
    assert result["run"] == "runs/lenet-digits-1"
    assert result["epochs"] == 2
    assert result["split"] == "test"
    assert 0 < result["accuracy"] < 1
    assert result["images_per_second"] > 0
    assert "2/2" in done.stderr  # rows of epochs are for people
    run = tmp_path / result["run"]
    evaluated = json.loads((run / "evaluation.json").read_text())
    assert evaluated["accuracy"] == result["accuracy"]
    # Another process gives the same answers.
    again = as_dict(command("evaluate", run, "--json", "--no-robustness"))
    assert again["accuracy"] == result["accuracy"]
    assert again["loss"] == result["loss"]


@pytest.mark.usefixtures("without_figures")
def test_a_folder_with_broken_files(command, folder, tmp_path):
    done = command(
        "train", "lenet-bn", folder, "--recipe", "fast", "--size", 28, "--epochs", 12,
        "--batch-size", 16, "--out", "run", "--json",
    )  # fmt: skip
    assert as_dict(done)["accuracy"] > 0.9
    reasons = {"empty.png": "empty", "cut.png": "truncated", "page.jpg": "not a readable JPEG"}
    for name, reason in reasons.items():
        (line,) = [line for line in done.stderr.splitlines() if name in line]
        assert line.startswith("Left out ")
        assert reason in line
    # The run finds its images again from another folder.
    command("evaluate", tmp_path / "run", "--no-robustness", "--json", folder="/")


@pytest.mark.slow
@pytest.mark.usefixtures("without_figures")
def test_killed_by_sigterm_and_resumed(command, tmp_path):
    arguments = [
        *("train", "mlp", "digits", "--epochs", "100000", "--out", "run"),
        *("--precision", "float32", "--recipe", "fast"),
    ]
    # More epochs than could end before the signal comes, however busy the machine is.
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "convscope", *arguments],
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    metrics = tmp_path / "run" / "metrics.jsonl"
    deadline = time.monotonic() + 120
    while not (metrics.exists() and '"epoch": 1' in metrics.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "Stopped; everything is kept. Go on with: convscope resume run" in errors
    run = cs.Run(tmp_path / "run")
    ended = len(run.metrics("epoch"))
    run.recipe.replace(epochs=ended + 5).write(run.recipe_file)
    assert as_dict(command("resume", "run", "--json"))["epochs"] == ended + 5
    lines = [json.loads(line) for line in metrics.read_text().splitlines()]
    numbers = [line["epoch"] for line in lines if line["kind"] == "epoch"]
    assert numbers == list(range(1, ended + 6))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lenett", "digits"], "Unknown network 'lenett'. Did you mean 'lenet'"),
        (["lenet", "digit"], "Unknown data set 'digit'. Did you mean 'digits'?"),
        (["lenet", "no/such/folder"], "There is no folder or zip archive 'no/such/folder'"),
        (["lenet", "digits", "--recipe", "bok"], "Unknown recipe 'bok'. Did you mean 'book'?"),
        (["lenet", "digits", "--recipe", "a.toml"], "No recipe file 'a.toml'"),
        (["vgg16", "digits", "--recipe", "book"], "'book' has no settings for 'vgg16'"),
        (["lenet", "digits", "--set", "momentun=1"], "Unknown recipe field 'momentun'. Did you"),
        (["lenet", "digits", "--set", "momentum"], "--set takes FIELD=VALUE"),
        (["lenet", "digits", "--set", "network=x"], "--set network: give the network as an arg"),
        (["lenet", "digits", "--set", "quiet=true"], "Unknown recipe field 'quiet'"),
        (
            ["lenet", "digits", "--set", "size=3", "--set", "size.x=4"],
            "size has been given a value",
        ),
        (["lenet", "digits", "--out", "/dev/null/run"], "'/dev/null' isn't a folder to write in"),
        (["lenet", "digits", "--epochs", "0"], "epochs: Input should be greater than 0, got 0"),
        (["lenet", "digits", "--lr", "-1"], "learning_rate: Input should be greater than 0"),
        (["alexnet", "digits", "--size", "40"], "too small for alexnet"),
        (["lenet", "digits", "--device", "tpu"], "Device 'tpu' isn't available here"),
        (
            ["lenet", "digits", "--precision", "int4"],
            "precision: Input should be 'auto', 'float32'",
        ),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(command, arguments, message):
    done = command("train", *arguments, code=2)
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_folder_with_one_class(command, folder):
    for name in ("green", "blue"):
        for file in (folder / name).iterdir():
            file.unlink()
        (folder / name).rmdir()
    done = command("train", "resnet9", folder, code=2)
    assert "class" in done.stderr


def test_out_is_refused_unless_forced(command, digits_run, tmp_path):
    done = command("train", "lenet", "digits", "--out", digits_run.folder, code=2)
    assert "is a run already. Go on with it: convscope resume" in done.stderr
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("mine")
    done = command("train", "lenet", "digits", "--out", tmp_path / "notes", "--force", code=2)
    assert "isn't a run, so nothing there is touched" in done.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("without_figures")
def test_resume_of_a_finished_run_evaluates_it_again(command, digits_run, tmp_path):
    before = digits_run.summary()
    shutil.copytree(digits_run.folder, tmp_path / "run")
    done = command("resume", "run", "--json")
    assert as_dict(done)["accuracy"] == before["accuracy"]


def test_resume_without_a_run(command, tmp_path):
    assert "No run folder" in command("resume", tmp_path / "nothing", code=2).stderr


@pytest.mark.parametrize(
    ("texts", "fields"),
    [
        (["momentum=0.9"], {"momentum": 0.9}),
        (["optimizer=adam"], {"optimizer": "adam"}),
        (
            ["augmentation.flip=true", "augmentation.crop=2"],
            {"augmentation": {"flip": True, "crop": 2}},
        ),
        (["network_arguments={ width = 0.5 }"], {"network_arguments": {"width": 0.5}}),
        (["data=a=b"], {"data": "a=b"}),
    ],
)
def test_settings(texts, fields):
    assert parse_settings(texts) == fields


@pytest.mark.slow
@pytest.mark.usefixtures("without_figures")
def test_minutes_alone_decide_how_long(command, tmp_path):
    for arguments in (["--minutes", 0.004], ["--set", "minutes=0.004"]):
        command("train", "mlp", "digits", "--recipe", "fast", *arguments, "--out", "r", "--force")
        assert cs.Run(tmp_path / "r").recipe.epochs is None
    command("train", "mlp", "digits", "--minutes", 9, "--set", "epochs=2", "--out", "r", "--force")
    assert cs.Run(tmp_path / "r").summary()["epochs"] == 2


def test_settings_need_a_value():
    with pytest.raises(UsageError, match="got 'momentum'"):
        parse_settings(["momentum"])


@pytest.mark.parametrize(
    "command_name", ["train", "resume", "data", "evaluate", "predict", "networks"]
)
def test_help_answers(command, command_name):
    assert "Usage" in command(command_name, "--help").stdout


@pytest.mark.slow
@needs_data("fashion-mnist")
@pytest.mark.parametrize(
    ("network", "low", "high"), [("lenet", 0.75, 0.86), ("lenet-bn", 0.7, 0.9)]
)
def test_the_books_lenets_land_where_published_runs_do(tmp_path, network, low, high):
    run = cs.train(network, "fashion-mnist", "book", out=tmp_path / "run", quiet=True)
    assert low < run.summary()["accuracy"] < high


@pytest.mark.slow
@needs_data("cifar10")
def test_cifar10_learns(tmp_path):
    run = cs.train(
        "resnet9", "cifar10", "fast", out=tmp_path / "run", epochs=2, quiet=True,
        network_arguments={"width": 8},
    )  # fmt: skip
    assert run.summary()["accuracy"] > 0.4
