import pytest

from convscope.data.layout_words import (
    ask_about_one,
    ask_which_are_splits,
    check_kinds,
    layout_in_words,
)
from convscope.errors import UsageError


def test_one_line_says_what_was_understood():
    assert layout_in_words("", {}, ["a"]) == "Folders are classes: 1 class (a)"
    assert layout_in_words("x/y", {}, list("abcdefg")) == (
        "Folders in x/y/ are classes: 7 classes (a, b, c, d, e, …)"
    )
    splits = {"T": "test", "": "train", "V": "validation"}
    assert layout_in_words("", splits, ["a", "b"]) == (
        "Folders are splits: the others for training; V/ for validation; T/ for testing; "
        "2 classes (a, b)"
    )


def test_a_question_proposes_what_names_say_and_quotes_for_the_shell():
    inner = {"my set": {"a", "b"}, "train": {"a", "b"}}
    text = str(ask_which_are_splits(["my set", "train"], {"train": "train"}, inner, "pets"))
    assert "--split-folders 'train=train,test=my set'" in text
    assert "--split-folders none" in text
    assert "--split-folders test=x" in str(ask_about_one("x", "test", "pets", is_flat=True))


def test_kinds_of_files():
    with pytest.raises(UsageError, match="Images and masks"):
        check_kinds(["masks", "Images"], "pets")
    check_kinds(["images", "cats"], "pets")
    check_kinds(["images"], "pets")
