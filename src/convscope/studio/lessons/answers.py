"""Exercises that are answered in the page, by the library's own checks."""

from __future__ import annotations

from typing import Any

from convscope.errors import UsageError
from convscope.lessons.checks import check_answer, find_exercise, general_hint
from convscope.lessons.exercise import Exercise
from convscope.look.language import use_language
from convscope.runtime.usual_settings import usual_settings
from convscope.studio.refusals import refuse

IN_PAGE = ("number", "prediction")
"""Kinds whose answers are no code."""


def describe_exercise(exercise_id: str) -> dict[str, Any]:
    """What the page needs to ask an exercise.

    Raises:
        Refused: There is no such exercise.
    """
    exercise = _find(exercise_id)
    return {
        "id": exercise.id,
        "kind": exercise.kind,
        "in_page": exercise.kind in IN_PAGE,
        "options": list(exercise.options),
        "hints": len(exercise.hints),
        "lesson": int(exercise.id.partition(".")[0]),
    }


def answer_exercise(exercise_id: str, answer: list[float] | str, language: str) -> dict[str, Any]:
    """Examine an answer; a wrong one gets one hint.

    Args:
        exercise_id: As "7.2".
        answer: Numbers, or one of the options.
        language: "en" or "zh".

    Raises:
        Refused: There is no such exercise, or its answer is a piece of Python.
    """
    exercise = _find(exercise_id)
    if exercise.kind not in IN_PAGE:
        number = exercise.id.partition(".")[0]
        raise refuse("refused.lessons.python", exercise=exercise.id, lesson=number)
    given: Any = answer
    if exercise.kind == "number" and isinstance(answer, list) and len(answer) == 1:
        given = answer[0]
    with use_language(language), usual_settings():
        found = check_answer(exercise.id, given)
    return {"passed": found.passed, "text": found.text}


def next_hint(exercise_id: str, shown: int, language: str) -> dict[str, Any]:
    """The general hint that comes after so many.

    Raises:
        Refused: There is no such exercise.
    """
    with use_language(language):
        return {"text": general_hint(_find(exercise_id), max(0, shown))}


def _find(exercise_id: str) -> Exercise:
    try:
        return find_exercise(exercise_id)
    except UsageError:
        raise refuse("refused.lessons.exercise", exercise=exercise_id) from None
