"""Answers are examined, hints come one at a time, and progress is lost by nothing.

Tests lessons/checks.py, lessons/exercise.py, lessons/answers.py, lessons/progress.py.
"""

import json
import threading

import numpy as np
import pytest
import torch

import convscope as cs
from convscope.errors import UsageError
from convscope.lessons.checks import find_exercise
from convscope.lessons.progress import journal_file, read_progress, record
from convscope.look.language import use_language
from tests.lessons.conftest import EXERCISES

DOUBLE, FOUR, A, DESIGN, TWO = EXERCISES


def check(exercise, answer, capsys):
    cs.lessons.check(exercise, answer)
    return capsys.readouterr().out


def test_a_right_answer_is_kept(sample, capsys):
    assert check("99.2", 4, capsys) == "✓ Exercise 99.2: right\n"
    assert read_progress().solved == {"99.2"}
    with use_language("zh"):
        assert check("99.1", lambda value: value + value, capsys) == "✓ 练习 99.1：200 例全部正确\n"
    assert read_progress().solved == {"99.1", "99.2"}


def test_a_usual_mistake_gets_its_hint_and_others_one_more_at_each_try(sample, capsys):
    assert check("99.2", 5, capsys) == "✗ Exercise 99.2: not 5\nHint: one less\n"
    assert check("99.2", 7, capsys).endswith("Hint 2 of 2: think twice\n")
    assert check("99.2", 7, capsys).endswith("Hint 2 of 2: think twice\n")
    assert check("99.5", [1, 3], capsys) == (
        "✗ Exercise 99.5: 1 of 2 numbers are wrong\nHint 1 of 2: think\n"
    )
    assert read_progress().failed == {"99.2": 3, "99.5": 1}
    check("99.2", 4, capsys)
    assert read_progress().failed == {"99.5": 1}


def test_no_answer_is_no_mistake(sample, capsys):
    assert check("99.2", None, capsys) == "· Exercise 99.2: not answered yet\n"
    assert check("99.1", lambda value: None, capsys) == "· Exercise 99.1: not answered yet\n"
    assert read_progress().failed == {}


@pytest.mark.parametrize(
    ("exercise", "answer", "shown"),
    [
        (FOUR, "four", "asks for a number; given 'four'"),
        (FOUR, True, "asks for a number; given True"),
        (FOUR, [4, 4], "asks for a number"),
        (FOUR, 10**400, "asks for a number"),
        (FOUR, torch.empty(1, device="meta"), "asks for a number"),
        (FOUR, float("nan"), "not –"),
        (TWO, 1, "asks for 2 numbers; given 1"),
        (TWO, [float("nan"), float("inf")], "2 of 2 numbers are wrong"),
        (A, "c", "asks for one of a, b; given 'c'"),
        (A, " B ", "b is not what was measured"),
        (DOUBLE, 3, "asks for a function; given 3"),
        (DOUBLE, lambda: 1, "got TypeError: "),
        (DOUBLE, lambda value: value[:2] * 2, "case 1 of 200: for ["),
        (DOUBLE, lambda value: "text", "got 'text'"),
        (DESIGN, 7, "your code raised TypeError: 'int' object is not callable"),
    ],
)
def test_wrong_answers_of_any_kind_are_wrong_in_words(exercise, answer, shown):
    outcome = exercise.examine(answer)
    assert outcome.passed is False
    assert shown in outcome.shown.en


@pytest.mark.parametrize(
    "answer",
    [lambda value: 2 * value, lambda value: torch.from_numpy(2 * value), lambda v: [*(2 * v)]],
)
def test_arrays_tensors_and_lists_are_right(answer):
    assert DOUBLE.examine(answer).passed is True


def test_answers_may_be_written_as_the_text_writes_them():
    assert TWO.examine([[1], [2]]).passed is True
    assert FOUR.examine(torch.tensor([4.0])).passed is True
    assert A.examine("(a)").passed is True


@pytest.mark.parametrize("kernel", [np.full((3, 3), np.inf), np.eye(3) * 1e200, "abc", [[1, 0]]])
def test_kernels_without_a_measure_are_wrong(kernel):
    assert find_exercise("7.4").examine(kernel).passed is False


def test_a_kernel_that_learns_is_measured():
    diagonal = torch.tensor([[1.0, 0, -1], [0, 0, 0], [-1, 0, 1]], requires_grad=True)
    assert find_exercise("7.4").examine(diagonal).passed is True


def test_a_function_that_changes_its_argument_is_not_helped_by_it():
    def double(value):
        value *= 2
        return value

    assert DOUBLE.examine(double).passed is True
    assert DOUBLE.examine(lambda value: value.__imul__(3)).passed is False


def test_a_function_is_recognized_as_a_usual_mistake():
    assert DOUBLE.examine(lambda value: value * value).hint.en == "you square"
    assert DOUBLE.examine(lambda value: value).hint is None


def test_large_values_are_named_by_their_shape():
    shown = DOUBLE.examine(lambda value: np.zeros((9, 9))).shown.en
    assert "got array of shape (9, 9)" in shown


def test_a_wrong_case_is_said_in_chinese_with_its_punctuation():
    shown = DOUBLE.examine(lambda value: np.zeros(3)).shown.zh
    assert shown.startswith("第 1 例（共 200 例）：输入：[")
    assert shown.endswith("\n实得：[0. 0. 0.]")


def test_exercises_that_do_not_exist_are_refused(sample):
    with pytest.raises(UsageError, match="An exercise is named like '7.2'.*given 'x'"):
        find_exercise("x")
    with pytest.raises(UsageError, match="An exercise is named like '7.2'"):
        cs.lessons.check(7.2, 1)
    with pytest.raises(UsageError, match="Unknown exercise '99.9'"):
        find_exercise("99.9")


def test_the_journal_survives_what_happens_to_files(sample):
    record("checked", exercise="99.1", passed=True)
    with journal_file().open("ab") as file:
        file.write(b'{"event": "checked", "exer')  # the power went
    record("checked", exercise="99.2", passed=True)
    with journal_file().open("ab") as file:
        file.write(b'[]\n"text"\n\xff\xfe\n{"event": "ended"}\n{"event": "later", "x": 1}\n')
    record("ended", lesson=99)
    progress = read_progress()
    assert progress.solved == {"99.1", "99.2"}
    assert progress.ended == {99}


def test_two_that_write_at_once_lose_nothing(sample):
    def write(start):
        for number in range(start, start + 50):
            record("checked", exercise=f"99.{number}", passed=True)

    threads = [threading.Thread(target=write, args=(start,)) for start in (0, 50, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_progress().solved) == 150
    # Behind a line that is half written when another begins there may be an empty one.
    lines = [line for line in journal_file().read_text().splitlines() if line]
    assert len([json.loads(line) for line in lines]) == 150


def test_where_nothing_can_be_written_a_lesson_goes_on(sample, monkeypatch, tmp_path, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CONVSCOPE_USER_DATA", str(tmp_path / "file" / "below"))
    assert check("99.2", 4, capsys) == "✓ Exercise 99.2: right\n"
    assert read_progress().solved == {"99.2"}  # as long as the process lives
    assert not journal_file().exists()
