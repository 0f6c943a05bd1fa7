import csv
import zipfile

import pytest

from convscope.data.load import load, load_splits, tree_of
from convscope.data.reading import Reading
from convscope.errors import UsageError
from tests.data.image_files import encoded, noise, write_files

FILES = {"cats/1.png": 1, "cats/2.png": 2, "dogs/1.png": 3, "dogs/9.png": 4}


@pytest.fixture
def root(tmp_path):
    return write_files(
        tmp_path / "pets", {name: encoded(noise(8, 8, seed=seed)) for name, seed in FILES.items()}
    )


def write(file, *rows):
    with file.open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened).writerows(rows)
    return file


def found(table, **reading):
    tree = tree_of(table, Reading(**reading))
    labelled, problems = tree.labelled
    return {file: each.label for file, each in labelled.items()}, problems


@pytest.mark.parametrize(
    "written",
    [
        "cats/2.png", "./cats/2.png", "cats\\2.png", "C:\\Users\\me\\pets\\cats\\2.png",
        "/home/elsewhere/pets/cats/2.png", "dogs/../cats/2.png", "2.png", "pets/cats/2.png", "2",
    ],
)  # fmt: skip
def test_paths_as_people_have_them(root, written):
    table = write(root / "labels.csv", ["path", "label"], [written, "cat"])
    assert found(table) == ({"cats/2.png": "cat"}, [])


def test_absolute_paths(root, tmp_path):
    (tmp_path / "tables").mkdir()
    other = str(root / "cats" / "2.png")
    table = write(tmp_path / "tables" / "t.csv", ["path", "label"], [other, "cat"])
    assert found(table) == ({other: "cat"}, [])


def test_a_name_that_two_files_have_is_neither(root):
    table = write(root / "t.csv", ["path", "label"], ["1.png", "cat"], ["2.png", "cat"])
    labels, problems = found(table)
    assert labels == {"cats/2.png": "cat"}
    assert [(each.path, each.reason) for each in problems] == [
        (f"{table}, line 2", "there is no file '1.png'"),
    ]  # fmt: skip


def test_images_elsewhere_and_in_a_zip(root, tmp_path):
    table = write(tmp_path / "t.csv", ["path", "label"], ["2", "cat"], ["dogs/9.png", "dog"])
    expected = {"cats/2.png": "cat", "dogs/9.png": "dog"}
    assert found(table, images=str(root))[0] == expected
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        for name in FILES:
            archive.write(root / name, name)
    assert found(table, images=str(tmp_path / "pets.zip"))[0] == expected
    with pytest.raises(UsageError, match=r"images \(--images\): 'nowhere' is no folder or zip"):
        found(table, images="nowhere")


def test_lines_that_cant_be_used_are_listed(root):
    lines = [["cats/1.png", "cat"], ["cats/1.png", "cat"], ["gone.png", "cat"], ["cats/2.png", ""]]
    disputed = [["dogs/1.png", "dog"], ["dogs/1.png", "cat"]]
    table = write(root / "t.csv", ["path", "label"], *lines, *disputed, ["dogs/9.png", "dog"])
    images = load(table, size=8, reading=Reading(columns={"path": "path"}))
    assert sorted(images.paths + load(table, "train", size=8).paths)
    reasons = [(each.path.removeprefix(str(table)), each.reason) for each in images.problems]
    assert reasons == [
        (", line 4", "there is no file 'gone.png'"),
        (", line 5", "no class for 'cats/2.png'"),
        (", line 6", "'dogs/1.png' has the classes 'cat' (line 7) and 'dog' (line 6)"),
    ]
    assert "1 line of the table names a file that another names too" in " ".join(images.notes)


def test_many_missing_files_are_one_line_with_their_numbers(root):
    gone = [[f"{k}.png", "cat"] for k in range(100, 130)]
    known = [["cats/1.png", "cat"]]
    table = write(root / "t.csv", ["path", "label"], *gone[:10], *known, *gone[10:])
    _, (problem,) = found(table)
    assert problem.reason == (
        "30 files aren't there: lines 2-11, 13-32 (the first: there is no file '100.png')"
    )


def test_nothing_there_says_where_it_looked(root):
    table = write(root / "t.csv", ["path", "label"], ["x/1.png", "cat"])
    with pytest.raises(UsageError, match=r"None of the 1 files .* Say where they lie: --images"):
        found(table)


def test_one_file_in_two_splits(root):
    table = write(
        root / "t.csv", ["path", "label", "split"],
        ["cats/1.png", "cat", "train"], ["dogs/1.png", "dog", "train"],
        ["cats/1.png", "cat", "test"],
    )  # fmt: skip
    with pytest.raises(UsageError, match=r"in train \(line 2\) and in test \(line 4\)"):
        found(table)


def test_splits_of_a_table(root):
    table = write(
        root / "labels.tsv", ["path", "label", "split"],
        ["cats/1.png", "cat", "train"], ["dogs/1.png", "dog", "train"],
        ["cats/2.png", "cat", "test"], ["dogs/9.png", "dog", "val"],
    )  # fmt: skip
    splits = load_splits(table, size=8)
    assert {name: len(images) for name, images in splits.items()} == {
        "train": 2, "validation": 1, "test": 1,
    }  # fmt: skip
    assert splits["train"].name == "pets"
    assert splits["train"].notes == (
        "The table names paths in 'path', classes in 'label', splits in 'split'; 2 for training, "
        "1 for validation, 1 for testing; 2 classes (cat, dog)",
    )
