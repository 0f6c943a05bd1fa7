from hypothesis import given
from hypothesis import strategies as st

from convscope.data.folder_shapes import (
    class_folders,
    exchange,
    find_repeated,
    folders_around,
    top_folders,
    wrapper_of,
)

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


@given(names.filter(lambda name: name not in ("cat", "dog")))
def test_what_is_there_twice_is_found(name):
    tops = top_folders([*IMAGES, *((name, *path) for path in IMAGES)], ())
    assert find_repeated(tops, "pets") == name
    others = [(name, folder, f"other-{file}") for folder, file in IMAGES]
    assert find_repeated(top_folders([*IMAGES, *others], ()), "pets") is None
    assert find_repeated(top_folders([*IMAGES, *others], ()), name) == name


def test_exchanging():
    assert exchange(("x", "cat", "train", "1.png"), 1) == ("x", "train", "cat", "1.png")
    assert exchange(("x", "1.png"), 1) == ("x", "1.png")
