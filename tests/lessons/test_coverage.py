"""The whole curriculum is taught: each of its rows and each learners' question has a claim.

Rows and questions are those of `questions.toml`. What no lesson covers yet is listed by name, so
that a row that is lost is noticed, and one that is won is crossed off.
"""

import sys
from pathlib import Path

import pytest

from convscope.lessons.contents_table import list_lessons

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLE = tomllib.loads((Path(__file__).parent / "questions.toml").read_text(encoding="utf-8"))
LESSONS = list_lessons()
CLAIMS = [claim for lesson in LESSONS for claim in lesson.claims.values()]


def test_every_row_is_claimed_by_a_lesson_or_named_as_missing():
    claimed = {row for claim in CLAIMS for row in claim.rows}
    assert claimed <= {*TABLE["rows"]}, "rows that the curriculum doesn't have"
    missing = {*TABLE["rows"]} - claimed
    assert missing == {*TABLE["rows_without_claim"]}


def test_every_question_is_answered_by_a_lesson_or_named_as_missing():
    answered = {question for claim in CLAIMS for question in claim.questions}
    known = {int(number) for number in TABLE["questions"]}
    assert answered <= known
    elsewhere = {int(number) for number in TABLE["answered_elsewhere"]}
    assert known - answered - elsewhere == {*TABLE["questions_without_claim"]}
    assert not answered & elsewhere


@pytest.mark.parametrize(("number", "place"), TABLE["answered_elsewhere"].items())
def test_what_is_answered_elsewhere_is_there(number, place):
    """A file, and a text in it."""
    file, _, text = place.partition(": ")
    found = Path(__file__).parents[2] / file
    assert text in found.read_text(encoding="utf-8")


def test_rows_of_a_lesson_are_claimed_in_it():
    for lesson in LESSONS:
        claimed = {row for claim in lesson.claims.values() for row in claim.rows}
        assert claimed == {*lesson.rows}, lesson.number
