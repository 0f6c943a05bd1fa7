"""Every lesson: both languages alike, claims that hold and can fail, exercises that help."""

import importlib
import tokenize
from io import BytesIO
from pathlib import Path

import pytest

from convscope.lessons.cells import fill, read_cells
from convscope.lessons.checks import exercises_of, hint_after
from convscope.lessons.contents_table import CONTENTS, list_lessons
from convscope.lessons.play import play_lesson
from convscope.look.language import Words, use_language

LESSONS = list_lessons()
IDS = [lesson.file for lesson in LESSONS]
LONGEST = 120  # seconds on two idle cores; the machines of the tests are seldom idle, so ×4
QUICK = {2, 3, 4, 6, 8, 9}  # a third of them, of few seconds each; the others are slow
PLAYED = [
    pytest.param(lesson, id=lesson.file, marks=[] if lesson.number in QUICK else pytest.mark.slow)
    for lesson in LESSONS
]
KINDS = {"number", "prediction", "function", "design"}


@pytest.mark.parametrize("lesson", LESSONS, ids=IDS)
def test_both_languages_have_the_same_code_and_texts_of_one_state(lesson):
    english, chinese = (read_cells(lesson.source(language)) for language in ("en", "zh"))
    assert [cell.kind for cell in english] == [cell.kind for cell in chinese]
    for ours, theirs in zip(english, chinese, strict=True):
        if ours.kind == "code":
            assert tokens(ours.source) == tokens(theirs.source)
        else:
            assert theirs.english == ours.digest(), (
                f"Written against another English text:\n{theirs.source[:200]}\n"
                "Read it again, remove its en=…, then: python -m tests.lessons.hashes"
            )


def tokens(code):
    """The code without comments and without how its lines are broken."""
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    read = tokenize.tokenize(BytesIO(code.encode()).readline)
    return [token.string for token in read if token.type not in skipped]


def test_tokens_tell_code_apart():
    assert tokens("a = f(1)  # one\n") == tokens("a = f(1)  # 一\n") != tokens("a = f(2)\n")


@pytest.mark.parametrize("lesson", PLAYED)
def test_a_lesson_runs_and_its_claims_hold(lesson, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    played = play_lesson(lesson.number)
    failed = [
        claim.sentence
        for claim in played.claims
        if claim.holds is False and not lesson.claims[claim.id].of_machine
    ]
    assert not failed
    assert [claim.id for claim in played.claims] == [*lesson.claims]
    assert played.seconds < 4 * LONGEST
    figures = [shown.png for cell in played.cells for shown in cell.shown if shown.png]
    assert len(figures) >= 2
    assert all(len(png) > 5_000 for png in figures)  # an empty canvas has fewer bytes
    asked = [shown.text for cell in played.cells for shown in cell.shown if shown.kind == "check"]
    assert len(asked) == len(exercises_of(lesson.number))
    assert all(text.startswith("·") for text in asked)  # nobody has answered yet
    assert "{{" not in "".join(cell.source for cell in played.cells if cell.kind == "markdown")


@pytest.mark.parametrize("lesson", LESSONS, ids=IDS)
def test_what_is_known_of_a_lesson_is_complete(lesson):
    assert str(CONTENTS / f"lesson_{lesson.number:02d}.toml").endswith(".toml")
    assert lesson.file.startswith(f"{lesson.number:02d}_")
    assert lesson.rows
    assert 10 <= lesson.minutes <= 90
    assert {row for claim in lesson.claims.values() for row in claim.rows} <= {*lesson.rows}
    texts = [lesson.title, *(claim.sentence for claim in lesson.claims.values())]
    for claim in lesson.claims.values():
        assert (claim.popular is None) == (claim.condition is None), claim.id
        texts += [words for words in (claim.popular, claim.condition) if words is not None]
    for exercise in exercises_of(lesson.number).values():
        texts += [*exercise.hints, *(mistake.hint for mistake in exercise.mistakes)]
    for text in texts:
        assert text.en.strip()
        assert is_chinese(text.zh), text


def is_chinese(text):
    return any("\u4e00" <= character <= "\u9fff" for character in text)


# Exercises whose answers are trained or measured for seconds.
LONG = {
    *("1.3", "5.4", "10.4", "12.2", "12.4", "13.2", "13.4", "14.2", "14.3", "16.3", "16.4"),
    *("17.1", "17.4", "18.1", "18.2", "18.3", "18.4"),
}
EXERCISES = [
    pytest.param(exercise, id=exercise.id, marks=[pytest.mark.slow] if exercise.id in LONG else [])
    for lesson in LESSONS
    for exercise in exercises_of(lesson.number).values()
]


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_right_answer_passes_and_usual_mistakes_get_their_hint(exercise):
    number = int(exercise.id.partition(".")[0])
    answers = importlib.import_module(f"tests.lessons.answers.lesson_{number:02d}").ANSWERS
    right = exercise.examine(answers[exercise.id])
    assert right.passed is True, right.shown
    assert len(exercise.mistakes) >= (2 if exercise.kind == "prediction" else 3)
    for mistake in exercise.mistakes:
        outcome = exercise.examine(mistake.answer)
        assert outcome.passed is False, mistake.hint
        assert outcome.hint == mistake.hint, outcome.shown
    for nothing in (None, ...):
        assert exercise.examine(nothing).passed is None
    assert len(exercise.hints) >= 2
    with use_language("en"):
        assert "Hint 1 of" in hint_after(exercise, wrong_in_an_unusual_way(exercise), 0)


def wrong_in_an_unusual_way(exercise):
    outcome = exercise.examine("nonsense")
    assert outcome.passed is False
    assert isinstance(outcome.shown, Words)
    return outcome


def test_every_file_belongs_to_a_lesson():
    folder = Path(__file__).parents[2] / "lessons"
    assert sorted(file.stem for file in folder.glob("*.py")) == sorted(IDS)
    assert sorted(file.stem for file in folder.glob("zh/*.py")) == sorted(IDS)


@pytest.mark.parametrize("lesson", LESSONS, ids=IDS)
def test_no_text_holds_a_result_that_was_typed(lesson):
    """A percentage in a text is a result of some run, so it must come from this one."""
    for language in ("en", "zh"):
        for cell in read_cells(lesson.source(language)):
            if cell.kind == "markdown":
                values = Everything()
                assert "%" not in fill(cell.source, values).replace("% of", ""), cell.source


class Everything(dict):
    """Stands for the variables of a run."""

    def __missing__(self, key):
        return Anything()


class Anything:
    """Stands for any value."""

    def __getattr__(self, name):
        return self

    def __getitem__(self, key):
        return self

    def __format__(self, form):
        return "0"
