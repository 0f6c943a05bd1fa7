"""Exercises: what a right answer is, which wrong ones are usual, and what helps with them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convscope.lessons.answers import (
    Raised,
    agrees,
    as_numbers,
    call_answer,
    write_value,
)
from convscope.look.language import Words as Words
from convscope.look.numbers import number as written

CASES = 200
SEED = 0


@dataclass(frozen=True)
class WrongAnswer:
    """A usual wrong answer.

    Attributes:
        answer: The wrong number, option, function or design.
        hint: What helps those who gave it.
    """

    answer: Any
    hint: Words


@dataclass(frozen=True)
class Outcome:
    """What examining an answer found.

    Attributes:
        passed: Whether it is right; None where nothing has been answered yet.
        shown: What was tried, what was expected and what came.
        hint: What helps with just this wrong answer; None if it is none of the usual ones.
    """

    passed: bool | None
    shown: Words
    hint: Words | None = None


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes:
        id: The lesson's number and its own, as "7.2".
        kind: "number", "prediction", "function" or "design".
        examine: Says what comes of an answer.
        mistakes: Usual wrong answers; each gets its own hint.
        hints: What helps in general, from a nudge to nearly the answer.
        options: What a prediction can be, as "a", "b", "c"; none of the other kinds.
    """

    id: str
    kind: str
    examine: Callable[[Any], Outcome]
    mistakes: Sequence[WrongAnswer]
    hints: Sequence[Words]
    options: tuple[str, ...] = ()


NOT_ANSWERED = Outcome(None, Words("not answered yet", "尚未作答"))


def number(
    exercise_id: str,
    *,
    expected: Callable[[], Any],
    tolerance: float,
    mistakes: Sequence[WrongAnswer],
    hints: Sequence[Words],
) -> Exercise:
    """An exercise whose answer is a number, or several.

    Args:
        exercise_id: Its id, as "7.2".
        expected: Computes the right number, or a sequence of them.
        tolerance: How far each may be from it.
        mistakes: Usual wrong numbers.
        hints: General hints.
    """

    def examine(answer: Any) -> Outcome:
        if answer is None or answer is ...:
            return NOT_ANSWERED
        right = np.asarray(expected(), dtype=float)
        given = as_numbers(answer)
        if given is not None and given.size == right.size:
            given = given.reshape(right.shape)  # four numbers are also written as two rows
        if given is None or given.shape != right.shape:
            return Outcome(False, _wanted(right, answer))
        if np.all(np.abs(given - right) <= tolerance):
            return Outcome(True, Words("right", "正确"))
        hint = next(
            (
                mistake.hint for mistake in mistakes
                if np.all(np.abs(given - np.asarray(mistake.answer, float)) <= tolerance)
            ),
            None,
        )  # fmt: skip
        wrong = int(np.sum(~(np.abs(given - right) <= tolerance)))  # what is no number, too
        return Outcome(False, _wrong_numbers(given, wrong), hint)

    return Exercise(exercise_id, "number", examine, mistakes, hints)


def _wanted(right: np.ndarray, answer: Any) -> Words:
    if right.ndim == 0:
        return Words(f"asks for a number; given {answer!r}", f"应给出一个数；收到的是 {answer!r}")
    return Words(
        f"asks for {right.size} numbers; given {answer!r}",
        f"应给出 {right.size} 个数；收到的是 {answer!r}",
    )


def _wrong_numbers(given: np.ndarray, wrong: int) -> Words:
    if given.ndim == 0:
        return Words(f"not {written(float(given))}", f"不是 {written(float(given))}")
    return Words(
        f"{wrong} of {given.size} numbers are wrong", f"{given.size} 个数中有 {wrong} 个不对"
    )


