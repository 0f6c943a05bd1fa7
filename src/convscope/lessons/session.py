"""The lesson that is running in this process: which one, since when, what it has claimed."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from convscope.lessons.contents_table import Lesson, find_lesson
from convscope.lessons.progress import read_progress, record
from convscope.lessons.screens import Screen, Shown, usual_screen
from convscope.look.language import language_of_environment, pick, set_language, use_language
from convscope.look.numbers import duration


@dataclass(frozen=True)
class MeasuredClaim:
    """How a claim came out.

    Attributes:
        id: The claim's, as "7.flip".
        holds: True, False, or None where it isn't decided.
        figures: What was measured, by name.
        sentence: The claim with its figures, in the lesson's language.
    """

    id: str
    holds: bool | None
    figures: dict[str, object]
    sentence: str


@dataclass
class LessonSession:
    """One run of a lesson.

    Attributes:
        lesson: Which one; None outside of any.
        screen: What shows it.
        started: When it began, by the process's clock, in seconds.
        claims: What it has claimed so far.
    """

    lesson: Lesson | None
    screen: Screen
    started: float = field(default_factory=time.perf_counter)
    claims: list[MeasuredClaim] = field(default_factory=list)


_current: LessonSession | None = None
_given_screen: Screen | None = None


def current_session() -> LessonSession:
    """The lesson that is running; outside of any, one without a lesson."""
    return _current or LessonSession(None, _given_screen or usual_screen(Path("lesson-figures")))


def begin(number: int) -> Lesson:
    """Begin a lesson: what follows, until the next `begin`, belongs to it.

    The language is that of the variable `CONVSCOPE_LANG`, else the file's (Chinese below `zh/`),
    else the one that the learner chose last, else English.

    Args:
        number: The lesson's.

    Returns:
        What is known of the lesson: `title`, `minutes`, `rows`, `claims`.

    Raises:
        UsageError: There is no such lesson.
    """
    global _current
    lesson = find_lesson(number)
    if _given_screen is None:
        _choose_language(sys._getframe(1).f_globals.get("__file__"))
    _current = LessonSession(
        lesson, _given_screen or usual_screen(Path(f"lesson-figures/{number:02d}"))
    )
    record("begun", lesson=number)
    return lesson


def end() -> None:
    """End the lesson: say how long it took and how many of its claims held."""
    session = current_session()
    if session.lesson is None:
        return
    number, took = session.lesson.number, duration(time.perf_counter() - session.started)
    decided = [measured for measured in session.claims if measured.holds is not None]
    held = sum(measured.holds is True for measured in decided)
    open_claims = len(session.claims) - len(decided)
    text = pick(
        f"Lesson {number} ran for {took}. {held} of {len(decided)} claims held",
        f"第 {number} 课运行了 {took}：{held} 条论断成立，{len(decided) - held} 条不成立",
    )
    if open_claims:
        text += pick(f", {open_claims} not decided", f"，{open_claims} 条未定")
    session.screen.show(Shown(text + pick(".", "。")))
    record("ended", lesson=number)


@contextmanager
def shown_on(screen: Screen, language: str) -> Iterator[None]:
    """Let the lesson that is played inside the block be shown on `screen`, in `language`."""
    global _current, _given_screen
    before = _current, _given_screen
    _current, _given_screen = None, screen
    try:
        with use_language(language):
            yield
    finally:
        _current, _given_screen = before


def _choose_language(caller_file: str | None) -> None:
    if language_of_environment() is None:
        is_chinese = caller_file is not None and Path(caller_file).parent.name == "zh"
        set_language("zh" if is_chinese else read_progress().language)
