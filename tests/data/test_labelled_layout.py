"""Classes in file names, and groups.

Tests data/labelled_layout.py, data/name_patterns.py.
"""

import re

import pytest

from convscope.data.check.leaks import check_leaks
from convscope.data.load import load, load_splits, suit_reading
from convscope.data.name_patterns import group_of
from convscope.data.reading import Reading
from convscope.errors import UsageError
from tests.data.image_files import encoded, noise, write_files


def drawn(seed):
    return encoded(noise(8, 8, seed=seed))


@pytest.fixture
def flat(tmp_path):
    names = [f"{'cat' if k % 2 else 'dog'}_p{k // 4}_{k}.png" for k in range(24)]
    return write_files(tmp_path / "flat", {name: drawn(k) for k, name in enumerate(names)})


def test_classes_in_file_names(flat):
    (flat / "readme.txt").write_text("cat_")
    (flat / "IMG.png").write_bytes((flat / "dog_p0_0.png").read_bytes())
    images = load_splits(flat, size=8, validation=0, reading=Reading(class_from="^([a-z]+)_"))
    train = images["train"]
    assert train.classes == ("cat", "dog")
    for path, label in zip(train.paths, train.labels, strict=True):
        assert path.removeprefix(f"{flat}/").startswith(train.classes[label])
    assert train.notes[0] == (
        "Classes are in the names of files, by '^([a-z]+)_'; 2 classes (cat, dog)"
    )
    assert [each.reason for each in train.problems] == ["no class in the name by the pattern"]


def test_splits_and_groups_in_paths(tmp_path):
    files = {f"{split}/{label}-{k}.png": drawn(hash((split, label, k)) % 999)
             for split in ("train", "TEST") for label in "ab" for k in range(2)}  # fmt: skip
    root = write_files(tmp_path / "set", files)
    pattern = r"(?P<split>\w+)/(?P<label>\w)-(?P<group>\d)"
    splits = load_splits(root, size=8, validation=0, reading=Reading(class_from=pattern))
    assert {name: images.counts() for name, images in splits.items()} == {
        "train": {"a": 2, "b": 2}, "test": {"a": 2, "b": 2},
    }  # fmt: skip
    assert splits["train"].groups == ("0", "1", "0", "1")
    with pytest.raises(UsageError, match="'a' in 'TEST/a-0.png' is no split"):
        load_splits(root, size=8, reading=Reading(class_from=r"/(?P<split>(?P<label>\w))-"))


def test_groups_stay_in_one_split(flat):
    reading = Reading(class_from="^([a-z]+)_", group_by=r"p\d+")
    splits = load_splits(flat, size=8, validation=0.2, reading=reading)
    groups = {name: set(images.groups) for name, images in splits.items()}
    assert sorted(map(len, groups.values())) == [1, 1, 4]
    assert len(set.union(*groups.values())) == 6
    assert "6 groups, each kept in one split: 4 in train, 1 in validation, 1 in test" in " ".join(
        splits["train"].notes
    )


def test_groups_in_class_folders(tmp_path):
    files = {
        f"{label}/p{k // 3}-{k}.png": drawn(100 * ord(label) + k)
        for label in "ab"
        for k in range(9)
    }
    root = write_files(tmp_path / "set", files)
    splits = load_splits(root, size=8, validation=0, reading=Reading(group_by=r"(p\d+)-"))
    assert not set(splits["train"].groups) & set(splits["test"].groups)


@pytest.mark.parametrize(
    ("reading", "message"),
    [
        ({"class_from": "([a-z]+"}, "isn't a regular expression: missing"),
        ({"class_from": "[a-z]+"}, "needs a group in parentheses that is the class"),
        ({"class_from": "([A-Z]+)_"}, "finds no class in the path of any image in .*flat', as "),
        ({"class_from": "^([a-z]+)", "group_by": "zz"}, "'zz' matches the path of no image, as "),
        ({"class_from": "^([a-z]+)", "columns": {"path": "a"}}, "columns .* is for a table of "),
        ({"class_from": "^([a-z]+)", "images": "x"}, "images .* is for a table of labels"),
        ({}, r"If the class is in the file names, say where, as in --class-from '\(\[a-z\]\+\)"),
    ],
)  # fmt: skip
def test_mistakes(flat, reading, message):
    with pytest.raises(UsageError, match=message):
        load(flat, size=8, reading=Reading(**reading))


@pytest.mark.parametrize("name", ["cat.17.png", "cat_017.png", "cat-a.png"])
def test_the_way_that_is_named_for_names_that_begin_with_their_class(tmp_path, name):
    images = {each: drawn(seed) for seed, each in enumerate((name, name.replace("cat", "dog")))}
    root = write_files(tmp_path / "set", images)
    with pytest.raises(UsageError, match=f"for 'cat' in '{name}'") as refused:
        load(root, size=8)
    (pattern,) = re.findall("--class-from '(.*?)' for", str(refused.value))
    assert load(root, size=8, reading=Reading(class_from=pattern)).classes == ("cat", "dog")


def test_a_table_that_lies_in_the_folder_is_named(flat):
    (flat / "labels.csv").write_text("path,label\n")
    with pytest.raises(UsageError, match=r"If .*/flat/labels.csv says what the images show, give"):
        load(flat, size=8)


def test_only_files_are_read_otherwise():
    with pytest.raises(UsageError, match=r"group_by \(--group-by\) is for a folder, zip or table"):
        load("digits", reading=Reading(group_by="x"))


def test_what_a_file_belongs_with():
    assert group_of(r"p\d+", "a/p12_3.png") == "p12"
    assert group_of(r"p(\d+)", "a/p12_3.png") == "12"
    assert group_of(r"p\d+", "a/b.png") == ""


def test_other_data_are_read_as_their_kind_is(tmp_path, flat):
    table = tmp_path / "t.csv"
    table.write_text("path,label\n")
    both = Reading(class_from="(x)", columns={"path": "p"}, group_by="g")
    assert suit_reading(both, table) == Reading(columns={"path": "p"}, group_by="g")
    assert suit_reading(both, flat) == Reading(class_from="(x)", group_by="g")
    assert suit_reading(both, "digits") == Reading()


def test_a_class_that_is_one_group_cant_be_tested(tmp_path):
    files = {
        f"{label}/p{label}-{k}.png": drawn(100 * ord(label) + k) for label in "ab" for k in (1, 2)
    }
    root = write_files(tmp_path / "set", files)
    with pytest.raises(UsageError, match="set can't be divided: however images are set aside"):
        load_splits(root, size=8, reading=Reading(group_by=r"(p\w)-"))


def test_groups_in_splits_that_somebody_made_are_told(tmp_path):
    files = {f"{split}/{label}/p{k}{label}.png": drawn(100 * ord(label) + 10 * k + len(split))
             for split in ("train", "test") for label in "ab" for k in range(3)}  # fmt: skip
    root = write_files(tmp_path / "set", files)
    reading = Reading(group_by=r"(p\d)")
    (note,) = check_leaks(load_splits(root, size=8, reading=reading), root, reading=reading)
    assert note == (
        "3 groups are both in train and in test (p0, p1 and p2): of what they have in common the "
        "network will seem to know more than it does."
    )
