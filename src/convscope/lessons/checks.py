"""Checking an answer: what was tried, what was expected, and one hint at a time."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from convscope.errors import UsageError, unknown_name
from convscope.lessons.contents_table import find_lesson, list_lessons
from convscope.lessons.exercise import Exercise, Outcome
from convscope.lessons.progress import read_progress, record
from convscope.lessons.screens import Shown
from convscope.lessons.session import current_session
from convscope.look.html import escape
from convscope.look.language import pick

MARKS = {True: "✓", False: "✗", None: "·"}


@dataclass(frozen=True)
class CheckedAnswer:
    """What came of an answer.

    Attributes:
        passed: Whether it is right; None where nothing was answered.
        text: What was tried and what came, in the current language; of a wrong answer, a hint.
    """

    passed: bool | None
    text: str


def check(exercise_id: str, answer: Any) -> None:
    """Examine the answer to an exercise, and say what came of it.

    A wrong answer gets one hint: the one for just that mistake if it is a usual one, else one more
    of the general ones at each try. Checks may be run in any order, as often as one likes.

    Args:
        exercise_id: As "7.2".
        answer: What the exercise asks for: a number, an option, a function or something built.
            None, or a function that returns None, is not answered yet.

    Raises:
        UsageError: There is no such exercise.
    """
    found = check_answer(exercise_id, answer)
    name = {True: "right", False: "wrong", None: "open"}[found.passed]
    html = f'<p class="check {name}">{"<br>".join(map(escape, found.text.splitlines()))}</p>'
    current_session().screen.show(Shown(found.text, html, kind="check"))


def check_answer(exercise_id: str, answer: Any) -> CheckedAnswer:
    """Examine the answer to an exercise and keep what came of it, without showing it; see `check`.

    Raises:
        UsageError: There is no such exercise.
    """
    exercise = find_exercise(exercise_id)
    outcome = exercise.examine(answer)
    named = pick(f"Exercise {exercise_id}: ", f"练习 {exercise_id}：")
    lines = [f"{MARKS[outcome.passed]} {named}{outcome.shown}"]
    if outcome.passed is False:
        failed = read_progress().failed.get(exercise_id, 0)
        lines.append(hint_after(exercise, outcome, failed))
    if outcome.passed is not None:
        record("checked", exercise=exercise_id, passed=outcome.passed)
    return CheckedAnswer(outcome.passed, "\n".join(lines))


def hint_after(exercise: Exercise, outcome: Outcome, failed: int) -> str:
    """The hint for a wrong answer, with its number if it is one of the general ones.

    Args:
        exercise: The exercise.
        outcome: What came of the answer.
        failed: How many wrong answers there were before.
    """
    if outcome.hint is not None:
        return f"{pick('Hint: ', '提示：')}{outcome.hint}"
    return general_hint(exercise, failed)


def general_hint(exercise: Exercise, failed: int) -> str:
    """The general hint that is next after so many wrong answers; at the end, the last one again."""
    place = min(failed, len(exercise.hints) - 1)
    count = len(exercise.hints)
    return pick(
        f"Hint {place + 1} of {count}: {exercise.hints[place].en}",
        f"提示 {place + 1}/{count}：{exercise.hints[place].zh}",
    )


def find_exercise(exercise_id: str) -> Exercise:
    """The exercise of that id.

    Raises:
        UsageError: There is none.
    """
    number = exercise_id.partition(".")[0] if isinstance(exercise_id, str) else ""
    if not number.isdecimal():
        known = ", ".join(str(lesson.number) for lesson in list_lessons())
        raise UsageError(
            f"An exercise is named like '7.2', lesson and exercise; given {exercise_id!r}. "
            f"There are lessons {known}."
        )
    exercises = exercises_of(find_lesson(int(number)).number)
    if exercise_id not in exercises:
        raise unknown_name("exercise", exercise_id, exercises)
    return exercises[exercise_id]


def exercises_of(number: int) -> dict[str, Exercise]:
    """The exercises of a lesson, by id, in order."""
    module = importlib.import_module(f"convscope.lessons.exercises.lesson_{number:02d}")
    return {exercise.id: exercise for exercise in module.EXERCISES}
