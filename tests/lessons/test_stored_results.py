"""Stored results: read, shown, refused; written by their script; and still what is measured now."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

from convscope.errors import ConvscopeError, UsageError
from convscope.lessons import stored_results
from convscope.lessons.stored_results import FOLDER, stored
from tests.conftest import needs_data

ROOT = Path(__file__).parents[2]
NAMES = sorted(file.stem for file in FOLDER.glob("*.json"))


def load(file):
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = load(ROOT / "benchmarks" / "lesson_results.py")

MEASUREMENT = """
DATA, SEEDS = None, (3,)
CELL, WITHIN = {"network": "a"}, {"accuracy": 0.01}
def measure():
    yield {"network": "a", "accuracy": 0.5, "curve": [0.25, 0.5]}
    yield {"network": "b", "accuracy": 0.75, "note": "late"}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of results with one measurement, "tries", that takes no time."""
    (tmp_path / "tries.py").write_text(MEASUREMENT)
    monkeypatch.setattr(script, "MEASUREMENTS", tmp_path)
    monkeypatch.setattr(stored_results, "FOLDER", tmp_path)
    return tmp_path


def test_what_is_measured_is_read_back(folder):
    script.write(script.measure("tries"), folder)
    result = stored("tries")
    assert result.name == "tries"
    assert result.rows[0] == {"network": "a", "accuracy": 0.5, "curve": [0.25, 0.5]}
    assert result.seeds == (3,)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", result.date)
    assert result.machine["cores"] >= 1
    assert result.machine["processor"]
    assert {"torch", "numpy", "python", "convscope"} <= result.versions.keys()
    assert json.loads(json.dumps(result.as_dict())) == json.loads(
        (folder / "tries.json").read_text()
    )


def test_a_result_shows_its_rows_its_date_and_its_machine(folder):
    script.write(script.measure("tries"), folder)
    result = stored("tries")
    text = str(result)
    for part in ("0.5", "0.75", "late", result.date, result.machine["processor"]):
        assert part in text
    assert "<table" in result._repr_html_()


def test_a_row_is_a_line_of_the_file(folder):
    """So that what a new measurement changes can be read in a diff."""
    file = script.write(script.measure("tries"), folder)
    assert '    {"network": "a", "accuracy": 0.5' in file.read_text()


def test_a_failed_measurement_leaves_the_old_result(folder):
    file = script.write(script.measure("tries"), folder)
    before = file.read_text()
    (folder / "tries.py").write_text(MEASUREMENT + "    raise RuntimeError\n")
    with pytest.raises(RuntimeError):
        script.write(script.measure("tries"), folder)
    assert file.read_text() == before


def test_an_unknown_name_lists_the_known(folder):
    script.write(script.measure("tries"), folder)
    with pytest.raises(UsageError, match="Unknown stored result 'lenet'.*tries"):
        stored("lenet")
    with pytest.raises(UsageError, match="Unknown measurement 'lenet'.*tries"):
        script.measure("lenet")


@pytest.mark.parametrize("content", ["{", "{}", '{"rows": [], "seeds": [], "more": 1}'])
def test_a_damaged_file_says_how_to_measure_again(folder, content):
    (folder / "tries.json").write_text(content)
    with pytest.raises(ConvscopeError, match=r"damaged.*benchmarks/lesson_results.py tries"):
        stored("tries")


@pytest.mark.parametrize("name", NAMES)
def test_each_result_has_its_script_and_the_cell_that_is_measured_again(name):
    module = script.load_measurement(name)
    assert stored(name).name == name
    assert list(stored(name).seeds) == [*module.SEEDS]
    found = [row for row in stored(name).rows if module.CELL.items() <= row.items()]
    assert len(found) == 1
    assert module.WITHIN.keys() <= found[0].keys()


def _needing_data(name):
    module = script.load_measurement(name)
    return pytest.param(name, marks=[needs_data(module.DATA)] if module.DATA else [])


@pytest.mark.slow
@pytest.mark.parametrize("name", [*map(_needing_data, NAMES)])
def test_a_cell_measured_again_lies_within_its_range(name):
    module = script.load_measurement(name)
    (kept,) = [row for row in stored(name).rows if module.CELL.items() <= row.items()]
    again = module.measure_cell()
    for key, tolerance in module.WITHIN.items():
        assert again[key] == pytest.approx(kept[key], abs=tolerance), key
