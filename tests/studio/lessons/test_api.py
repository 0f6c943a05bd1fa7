"""The lessons view as programs ask it: the list, lessons that run, exercises that are answered.

Tests studio/lessons/answers.py, studio/lessons/live_parts.py, studio/lessons/players.py,
studio/lessons/routes.py, lessons/play_to_file.py.
"""

import json
import subprocess
import sys
import time
from urllib.parse import parse_qs

import numpy as np
import pytest

from convscope.lessons.checks import exercises_of
from convscope.lessons.contents_table import find_claim, find_lesson, list_lessons
from convscope.lessons.play import PlayedCell
from convscope.lessons.play_to_file import cell_writer, exercises_in
from convscope.lessons.progress import read_progress
from convscope.lessons.screens import Shown
from convscope.studio.lessons.live_parts import LIVE, live_parts
from convscope.studio.lessons.players import LessonPlayers, played_file, read_lines, told
from convscope.studio.refusals import english_words
from convscope.studio.views import VIEWS


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVSCOPE_USER_DATA", str(tmp_path / "user"))
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))


def test_all_lessons_are_listed_with_their_exercises(ask):
    for language in ("en", "zh"):
        found = ask(f"lessons/choices?language={language}")["lessons"]
        titles = [getattr(lesson.title, language) for lesson in list_lessons()]
        assert [each["title"] for each in found] == titles
    assert len(found) == 18
    assert all(each["solved"] == [] and not each["ended"] for each in found)
    for each in found:
        assert sorted(each["exercises"]) == sorted(exercises_of(each["number"]))


