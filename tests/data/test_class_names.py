import os
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from convscope.data.class_names import name_classes, natural_order

texts = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/"), min_size=1)


@given(st.sets(st.integers(0, 10_000), min_size=2), st.sampled_from(["{}", "class {}", "{}a"]))
def test_numbers_are_sorted_as_numbers(numbers, form):
    names = [form.format(number) for number in numbers]
    assert sorted(names, key=natural_order) == [form.format(number) for number in sorted(numbers)]


@given(st.lists(st.text("ab1²٣-. ", max_size=6)))
def test_any_names_have_one_order(names):
    backwards = names[::-1]
    assert sorted(names, key=natural_order) == sorted(backwards, key=natural_order)


def test_without_numbers_the_order_is_that_of_the_text():
    names = ["b", "B", "a", "é", "猫", "z"]
    assert sorted(names, key=natural_order) == sorted(names)


@given(texts, st.sampled_from([" {}", "{} ", "\u200b{}", "{}\ufeff", "{}\u00a0"]))
def test_twins_are_one_class(name, form):
    composed = unicodedata.normalize("NFC", name)
    folders = {composed, unicodedata.normalize("NFD", name), form.format(composed)}
    classes, notes = name_classes(folders)
    if composed.strip():
        assert len(set(classes.values())) == 1
        assert notes[0].startswith(f"{len(folders)} folders are one class")
    assert all(label == unicodedata.normalize("NFC", label) for label in classes.values())


def test_ordinary_names_stay_and_need_no_word():
    assert name_classes(["cats", "dogs", "New York", "#1"]) == (
        {"cats": "cats", "dogs": "dogs", "New York": "New York", "#1": "#1"},
        (),
    )


def test_names_that_differ_in_case_are_two_classes_and_it_is_said():
    classes, (note,) = name_classes(["Cat", "cat"])
    assert len(set(classes.values())) == 2
    assert note == "'Cat' and 'cat' differ only in case; they are different classes"


def test_names_of_other_encodings_are_read_and_can_be_written():
    folders = [os.fsdecode(name.encode("gbk")) for name in ("苹果", "香蕉", "梨")]
    classes, (note,) = name_classes([*folders, "kiwi"])
    assert set(classes.values()) == {"苹果", "香蕉", "梨", "kiwi"}
    assert note.startswith("Names of folders that aren't UTF-8 are read as gbk")
    assert "苹果" in note
    note.encode()


@given(st.lists(st.binary(min_size=1).filter(lambda raw: b"/" not in raw and b"\0" not in raw)))
def test_whatever_the_bytes_the_names_are_text(raw):
    classes, notes = name_classes(map(os.fsdecode, raw))
    for text in [*classes.values(), *notes]:
        text.encode()


def test_names_never_command_a_terminal():
    assert name_classes(["a\nb", "\x1b[31mred", "\u202ecat", "\u2067"])[0] == {
        "a\nb": "a\\nb",
        "\x1b[31mred": "\\x1b[31mred",
        "\u202ecat": "cat",
        "\u2067": "\u2067",
    }


def test_a_number_of_any_length_has_its_place():
    assert sorted(["9" * 5000, "10", "9"], key=natural_order) == ["9", "10", "9" * 5000]
