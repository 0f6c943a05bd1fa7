"""Which image was in which split is kept, and what was trained on never counts as new."""

import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convscope.data.image_set import ImageSet
from convscope.errors import ConvscopeError
from convscope.runs.split_record import (
    FILE,
    digests_of_pixels,
    read_split_record,
    write_split_record,
)


def images(numbers, split="train", name="pets"):
    """Image k holds the number k; its label is k modulo 2."""
    numbers = np.asarray(list(numbers))
    pixels = np.zeros((len(numbers), 1, 2, 2), np.uint8)
    pixels[:, 0, 0, 0], pixels[:, 0, 0, 1] = numbers % 256, numbers // 256
    paths = [f"{name}/{number}.png" for number in numbers]
    return ImageSet(pixels, numbers % 2, ["even", "odd"], paths=paths, name=name, split=split)


def numbers(images):
    return (images.images[:, 0, 0].astype(int) @ [1, 256]).tolist()


@pytest.fixture
def record(tmp_path):
    write_split_record(
        tmp_path,
        {"train": images(range(6)), "validation": images([6, 7]), "test": images([8, 9])},
    )
    return read_split_record(tmp_path)


def test_unchanged_data_is_divided_as_it_was(record):
    restored = record.restore({"train": images([9, 0, 3, 6, 1, 2, 4, 5, 7, 8])})
    splits = restored.splits
    assert {name: sorted(numbers(each)) for name, each in splits.items()} == {
        "train": [0, 1, 2, 3, 4, 5],
        "validation": [6, 7],
        "test": [8, 9],
    }
    assert restored.notes == ()
    assert not restored.changed
    assert splits["test"].split == "test"
    assert list(splits["test"].paths) == ["pets/9.png", "pets/8.png"]


def test_new_images_are_in_no_split_and_lost_ones_are_counted(record):
    restored = record.restore({"train": images([0, 1, 2, 6, 7, 8, 9, 20, 21])})
    assert numbers(restored.splits["test"]) == [8, 9]
    assert restored.changed == {"train"}
    assert restored.notes == (
        "New since the run began: 2 images, in none of its splits and so left out. To evaluate "
        "them, give their folder as data.",
        "Images that the run had are gone or were changed since it began: 3 train.",
    )


def test_in_a_folder_for_testing_new_images_count_and_trained_ones_do_not(record):
    restored = record.restore(
        {"train": images(range(6)), "test": images([8, 9, 3, 30], split="test")}
    )
    splits = restored.splits
    assert numbers(splits["test"]) == [8, 9, 30]
    assert numbers(splits["train"]) == [0, 1, 2, 3, 4, 5]
    assert restored.notes[0] == "New since the run began: 1 image for testing or validation."
    assert "test" in restored.changed


def test_seen_images_are_recognized_under_other_names(record):
    others = images([3, 8, 40, 6], name="elsewhere")
    assert record.seen(others).tolist() == [True, False, False, True]


