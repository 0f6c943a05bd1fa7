import csv
import json

import pytest

import convscope as cs
from convscope.comparison.table import write_table
from tests.comparison.runs_on_disk import write_group, write_run


def rows_of(file):
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_figure_comes_back(tmp_path):
    write_run(tmp_path / "a", range(6), learning_rate=0.5)
    write_group(tmp_path / "b", [9, 8, 10, None], failures={3: "NaN"})
    comparison = cs.compare([tmp_path / "a", tmp_path / "b"])
    write_table(comparison, tmp_path / "t.csv")
    first, second = rows_of(tmp_path / "t.csv")
    shown = comparison.as_dict()["runs"][0]
    for field in ("accuracy", "loss", "epochs", "seconds", "images_per_second"):
        assert float(first[field]) == shown[field]
    assert (first["parameters"], first["model_bytes"]) == ("130", str(shown["model_bytes"]))
    assert float(first["interval_high"]) == shown["interval"][1]
    assert first["recipe learning_rate"] == "0.5"
    assert first["standard_deviation"] == ""
    assert float(second["accuracy"]) == pytest.approx(0.91)
    assert float(second["standard_deviation"]) == pytest.approx(0.01)
    assert (second["seeds"], second["failed"]) == ("0 1 2", "3")
    assert second["interval_of"] == "seeds, lowest to highest"


def test_hostile_names_are_text(tmp_path):
    names = ["=1+1", "@SUM(A1)", "-2", 'say "hi", 你好\n']
    for number, name in enumerate(names):
        write_run(tmp_path / name, range(number), data=f"={name}")
    write_table(cs.compare([tmp_path / name for name in names]), tmp_path / "t.csv")
    rows = rows_of(tmp_path / "t.csv")
    assert [row["name"] for row in rows] == ["'=1+1", "'@SUM(A1)", "'-2", r'say "hi", 你好\n']
    assert all(row["data"].startswith("'=") for row in rows)
    assert rows[0]["run"] == str(tmp_path / "=1+1")


def test_forecast_beside_actual(tmp_path):
    rows = [{"what": "time", "unit": "s", "forecast": 9.0, "actual": 10.5}]
    run = write_run(tmp_path / "a", [])
    (run.folder / "forecast.json").write_text(json.dumps({"rows": rows}))
    write_run(tmp_path / "b", [1])
    write_table(cs.compare([tmp_path / "a", tmp_path / "b"]), tmp_path / "t.csv")
    first, second = rows_of(tmp_path / "t.csv")
    assert (first["forecast time (s)"], first["actual time (s)"]) == ("9.0", "10.5")
    assert (second["forecast time (s)"], second["actual time (s)"]) == ("", "")
