"""`convscope evaluate`, as a person and as a program run it."""

import csv
import json
import re
import shutil

import pytest
from PIL import Image

from convscope.runs.run import Run
from tests.evaluation.made_evaluations import evaluation_of


@pytest.fixture
def run(digits_run, tmp_path):
    """A copy of the trained run, to write into."""
    shutil.copytree(digits_run.folder, tmp_path / "r")
    return Run(tmp_path / "r")


@pytest.mark.slow
def test_tells_a_person_everything(command, run):
    for file in (run.evaluation_file, run.folder / "mistakes.csv", run.figures / "confusion.png"):
        file.unlink(missing_ok=True)
    done = command("evaluate", "r")
    text = done.stdout
    evaluation = json.loads(run.evaluation_file.read_text())
    assert f"test accuracy {100 * evaluation['accuracy']:.2f} % (95 % interval " in text
    assert re.search(r"class +precision +recall", text)
    assert "true ↓  predicted →" in text
    worst = evaluation["mistakes"][0]
    assert f"{worst['predicted']}, but it is {worst['label']}: {worst['path']}" in text
    for file in ("figures/confusion.png", "figures/mistakes.png", "mistakes.csv"):
        assert f"r/{file}" in text
    with Image.open(run.figures / "confusion.png") as image:
        assert image.format == "PNG"
    with (run.folder / "mistakes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == [each["path"] for each in evaluation["mistakes"]]
    assert rows[0].keys() == {"path", "label", "predicted", "probability"}
    assert done.stderr == ""


@pytest.mark.usefixtures("without_figures")
def test_json_is_one_object(command, run):
    result = json.loads(command("evaluate", "r", "--no-robustness", "--json").stdout)
    assert result["run"] == "r"
    assert result["files"]["evaluation"] == "r/evaluation.json"
    assert {"accuracy", "loss", "per_class", "confusion", "mistakes"} <= result.keys()
    assert sum(map(sum, result["confusion"])) == result["images"]


@pytest.mark.slow
def test_the_report_and_its_data(command, run):
    for name in ("report.html", "predictions.csv", "evaluation.json"):
        (run.folder / name).unlink()
    result = json.loads(command("evaluate", "r", "--no-robustness", "--json").stdout)
    assert result["files"]["report"] == "r/report.html"
    assert result["files"]["predictions"] == "r/predictions.csv"
    assert result["robustness"] is None
    stored = json.loads(run.evaluation_file.read_text())
    assert {"reliability", "selective", "cost"} <= stored.keys()
    del stored["check"]  # the file's own
    assert stored == {name: result[name] for name in stored}
    assert "When images get worse" not in run.report_file.read_text()
    command("evaluate", "r")
    assert "When images get worse" in run.report_file.read_text()
    assert len(json.loads(run.evaluation_file.read_text())["robustness"]["curves"]) == 6


@pytest.mark.usefixtures("without_figures")
def test_other_images_leave_the_evaluation_on_the_test_images(command, run):
    before = run.evaluation_file.read_bytes()
    arguments = ("evaluate", "r", "--split", "train", "--no-robustness", "--json")
    result = json.loads(command(*arguments).stdout)
    assert result["split"] == "train"
    assert result["files"]["evaluation"] == "r/evaluation-digits-train.json"
    assert run.evaluation_file.read_bytes() == before


@pytest.mark.usefixtures("without_figures")
def test_a_narrow_terminal_gets_no_broken_matrix(command, run):
    text = command("evaluate", "r", "--no-robustness", columns=40).stdout
    assert "The confusion matrix of 10 classes is too wide for this terminal" in text
    assert "true ↓" not in text


def test_names_are_printed_as_they_are(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    names = ["[red]", "a rather long name", "100 %"]
    print(evaluation_of([0, 1, 2, 2], [1, 1, 2, 2], names))
    text = capsys.readouterr().out
    assert "90.0 %  a rather long name, but it is [red]: arrays[0]" in text
    matrix = [line.split() for line in text.splitlines() if line[:2] in ("0 ", "1 ", "2 ")]
    assert matrix[:3] == [
        ["0", "[red]", "·", "1", "·"],
        ["1", "a", "rather", "long", "name", "·", "1", "·"],
        ["2", "100", "%", "·", "·", "2"],
    ]
    assert "1 mistake; the most confident:" in text
    row = next(line for line in text.splitlines() if line.startswith("[red]"))
    assert row.split() == ["[red]", "–", "0.0", "%", "0.0", "%", "1"]


def test_of_many_classes_the_worst_are_shown(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    labels = list(range(100))
    evaluation = evaluation_of(labels, [*labels[:99], 0], [f"name{k}" for k in labels])
    print(evaluation)
    text = capsys.readouterr().out
    assert "The 40 classes of 100 recognized worst" in text
    first = next(line for line in text.splitlines() if line.startswith("name"))
    assert first.startswith("name99")
    assert "too wide for this terminal; the figure shows it" in text


def test_not_a_run(command, tmp_path):
    done = command("evaluate", "nowhere", code=2)
    assert done.stderr.startswith("convscope: No run folder 'nowhere'.")
    (tmp_path / "other").mkdir()
    done = command("evaluate", "other", code=2)
    assert done.stderr.startswith("convscope: 'other' isn't a run: it has no recipe.toml.")


def test_a_run_without_a_model(command, run):
    run.model_file.unlink()
    done = command("evaluate", "r", code=2)
    assert done.stderr.startswith("convscope: Run 'r' has no model yet")


def test_damaged_weights(command, run):
    run.model_file.write_bytes(run.model_file.read_bytes()[:-100])
    done = command("evaluate", "r", "--json", code=1)
    assert done.stderr.startswith("convscope: Model file 'r/model.safetensors' is damaged")
    assert done.stdout == ""


@pytest.mark.parametrize("arguments", [["evaluate", "r"], ["doctor", "r"], ["compare", "r", "s"]])
def test_damaged_metrics(command, run, arguments):
    shutil.copytree(run.folder, run.folder.with_name("s"))
    with run.metrics_file.open("a") as file:
        file.write('{"kind": "epo\n')
    done = command(*arguments, code=1)
    last = len(run.metrics_file.read_text().splitlines())
    assert done.stderr.splitlines()[-1].startswith(
        f"convscope: Line {last} of 'r/metrics.jsonl' is damaged: it should be a JSON object"
    )
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["evaluate", "r"], ["predict", "r", "r/figures"]])
def test_one_wrong_bit_in_the_weights(command, run, arguments):
    content = bytearray(run.model_file.read_bytes())
    content[-5000] ^= 64
    run.model_file.write_bytes(content)
    done = command(*arguments, code=1)
    assert done.stderr == (
        "convscope: Model file 'r/model.safetensors' is damaged: its weights aren't those that "
        "were written. Take a copy of it that is whole, or train again.\n"
    )


def test_missing_data(command, run):
    done = command("evaluate", "r", "--data", "gone/", code=2)
    assert "There is no folder or zip archive 'gone'" in done.stderr


def test_data_of_other_classes(command, run, tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(5):
            Image.new("L", (8, 8), 50 * number).save(tmp_path / "pets" / name / f"{number}.png")
    done = command("evaluate", "r", "--data", "pets", code=2)
    assert "knows none of the classes of 'pets': these are cat and dog" in done.stderr


def test_unknown_split_and_device(command, run):
    done = command("evaluate", "r", "--split", "tset", code=2)
    assert "There is no split 'tset' of 'digits'; there are: train, " in done.stderr
    done = command("evaluate", "r", "--device", "toaster", code=2)
    assert "Device 'toaster' isn't available here." in done.stderr


@pytest.mark.usefixtures("without_figures")
def test_says_how_far_answers_can_be_trusted(command, run):
    text = command("evaluate", "r", "--no-robustness", columns=200).stdout
    assert re.search(
        r"Calibration error \d+\.\d % \(without the temperature 0\.\d\d: \d+\.\d %\)", text
    )
    assert re.search(
        r"Says 'unknown' to \d+\.\d % of these images; of the others \d+\.\d\d % are right", text
    )
    assert re.search(
        r"Out-of-distribution images \(noise, 1,000\): \d+\.\d % are given a class; "
        r"AUROC [01]\.\d{3}",
        text,
    )


@pytest.mark.slow
def test_another_unknown_rate_is_written_into_the_model_file(command, run):
    arguments = ("evaluate", "r", "--no-robustness", "--json", "--out-of-distribution", "noise")
    before = json.loads(command(*arguments).stdout)
    after = json.loads(command(*arguments, "--unknown-rate", "0.3").stdout)
    assert after["rejection"]["rate"] == pytest.approx(0.3, abs=0.01)
    assert after["rejection"]["unknown"] > before["rejection"]["unknown"]
    assert (
        after["out_of_distribution"][0]["false_acceptance"]
        <= before["out_of_distribution"][0]["false_acceptance"]
    )
    assert (after["accuracy"], after["loss"]) == (before["accuracy"], before["loss"])
    assert json.loads(command(*arguments).stdout)["rejection"] == after["rejection"]


def test_out_of_distribution_images_that_are_not_there(command, run):
    done = command("evaluate", "r", "--out-of-distribution", "nois", code=2)
    assert "nois" in done.stderr
    done = command("evaluate", "r", "--out-of-distribution", "digits", code=2)
    assert (
        "--out-of-distribution 'digits': there are no images, or the model knows all" in done.stderr
    )


def test_an_unknown_rate_that_is_no_share(command, run):
    done = command("evaluate", "r", "--unknown-rate", "5", code=2)
    assert "unknown_rate must be a share, 0 up to below 1; given 5.0." in done.stderr
