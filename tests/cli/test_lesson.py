"""`convscope lesson`, in both languages.

Tests cli/lesson.py, cli/lesson_check.py.
"""

import json
import sys
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from convscope.cli import complete
from convscope.cli import lesson as lesson_command
from convscope.cli.lesson import read_number
from convscope.cli.lesson_check import check_copy
from convscope.cli.main import app
from convscope.errors import UsageError
from convscope.lessons.cells import read_cells
from convscope.lessons.contents_table import find_lesson
from convscope.lessons.progress import read_progress
from tests.lessons.conftest import sample as sample


@pytest.fixture
def without_jupyter(monkeypatch):
    found = lesson_command.importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "jupyterlab" else found(name)
    )


def run(*arguments, code=0):
    done = CliRunner().invoke(app, ["lesson", *arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


def test_lessons_are_listed_with_progress(sample):
    assert run().splitlines()[1].split() == ["99", "A", "sample", "10", "min", "0/5"]
    run("run", "99")
    assert run().splitlines()[1].split() == ["99", "A", "sample", "10", "min", "0/5", "✓"]
    listed = json.loads(run("--json"))
    assert listed == {
        "language": "en",
        "lessons": [
            {
                "number": 99,
                "title": "A sample",
                "minutes": 10,
                "ended": True,
                "solved": 0,
                "exercises": 5,
            }
        ],
    }


def test_the_language_is_remembered(sample, monkeypatch):
    assert "样例" in run("--lang", "zh")
    assert "样例" in run()
    assert "A sample" in run("--lang", "en")
    assert "解出" in run("--lang", "zh", "check", "99")
    with pytest.raises(UsageError, match="--json goes behind"):
        run("--json", "check", "99")
    monkeypatch.setenv("CONVSCOPE_LANG", "zh")
    assert "样例" in run()
    with pytest.raises(UsageError, match="没有第 5 课。现有的课：99。"):
        run("open", "5")
    with pytest.raises(UsageError, match="--lang is en .English. or zh .*given 'fr'"):
        run("run", "99", "--lang", "fr")


def test_a_lesson_has_a_number(sample, monkeypatch):
    assert read_number(" 7 ") == 7
    for language, said in (("en", "'seven' is none"), ("zh", "'seven' 不是数字")):
        monkeypatch.setenv("CONVSCOPE_LANG", language)
        with pytest.raises(typer.BadParameter, match=said):
            read_number("seven")


def test_a_lesson_runs_in_the_terminal(sample, tmp_path):
    shown = run("run", "99")
    assert "For A sample the total was 2.0" in shown
    assert "✓ One and one are 2." in shown
    assert "figure: lesson-figures/99/01.png" in shown
    assert (tmp_path / "lesson-figures" / "99" / "01.png").exists()
    assert shown.endswith("in a copy of your own: convscope lesson open 99\n")
    chinese = run("run", "99", "--lang", "zh")
    assert "《样例》中的和是 2.0" in chinese
    assert "\\x" not in shown + chinese  # no code of a style, no mark where a line may end


def test_no_line_of_code_is_cut_in_a_narrow_terminal(sample, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    shown = "".join(run("run", "99").split())
    for cell in read_cells(find_lesson(99).source("en")):
        if cell.kind == "code":
            assert "".join(cell.source.split()) in shown


@pytest.mark.slow
def test_a_copy_is_made_once_and_never_replaced(sample, without_jupyter, tmp_path):
    shown = run("open", "99", "--no-browser")
    copy = tmp_path / "convscope-lessons" / "99_sample.ipynb"
    assert "your copy: convscope-lessons/99_sample.ipynb\n" in shown
    assert "Jupyter isn't installed" in shown
    assert shown.endswith("with any editor of notebooks; then: convscope lesson check 99\n")
    assert "<h1>99 · A sample</h1>" in copy.with_suffix(".html").read_text()
    copy.write_text(copy.read_text().replace("answer = None", "answer = 4"))
    assert "(as you left it)" in run("open", "99", "--no-browser")
    assert "answer = 4" in copy.read_text()
    assert "课程已写成网页" in run("open", "99", "--no-browser", "--lang", "zh")
    assert (tmp_path / "convscope-lessons" / "99_sample.zh.ipynb").exists()


def test_where_there_is_jupyter_it_opens_the_copy(sample, monkeypatch):
    started = []
    monkeypatch.setattr("importlib.util.find_spec", lambda name: SimpleNamespace())
    monkeypatch.setattr(
        lesson_command.subprocess, "run", lambda given, check: started.append(given)
    )
    run("open", "99")
    assert started == [[sys.executable, "-m", "jupyterlab", "convscope-lessons/99_sample.ipynb"]]
    run("open", "99", "--no-browser")
    assert len(started) == 1


@pytest.mark.slow
def test_the_copy_is_checked_and_the_next_hint_given(sample, without_jupyter, tmp_path):
    assert "0 of 5 exercises solved.\nNext: 99.1. Hint 1 of 2: think\nWork on your own" in run(
        "check", "99"
    )
    run("open", "99", "--no-browser")
    copy = tmp_path / "convscope-lessons" / "99_sample.ipynb"
    text = copy.read_text().replace("answer = None", "answer = 4")
    copy.write_text(
        text.replace("def double(number): ...", "def double(number):\\n    return number * 2")
    )
    shown = run("check", "99")
    assert "✓ Exercise 99.1: 200 of 200 cases" in shown
    assert "Lesson 99: 2 of 5 exercises solved.\nNext: 99.3." in shown
    assert json.loads(run("check", "99", "--json")) == {
        "lesson": 99,
        "solved": ["99.1", "99.2"],
        "left": ["99.3", "99.4", "99.5"],
        "wrong": [],
        "hint": "Hint 1 of 2: think",
        "errors": [],
    }
    assert read_progress().solved == {"99.1", "99.2"}


def test_a_copy_that_stops_is_said_where(sample, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("# %%\n1 / 0\n")
    assert "cell 1 stopped: ZeroDivisionError: division by zero" in run(
        "check", "99", str(file), code=1
    )
    with pytest.raises(UsageError, match="can't be read"):
        run("check", "99", "no.py")


def test_a_check_gives_one_hint_at_a_time(sample, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text('# %%\nimport convscope as cs\ncs.lessons.check("99.1", lambda value: value)\n')
    shown = run("check", "99", str(file), code=1)
    assert shown.count("Hint") == 1
    assert "Hint 1 of 2: think\n" in shown
    assert shown.endswith("Next: 99.1.\n")
    assert "Hint 2 of 2: think twice\n" in run("check", "99", str(file), code=1)
    assert json.loads(run("check", "99", str(file), "--json", code=1))["wrong"] == ["99.1"]


def test_each_check_is_printed_before_the_next_cell_runs(sample, tmp_path, monkeypatch):
    printed = []
    monkeypatch.setattr("builtins.print", lambda text, **_: printed.append(text))
    copy = tmp_path / "mine.py"
    copy.write_text(
        '# %%\nimport convscope as cs\ncs.lessons.check("99.2", 4)\n# %%\n'
        "from tests.cli.test_lesson import stop\nstop()\n"
    )
    monkeypatch.setattr("tests.cli.test_lesson.stop", lambda: printed.append("second cell"))
    check_copy(99, "en", copy, json=False)
    assert printed[0] == f"Running {copy} ..."
    assert printed[1].startswith("✓ Exercise 99.2")
    assert printed[2] == "second cell"


def stop():
    """Called by a copy's cell, and replaced by a test."""


def test_exit_ends_only_its_cell(sample, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "# %%\nimport convscope as cs\nexit()\n# %%\n"
        'cs.lessons.check("99.1", lambda value: exit())\ncs.lessons.check("99.2", 4)\n'
    )
    shown = run("check", "99", str(file), code=1)
    assert "cell 1 stopped: SystemExit: None" in shown
    assert "got SystemExit: None" in shown
    assert "✓ Exercise 99.2: right" in shown
    listed = json.loads(run("check", "99", str(file), "--json", code=1))
    assert listed["errors"] == [{"cell": 1, "error": "SystemExit: None"}]


def test_a_copy_that_was_moved_is_missed(sample, without_jupyter, tmp_path):
    run("open", "99", "--no-browser")
    copy = tmp_path / "convscope-lessons" / "99_sample.ipynb"
    copy.rename(tmp_path / "elsewhere.ipynb")
    shown = run("check", "99")
    assert f"Your copy isn't at {copy} any more" in shown
    assert "lesson check 99 FILE" in shown


def test_numbers_are_completed(sample):
    assert complete.complete_lesson("9") == ["99"]
    assert complete.complete_language("z") == ["zh"]