def test_listing_lessons_loads_no_torch():
    code = (
        "import sys; from convscope.studio.lessons import routes; "
        "from convscope.lessons.contents_table import list_lessons; "
        "rows = [routes._row(each, 'zh', set(), set()) for each in list_lessons()]; "
        "assert len(rows) == 18; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_right_number_is_kept_as_progress(ask):
    image, turned = np.arange(9).reshape(3, 3), np.arange(4)[::-1].reshape(2, 2)
    windows = np.lib.stride_tricks.sliding_window_view(image, (2, 2))
    right = (windows * turned).sum((2, 3)).ravel().tolist()
    found = ask("lessons/answer", {"exercise": "7.2", "answer": right})
    assert found["passed"] is True
    assert read_progress().solved == {"7.2"}
    [lesson] = [each for each in ask("lessons/choices")["lessons"] if each["number"] == 7]
    assert lesson["solved"] == ["7.2"]


def test_a_wrong_answer_gets_one_hint_at_a_time_in_the_readers_language(ask):
    asked = {"exercise": "9.2", "answer": "a", "language": "zh"}
    wrong = ask("lessons/answer", asked)
    assert wrong["passed"] is False
    assert "提示" in wrong["text"]
    assert ask("lessons/answer", {**asked, "answer": "c"})["passed"] is True
    hints = exercises_of(9)["9.2"].hints
    for shown, hint in enumerate(hints):
        found = ask("lessons/hint", {"exercise": "9.2", "shown": shown, "language": "en"})
        assert found["text"] == f"Hint {shown + 1} of {len(hints)}: {hint.en}"


def test_every_exercise_says_how_it_is_answered(ask):
    for lesson in (7, 9):
        for name, exercise in exercises_of(lesson).items():
            found = ask("lessons/exercise", {"exercise": name})
            assert found["in_page"] == (exercise.kind in ("number", "prediction"))
            assert bool(found["options"]) == (exercise.kind == "prediction")


@pytest.mark.parametrize(
    ("path", "asked", "key"),
    [
        ("answer", {"exercise": "7.1", "answer": "__import__('os').abort()"}, "python"),
        ("answer", {"exercise": "7.1", "answer": [1]}, "python"),
        ("answer", {"exercise": "7.9", "answer": [1]}, "exercise"),
        ("hint", {"exercise": "../7"}, "exercise"),
        ("exercise", {"exercise": "99.1"}, "exercise"),
        ("read", {"lesson": 99}, "lesson"),
    ],
)
def test_what_is_not_possible_is_refused_in_words(ask, path, asked, key):
    found = ask(f"lessons/{path}", asked, 422)
    assert found["key"] == f"refused.lessons.{key}"
    assert read_progress().failed == {}


@pytest.mark.parametrize("answer", ["nonsense" * 30, {"a": 1}, None, [[1]], ["x"]])
def test_answers_of_other_kinds_are_refused(ask, answer):
    ask("lessons/answer", {"exercise": "7.2", "answer": answer}, 422)


def test_an_option_that_there_is_not_is_wrong_and_not_run(ask):
    found = ask("lessons/answer", {"exercise": "9.2", "answer": "<b>7*6</b>"})
    assert found["passed"] is False
    assert "42" not in found["text"]


def test_live_parts_stand_at_claims_and_lead_to_views():
    words = english_words()
    for claim, address in LIVE.items():
        assert find_claim(claim).id == claim
        view, _, query = address.partition("?")
        assert view in VIEWS
        assert f"lessons.live.{view}" in words
        assert parse_qs(query, strict_parsing=True)
    assert live_parts(7).keys() == {c for c in LIVE if c.startswith("7.")}
    assert live_parts(1).keys() == {"1.affine"}


def test_cells_are_written_with_their_claims_and_exercises_but_without_what_checks_said():
    lines = []
    write = cell_writer("en", lines.append)
    write(PlayedCell("markdown", "## A *title*\n\n<script>x</script> $x^2$"))
    write(PlayedCell("code", 'cs.lessons.claim("7.sum", True)\ncs.lessons.check(\n    "7.1", f)',
                     (Shown("said", kind="check"), Shown("a < b"))))  # fmt: skip
    text, code = lines
    assert "<em>title</em>" in text["html"]
    assert "&lt;script&gt;" in text["html"]
    assert "<msup>" in text["html"]
    assert (text["claims"], text["checks"]) == ([], [])
    assert (code["claims"], code["checks"]) == (["7.sum"], ["7.1"])
    assert "a &lt; b" in code["html"]
    assert "said" not in code["html"]


def test_a_file_that_is_being_written_is_read_line_by_line(tmp_path):
    file = tmp_path / "lesson.part"
    assert told(file, 0)["state"] == "running"
    cells = [{"html": f"<p>{i}</p>", "checks": [], "claims": []} for i in range(3)]
    lines = [json.dumps(cell) for cell in cells]
    file.write_text("\n".join(lines)[:-5])
    assert [cell["html"] for cell in read_lines(file)] == ["<p>0</p>", "<p>1</p>"]
    file.write_text("\n".join([*lines, json.dumps({"done": 2.5})]) + "\n")
    found = told(file, 1)
    assert (found["state"], found["seconds"], found["count"]) == ("done", 2.5, 3)
    assert found["cells"] == cells[1:]


def test_a_process_that_ends_early_is_said_and_runs_again_when_asked(monkeypatch):
    lesson, players = find_lesson(7), LessonPlayers()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert players.read(lesson, "en", 0)["state"] == "running"
    [process] = players.processes.values()
    process.wait()
    found = players.read(lesson, "en", 0)
    assert (found["state"], found["reason"]) == ("failed", "The process ended early (1).")
    assert players.read(lesson, "en", 0)["state"] == "failed"  # and isn't started by itself
    assert not players.processes
    players.again(lesson, "en")
    assert players.read(lesson, "en", 0)["state"] == "running"
    players.close()
    assert not players.processes


@pytest.mark.slow
def test_a_lesson_runs_in_its_own_process_and_is_kept(request):
    lesson, players = find_lesson(9), LessonPlayers()
    request.addfinalizer(players.close)
    counts = []
    deadline = time.monotonic() + 600
    while (found := players.read(lesson, "zh", 0))["state"] == "running":
        counts.append(found["count"])
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert found["state"] == "done", found["reason"]
    assert len(set(counts)) > 2  # cells came while it ran
    assert played_file(lesson, "zh").is_file()
    assert not players.processes
    assert LessonPlayers().read(lesson, "zh", 0)["count"] == found["count"]
    claims = [claim for cell in found["cells"] for claim in cell["claims"]]
    assert claims == list(lesson.claims)
    checks = [check for cell in found["cells"] for check in cell["checks"]]
    assert checks == exercises_in(lesson.source("zh"))
    assert any("data:image/png;base64," in cell["html"] for cell in found["cells"])


@pytest.mark.slow
def test_a_lesson_ends_with_whoever_started_it():
    players = LessonPlayers()
    players.read(find_lesson(9), "en", 0)
    [process] = players.processes.values()
    process.stdin.close()  # as when the studio is killed
    assert process.wait(60) == 1
    players.close()
