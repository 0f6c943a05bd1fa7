"""`convscope compare`, as a person and as a program run it."""

import csv
import json

import pytest
from PIL import Image

from convscope.cli.complete import complete_run_or_seeds
from tests.comparison.runs_on_disk import write_group, write_run


@pytest.fixture
def runs(tmp_path):
    write_run(tmp_path / "a", range(30), learning_rate=0.5)
    write_run(tmp_path / "b", range(10))
    write_group(tmp_path / "c", [20, 25, 22, 30])


def test_two_runs_side_by_side(command, runs):
    done = command("compare", "a", "b", columns=80)
    lines = done.stdout.splitlines()
    assert lines[0] == "100 test images of pets"
    assert lines[1].split() == ["b", "a"]
    rows = {line[:26].strip(): line[26:].split() for line in lines[1:]}
    assert rows["accuracy"] == ["90.00", "%", "70.00", "%"]
    assert rows["parameters"] == ["130", "130"]
    assert rows["learning_rate"] == ["0.1", "0.5"]
    assert "b is better than a: 90.00 % against 70.00 %, a difference" in done.stdout
    assert "Note: McNemar's test compares two trained networks." in done.stdout
    assert max(map(len, lines)) <= 80
    assert done.stderr == ""


def test_seeds_beside_a_run(command, runs):
    text = command("compare", "b", "c").stdout
    assert "Of seeds: the medians" in text
    assert "Too few seeds to tell b from c" in text
    (seeds,) = [line for line in text.splitlines() if line.startswith("seeds")]
    assert seeds.split() == ["seeds", "–", "4"]


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_many_runs_are_rows(command, tmp_path, columns):
    names = [f"run-{number}" for number in range(7)]
    for number, name in enumerate(names):
        write_run(tmp_path / name, range(5 * number), learning_rate=0.1 + number)
    text = command("compare", *names, columns=columns).stdout
    lines = text.splitlines()
    assert lines[0] == "100 test images of pets"
    assert lines[1].split()[:1] == ["network" if columns == 120 else "accuracy"]
    assert "95 % interval" in lines[1]
    assert [line.split()[0] for line in lines[2:9]] == names
    assert "The recipes differ in learning_rate." in text
    assert "corrected p" in text
    assert max(map(len, lines)) <= columns
    assert "Of 21 comparisons" in text


def test_different_images(command, runs, tmp_path):
    write_run(tmp_path / "d", range(5), data="/images/fruit", split="validation")
    text = command("compare", "a", "d").stdout
    assert "data" in text
    assert "fruit, validation" in text
    assert "d and a can't be compared: one was evaluated on validation images" in text


def test_json_and_files(command, runs, tmp_path):
    done = command("compare", "a", "b", "c", "--json", "--csv", "t.csv", "--plot", "p.png")
    result = json.loads(done.stdout)
    assert [row["name"] for row in result["runs"]] == ["b", "c", "a"]
    assert result["runs"][1]["accuracies"] == [0.8, 0.75, 0.78, 0.7]
    assert result["differences"] == {"learning_rate": {"b": 0.1, "c": 0.1, "a": 0.5}}
    assert len(result["pairs"]) == 3
    assert all(0 < pair["p_value"] <= pair["corrected_p_value"] <= 1 for pair in result["pairs"])
    assert result["files"] == {"csv": "t.csv", "plot": "p.png"}
    with (tmp_path / "t.csv").open(newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["b", "c", "a"]
    with Image.open(tmp_path / "p.png") as image:
        assert image.format == "PNG"
    again = command("compare", "a", "b", "--csv", "t.csv", "--plot", "other.png").stdout
    assert "csv:  t.csv (replaced)\nplot: other.png\n" in again


def test_forecast_against_actual(command, runs, tmp_path):
    rows = [
        {"what": "time", "unit": "s", "forecast": 9, "low": 8, "high": 150, "actual": 10.5},
        {"what": "step", "unit": "s", "forecast": 0.0131, "low": 0.012, "high": 0.014},
        {"what": "memory", "unit": "bytes", "forecast": 5.3e8, "low": 5e8, "high": 2e9},
    ]
    (tmp_path / "a" / "forecast.json").write_text(json.dumps({"rows": rows}))
    lines = command("compare", "a", "b").stdout.splitlines()
    told = [" ".join(line.split()) for line in lines]
    assert "a time 9 s 8 s 2 min 30 s 10.5 s" in told
    assert "a step 13.1 ms 12 ms 14 ms –" in told
    assert "a memory 530 MB 500 MB 2 GB –" in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a"], "A comparison takes two or more runs or folders of seeds or folds; given 1."),
        (["a", "x"], "No run folder 'x'. Runs here: a, b."),
        (["a", "."], "'.' isn't a run: it has no recipe.toml. Runs here: a, b."),
        (["a", "b", "--csv", "t.txt"], "--csv must be a file that ends with .csv; given 't.txt'."),
        (["a", "b", "--plot", "no/p.png"], "--plot: there is no folder 'no'. Make it first."),
    ],
)
def test_mistakes(command, runs, arguments, message):
    done = command("compare", *arguments, code=2)
    assert done.stderr == f"convscope: {message}\n"
    assert done.stdout == ""


def test_completion(runs, tmp_path):
    assert complete_run_or_seeds(f"{tmp_path}/") == [f"{tmp_path}/{name}" for name in "abc"]