def prediction(
    exercise_id: str,
    *,
    options: Sequence[str],
    measure: Callable[[], str],
    mistakes: Sequence[WrongAnswer],
    hints: Sequence[Words],
) -> Exercise:
    """An exercise whose answer is given before the cell that shows it: one of several options.

    Args:
        exercise_id: Its id, as "7.2".
        options: What can be answered, as "a", "b", "c".
        measure: Asks the library which option is right.
        mistakes: The other options.
        hints: General hints.
    """

    def examine(answer: Any) -> Outcome:
        if answer is None or answer is ...:
            return NOT_ANSWERED
        given = str(answer).strip(" ().（）").lower()  # the text writes "(a)"
        listed = ", ".join(options)
        if given not in options:
            return Outcome(
                False,
                Words(
                    f"asks for one of {listed}; given {answer!r}",
                    f"请从 {listed} 中选择；收到的是 {answer!r}",
                ),
            )
        right = measure()
        if given == right:
            return Outcome(True, Words(f"{given}: measured just now", f"{given}：刚刚测得如此"))
        hint = next((mistake.hint for mistake in mistakes if mistake.answer == given), None)
        return Outcome(
            False, Words(f"{given} is not what was measured", f"测得的不是 {given}"), hint
        )

    return Exercise(exercise_id, "prediction", examine, mistakes, hints, tuple(options))


def function(
    exercise_id: str,
    *,
    oracle: Callable[..., Any],
    cases: Callable[[np.random.Generator], tuple[Any, ...]],
    mistakes: Sequence[WrongAnswer],
    hints: Sequence[Words],
) -> Exercise:
    """An exercise whose answer is a function, tried on 200 random cases.

    Args:
        exercise_id: Its id, as "7.2".
        oracle: Gives the right result for each case.
        cases: Draws one case, a tuple of arguments; the same 200 every time.
        mistakes: Usual wrong functions.
        hints: General hints.
    """

    def examine(answer: Any) -> Outcome:
        if answer is None or answer is ...:
            return NOT_ANSWERED
        if not callable(answer):
            return Outcome(
                False,
                Words(
                    f"asks for a function; given {answer!r}",
                    f"应给出一个函数；收到的是 {answer!r}",
                ),
            )
        random = np.random.default_rng(SEED)
        drawn = [cases(random) for _ in range(CASES)]
        for place, case in enumerate(drawn, start=1):
            expected = np.asarray(oracle(*copy.deepcopy(case)))
            given = call_answer(answer, case)
            if place == 1 and given is None:
                return NOT_ANSWERED
            if not agrees(given, expected):
                shown = _failed_case(place, case, expected, given)
                return Outcome(False, shown, _hint_for_function(answer, drawn, mistakes))
        return Outcome(True, Words(f"{CASES} of {CASES} cases", f"{CASES} 例全部正确"))

    return Exercise(exercise_id, "function", examine, mistakes, hints)


def _failed_case(place: int, case: tuple[Any, ...], expected: np.ndarray, given: Any) -> Words:
    values, right = list(map(write_value, case)), write_value(expected)
    got = given if isinstance(given, Raised) else write_value(given)
    return Words(
        f"case {place} of {CASES}: for {', '.join(values)}\nexpected {right}\ngot {got}",
        f"第 {place} 例（共 {CASES} 例）：输入：{'、'.join(values)}\n应得：{right}\n实得：{got}",
    )


def design(
    exercise_id: str,
    *,
    measure: Callable[[Any], Outcome],
    mistakes: Sequence[WrongAnswer],
    hints: Sequence[Words],
) -> Exercise:
    """An exercise whose answer is something built, which the library measures.

    Args:
        exercise_id: Its id, as "7.2".
        measure: Measures it; gives the hint that just this answer deserves.
        mistakes: Usual wrong designs.
        hints: General hints.
    """

    def examine(answer: Any) -> Outcome:
        if answer is None or answer is ...:
            return NOT_ANSWERED
        try:
            return measure(answer)
        except (Exception, SystemExit) as error:  # the learner's own code is run
            return Outcome(False, Raised(error).words())

    return Exercise(exercise_id, "design", examine, mistakes, hints)


def _hint_for_function(
    answer: Callable[..., Any], drawn: list[tuple[Any, ...]], mistakes: Sequence[WrongAnswer]
) -> Words | None:
    """The hint of the mistake that gives on all cases just what the answer gives."""
    for mistake in mistakes:
        if all(
            _is_same(call_answer(answer, case), call_answer(mistake.answer, case)) for case in drawn
        ):
            return mistake.hint
    return None


def _is_same(given: Any, wrong: Any) -> bool:
    if isinstance(wrong, Raised):
        return isinstance(given, Raised) and str(given) == str(wrong)
    return agrees(given, np.asarray(wrong))
