"""The library's notes in the reader's language: each is found again by its form."""

import ast

import numpy as np
import pytest

from convscope.data.image_set import ImageSet
from convscope.evaluation.class_names import find_missing_classes
from convscope.studio.notes import BEGINNING, send_notes
from convscope.studio.refusals import english_words
from tests.sources import PACKAGE
from tests.studio.test_words import WORDS

KEYS = [key for key in english_words() if key.startswith(BEGINNING)]
NOTES_ONLY = ("planning/forecast_notes.py", "planning/forecasters.py", "evaluation/suspicions.py")
"""Files in which each long text is a note."""
MADE = ("missing_class", "missing_classes", "no_record_changed", "no_record_divided")
"""Notes whose words are put together."""


def texts_of(file):
    """The texts in a file, but docstrings; what is filled in is "x"."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    told = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    inside = {
        id(part) for each in ast.walk(tree) if isinstance(each, ast.JoinedStr)
        for part in each.values
    }  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else filled(part)
                for part in node.values
            )
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in told | inside
        ):
            yield node.value


def filled(part):
    return "3 images" if "counted" in ast.unparse(part) else "x"


@pytest.mark.parametrize("name", NOTES_ONLY)
def test_every_note_of_these_files_has_words(name):
    texts = [text for text in texts_of(PACKAGE / name) if len(text) > 60]
    notes = [text for text in texts if not text.startswith("x can't be forecast")]  # an error
    assert notes
    assert [each["text"] for each in send_notes(notes) if not each["key"]] == []


@pytest.fixture(scope="module")
def said_anywhere():
    """The keys of all texts in the package's rooms that say notes."""
    rooms = ("planning", "evaluation", "runs", "inspection", "graph")
    texts = [
        text for room in rooms for file in (PACKAGE / room).rglob("*.py")
        for text in texts_of(file) if len(text) > 30
    ]  # fmt: skip
    return {each["key"] for each in send_notes(texts)}


@pytest.mark.parametrize("key", [key for key in KEYS if key.removeprefix(BEGINNING) not in MADE])
def test_every_form_is_one_that_the_library_says(key, said_anywhere):
    assert key in said_anywhere


def test_notes_that_are_put_together():
    images = ImageSet(np.zeros((1, 1, 8, 8), np.uint8), [0], ("cat", "dog"))
    others = images.with_labels(np.zeros(1, np.int64), ("cat", "dog", "owl"))
    one, two = (send_notes(find_missing_classes(each))[0] for each in (images, others))
    assert (one["key"], one["values"]) == ("note.missing_class", {"names": "dog"})
    assert (two["key"], two["values"]) == ("note.missing_classes", {"names": "dog and owl"})
    runs = (PACKAGE / "evaluation" / "run_splits.py").read_text(encoding="utf-8")
    for reason in ("", ", and its images have changed since it began"):
        note = (
            "This run doesn't keep which images it was trained on, as runs of earlier versions"
            f"{reason}: some of these may be among them."
        )
        assert reason in runs
        (found,) = send_notes([note])
        assert found["key"] == f"note.no_record_{'changed' if reason else 'divided'}"


def test_a_note_keeps_its_values_in_the_other_language():
    note = (
        "98.0 % of the images are given the class 'a {b}', to which 10.0 % of them belong: the "
        "accuracy of 11.0 % comes from that, not from telling classes apart (balanced accuracy "
        "10.0 %)."
    )
    (found,) = send_notes([note])
    assert english_words()[found["key"]].format(**found["values"]) == note
    assert "98.0 % 的图像被判为类别 'a {b}'" in WORDS["zh"][found["key"]].format(**found["values"])
    (other,) = send_notes(["Something that nobody wrote."])
    assert other == {"text": "Something that nobody wrote.", "key": "", "values": {}}


def test_one_image_is_no_other_note():
    (found,) = send_notes(["New since the run began: 1 image for testing or validation."])
    assert (found["key"], found["values"]) == ("note.new_counted", {"count": "1"})
