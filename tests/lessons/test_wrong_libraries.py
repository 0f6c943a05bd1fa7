"""Every claim beside a deliberately wrong library, with which it must fail."""

import importlib

import pytest

from convscope.lessons.contents_table import list_lessons
from convscope.lessons.screens import CollectingScreen
from convscope.lessons.session import current_session, shown_on
from tests.lessons.slicing import slice_lesson

LESSONS = list_lessons()
IDS = [lesson.file for lesson in LESSONS]


@pytest.mark.parametrize("lesson", LESSONS, ids=IDS)
def test_each_claim_can_fail(lesson):
    wrong = importlib.import_module(f"tests.lessons.wrong.lesson_{lesson.number:02d}").WRONG
    turned = {claim for each in wrong for claim in each.turns}
    assert turned == {*lesson.claims}


WRONG = [
    pytest.param(lesson, wrong, id=f"{lesson.number}-{wrong.what}")
    for lesson in LESSONS
    for wrong in importlib.import_module(f"tests.lessons.wrong.lesson_{lesson.number:02d}").WRONG
]


@pytest.mark.slow
@pytest.mark.parametrize(("lesson", "wrong"), WRONG)
def test_a_wrong_library_turns_its_claims(lesson, wrong, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = slice_lesson(lesson, wrong.turns)
    for name, replacement in wrong.replaced.items():
        monkeypatch.setattr(name, replacement)
    with shown_on(CollectingScreen(), "en"):
        exec(compile(source, lesson.file, "exec"), {"__name__": "__main__"})  # noqa: S102
        claims = {claim.id: claim.holds for claim in current_session().claims}
    assert claims == dict.fromkeys(wrong.turns, False)


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS, ids=IDS)
def test_the_slices_of_a_right_library_hold(lesson, tmp_path, monkeypatch):
    """Else a wrong library might only seem to turn them."""
    monkeypatch.chdir(tmp_path)
    source = slice_lesson(lesson, lesson.claims)
    with shown_on(CollectingScreen(), "en"):
        exec(compile(source, lesson.file, "exec"), {"__name__": "__main__"})  # noqa: S102
        claims = {claim.id: claim.holds for claim in current_session().claims}
    assert [*claims] == [*lesson.claims]
    false = [claim for claim in claims if claims[claim] is False]
    assert not [claim for claim in false if not lesson.claims[claim].of_machine]