@settings(max_examples=40)
@given(data=st.data())
def test_no_image_that_was_trained_on_is_ever_a_test_image(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    count = data.draw(st.integers(3, 30))
    places = data.draw(st.lists(st.sampled_from(["train", "test"]), min_size=count, max_size=count))
    before = {name: [n for n, place in enumerate(places) if place == name] for name in places}
    write_split_record(folder, {name: images(each) for name, each in before.items()})
    now = data.draw(st.lists(st.integers(0, 40), min_size=1, max_size=40))
    where = data.draw(st.lists(st.booleans(), min_size=len(now), max_size=len(now)))
    sources = {
        name: images([n for n, is_test in zip(now, where, strict=True) if is_test == wanted])
        for name, wanted in (("train", False), ("test", True))
        if wanted in where
    }
    splits = read_split_record(folder).restore(sources).splits
    trained = set(before.get("train", ()))
    assert not trained & set(numbers(splits["test"]) if "test" in splits else ())
    if "train" in splits:
        assert set(numbers(splits["train"])) <= trained


@settings(max_examples=30)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["train", "test"]), st.sampled_from("abc"), st.sampled_from("xyz")
        ),
        min_size=1,
        max_size=12,
    )
)
def test_an_image_has_all_its_splits_and_classes_in_its_first_place(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    lines = ["split,pixels,shape,path,class", *(f"{s},{d},1x2x2,p,{c}" for s, d, c in rows)]
    (folder / FILE).write_bytes(gzip.compress("\n".join(lines).encode()))
    record = read_split_record(folder)
    digests, keys = {d for _, d, _ in rows}, [(s, d) for s, d, _ in rows]
    assert record.splits == {each: {s for s, d, _ in rows if d == each} for each in digests}
    assert record.classes == {each: {c for _, d, c in rows if d == each} for each in digests}
    assert record.order == {key: keys.index(key) for key in keys}
    assert record.numbers == {key: keys.count(key) for key in keys}


def test_digests_tell_pixels_and_shapes_apart():
    one = ImageSet(np.arange(8, dtype=np.uint8).reshape(1, 2, 2, 2), [0], ["a"])
    other = ImageSet(np.arange(8, dtype=np.uint8).reshape(1, 1, 2, 4), [0], ["a"])
    assert digests_of_pixels(one) == digests_of_pixels(one)
    assert digests_of_pixels(one) != digests_of_pixels(other)


def test_a_run_of_before_has_no_record(tmp_path):
    assert read_split_record(tmp_path) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", *(gzip.compress(text, mtime=0) for text in (b"", b"a,b\n", b"\xff\xfe"))],
    ids=["empty", "no gzip", "no lines", "other headings", "no text"],
)
def test_a_damaged_record_is_said(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(ConvscopeError, match="is damaged .* which images the run was trained on"):
        read_split_record(tmp_path)


def test_names_that_are_not_utf_8_are_kept(tmp_path):
    odd = images([1])
    odd = ImageSet(odd.images, odd.labels, odd.classes, paths=["p/\udcff,\n.png"])
    write_split_record(tmp_path, {"train": odd})
    assert list(read_split_record(tmp_path).numbers.values()) == [1]
    assert read_split_record(tmp_path).image_shape == (1, 2, 2)


def test_images_with_another_class_are_told_and_change_their_split(record):
    now = images(range(10))
    labels = now.labels.copy()
    labels[[1, 8]] = 1 - labels[[1, 8]]
    restored = record.restore({"train": now.with_labels(labels, now.classes)})
    assert numbers(restored.splits["test"]) == [8, 9]
    assert restored.changed == {"train", "test"}
    assert restored.notes == (
        "Images that have another class than when the run began: 1 train, 1 test.",
    )


def test_further_copies_count_once_and_the_one_with_the_class_counts(record):
    now = images([8, 0, 8, 8, *range(1, 8), 9])
    labels = now.labels.copy()
    labels[0] = 1 - labels[0]
    restored = record.restore({"train": now.with_labels(labels, now.classes)})
    assert numbers(restored.splits["test"]) == [8, 9]
    assert restored.splits["test"].labels.tolist() == [0, 1]
    assert not restored.changed
    assert restored.notes == (
        "Left out: further copies of images that the run had, added since: 2 test.",
    )


def test_a_split_comes_back_in_the_order_in_which_it_was_recorded(record):
    restored = record.restore({"train": images([9, 5, 3, 8, 0, 1, 2, 4, 7, 6])})
    assert numbers(record.in_order(restored.splits["train"])) == [0, 1, 2, 3, 4, 5]


def test_records_without_classes_are_read(tmp_path, record):
    lines = gzip.decompress((tmp_path / FILE).read_bytes()).decode().splitlines()
    older = "\n".join(line.rpartition(",")[0] for line in lines)
    (tmp_path / FILE).write_bytes(gzip.compress(older.encode()))
    now = images(range(10))
    restored = read_split_record(tmp_path).restore(
        {"train": now.with_labels(1 - now.labels, now.classes)}
    )
    assert restored.notes == ()


def test_a_record_that_unpacks_to_very_much_is_refused(tmp_path):
    (tmp_path / FILE).write_bytes(gzip.compress(bytes(1 << 22)))
    with pytest.raises(ConvscopeError, match="unpacks to more than 100 times its size"):
        read_split_record(tmp_path)
