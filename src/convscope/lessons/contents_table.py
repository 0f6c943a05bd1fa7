"""The lessons there are: titles, what they teach and what they claim, read from `contents/`."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convscope.errors import UsageError
from convscope.look.language import Words, pick

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CONTENTS = Path(__file__).parent / "contents"


@dataclass(frozen=True)
class Claim:
    """A sentence that a lesson measures.

    Attributes:
        id: The lesson's number and a name, as "7.flip".
        rows: Rows of the curriculum that it belongs to, as "C2".
        questions: Numbers of the learners' questions that it answers.
        sentence: What is claimed; its `{names}` are the figures that are measured.
        popular: The sentence that one often reads instead, if it holds only sometimes.
        condition: When that one is true.
        of_machine: Whether it is about the time that a machine takes, so that it may come out
            otherwise on another one. The lesson's text holds for either.
    """

    id: str
    rows: tuple[str, ...]
    questions: tuple[int, ...]
    sentence: Words
    popular: Words | None
    condition: Words | None
    of_machine: bool


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    Attributes:
        number: 1 to 18.
        file: Its file's name without ".py".
        title: Its title.
        minutes: What a reader needs for it.
        rows: Rows of the curriculum that it teaches.
        claims: What it measures, in the order of the lesson, by id.
    """

    number: int
    file: str
    title: Words
    minutes: int
    rows: tuple[str, ...]
    claims: Mapping[str, Claim]

    def source(self, language: str = "en") -> Path:
        """The file of cells in that language."""
        folder = lessons_folder()
        return (folder / "zh" if language == "zh" else folder) / f"{self.file}.py"


def lessons_folder() -> Path:
    """Where the lessons' files lie: in the installed package, or in the repository's `lessons/`."""
    installed = Path(__file__).parent / "texts"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "lessons"


def list_lessons() -> list[Lesson]:
    """All lessons, by number."""
    return [*_lessons().values()]


def find_lesson(number: int) -> Lesson:
    """The lesson of that number.

    Raises:
        UsageError: There is none.
    """
    lessons = _lessons()
    if number not in lessons:
        there = ", ".join(map(str, lessons))
        raise UsageError(
            pick(
                f"There is no lesson {number}. There are: {there}.",
                f"没有第 {number} 课。现有的课：{there}。",
            )
        )
    return lessons[number]


def find_claim(claim_id: str) -> Claim:
    """The claim of that id, as "7.flip".

    Raises:
        UsageError: No lesson has it.
    """
    number, _, _ = claim_id.partition(".")
    lesson = find_lesson(int(number)) if number.isdecimal() else None
    if lesson is None or claim_id not in lesson.claims:
        known = ", ".join(lesson.claims) if lesson else "ids such as 7.flip"
        raise UsageError(f"No lesson has a claim {claim_id!r}. There are: {known}.")
    return lesson.claims[claim_id]


@functools.cache
def _lessons() -> dict[int, Lesson]:
    found = [_read(file) for file in sorted(CONTENTS.glob("lesson_*.toml"))]
    return {lesson.number: lesson for lesson in found}


def _read(file: Path) -> Lesson:
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    number = table["number"]
    claims = [_claim(f"{number}.{name}", entry) for name, entry in table["claims"].items()]
    return Lesson(
        number=number,
        file=table["file"],
        title=Words(**table["title"]),
        minutes=table["minutes"],
        rows=tuple(table["rows"]),
        claims={claim.id: claim for claim in claims},
    )


def _claim(claim_id: str, entry: dict[str, Any]) -> Claim:
    return Claim(
        id=claim_id,
        rows=tuple(entry["rows"]),
        questions=tuple(entry["questions"]),
        sentence=Words(entry["en"], entry["zh"]),
        popular=Words(**entry["popular"]) if "popular" in entry else None,
        condition=Words(**entry["condition"]) if "condition" in entry else None,
        of_machine=entry.get("of_machine", False),
    )
