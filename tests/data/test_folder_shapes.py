"""What folders hold, and which of them hold what lies around them a second time.

Tests data/folder_shapes.py, data/repeated_folders.py.
"""

from hypothesis import given
from hypothesis import strategies as st

from convscope.data.folder_shapes import (
    class_folders,
    exchange,
    folders_around,
    top_folders,
    wrapper_of,
)
from convscope.data.repeated_folders import find_repeated_folders

names = st.text("abc", min_size=1, max_size=3)
IMAGES = [(name, f"{i}.png") for name in ("cat", "dog") for i in range(3)]


@given(st.lists(names, max_size=4))
def test_whatever_lies_around_is_stepped_into(around):
    images = [(*around, *path) for path in IMAGES]
    assert folders_around(images, set()) == tuple(around)
    assert folders_around([*images, ("logo.png",)], set()) == tuple(around)
    assert top_folders(images, tuple(around)).keys() == {"cat", "dog"}
    assert wrapper_of(images) == tuple(around)
    assert class_folders(images) == {"cat", "dog"}


def test_a_folder_that_is_asked_for_is_not_stepped_into():
    assert folders_around([("x", *path) for path in IMAGES], {"x"}) == ()


def test_a_class_with_images_in_it_and_deeper():
    assert folders_around([("cat", "1.png"), ("cat", "more", "2.png")], set()) == ()


@given(names.filter(lambda name: name not in ("cat", "dog")), st.lists(names, max_size=2))
def test_what_is_there_twice_is_found_at_any_depth(name, around):
    def found(extra, root="pets"):
        images = [(*around, *path) for path in [*IMAGES, *extra]]
        folders = find_repeated_folders(images, (), root, set())
        return {each[len(around) :] for each in folders}

    copies = [(name, *path) for path in IMAGES]
    assert found(copies) == {(name,)}
    assert found(copies + [(name, *path) for path in copies]) == {(name,)}  # and again in itself
    others = [(name, folder, f"other-{file}") for folder, file in IMAGES]
    assert found(others) == set()
    assert found(others, name) == ({(name,)} if not around else set())


def test_what_is_asked_for_is_not_left_out():
    images = [*IMAGES, *(("copy", *path) for path in IMAGES)]
    assert find_repeated_folders(images, (), "pets", {"copy"}) == {}


def test_exchanging():
    assert exchange(("x", "cat", "train", "1.png"), 1) == ("x", "train", "cat", "1.png")
    assert exchange(("x", "1.png"), 1) == ("x", "1.png")
