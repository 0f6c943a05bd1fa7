import os
import time
import zipfile

import numpy as np
import pytest
from PIL import Image

from convscope.data import folder as module
from convscope.data.decode import decode
from convscope.data.folder import DEFAULT_SIZE, read
from convscope.data.tree import FolderTree
from convscope.data.zip_tree import ZipTree
from convscope.errors import UsageError
from tests.data.image_files import encoded, noise, plain, two_classes, write_files

RED, BLUE, GREEN = plain("red"), plain("blue"), plain("green")


@pytest.fixture(params=["folder", "zip"])
def read_files(request, tmp_path):
    """Reads files given as {path: content}, from a folder or from a zip archive of it."""

    def run(files, *, size=8, channels=None):
        if request.param == "folder":
            tree = FolderTree(write_files(tmp_path / "pets", files))
        else:
            with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
                for name, content in files.items():
                    archive.writestr(zipfile.ZipInfo(name), content)  # always of 1980
            tree = ZipTree(tmp_path / "pets.zip")
        return read(tree, size=size, channels=channels)

    return run


def problems(images):
    """{"cats/x.png": reason}, for the last two parts of each path."""
    return {"/".join(each.path.split("/")[-2:]): each.reason for each in images.problems}


def test_a_subfolder_is_a_class(read_files):
    (train,) = read_files({"dogs/1.png": RED, "cats/a/b/2.png": BLUE, "cats/1.png": GREEN}).values()
    assert train.classes == ("cats", "dogs")
    assert train.labels.tolist() == [0, 0, 1]
    assert [path.split("/", path.count("/") - 1)[-1] for path in train.paths] == [
        "cats/1.png", "b/2.png", "dogs/1.png",
    ]  # fmt: skip
    assert train.images[:, :, 0, 0].tolist() == [[0, 128, 0], [0, 0, 255], [255, 0, 0]]
    assert (train.name, train.split, train.problems) == ("pets", "train", ())


def test_split_folders_in_any_case(read_files):
    files = {
        "Train/a/1.png": RED, "Train/b/1.png": RED,
        "VAL/a/1.png": BLUE, "valid/b/2.png": BLUE, "validation/b/1.png": BLUE,
        "test/b/1.png": GREEN,
    }  # fmt: skip
    splits = read_files(files)
    assert {name: len(each) for name, each in splits.items()} == {
        "train": 2, "validation": 3, "test": 1,
    }  # fmt: skip
    assert splits["validation"].labels.tolist() == [0, 1, 1]
    assert (splits["validation"].images[:, 2] == 255).all()
    assert splits["test"].labels.tolist() == [1]
    assert {each.split for each in splits.values()} == set(splits)


def test_a_class_may_be_called_train(read_files):
    (train,) = read_files({"train/1.png": RED, "bus/1.png": BLUE}).values()
    assert train.classes == ("bus", "train")


@pytest.mark.parametrize("wrapper", ["pets", "deep/er"])
def test_a_folder_around_everything_is_stepped_into(read_files, wrapper):
    files = {f"{wrapper}/{name}": content for name, content in two_classes(1).items()}
    assert read_files(files)["train"].classes == ("blue", "red")


def test_a_wrapped_split_layout(read_files):
    files = {f"set/{split}/{name}/1.png": RED for split in ("train", "test") for name in "ab"}
    assert sorted(read_files(files)) == ["test", "train"]


def test_a_class_that_is_not_in_train_is_left_out_and_reported(read_files):
    files = {
        "train/a/1.png": RED, "train/b/1.png": BLUE,
        "test/a/1.png": RED, "test/aa/1.png": GREEN, "test/aa/2.png": GREEN, "test/b/1.png": BLUE,
    }  # fmt: skip
    splits = read_files(files)
    assert splits["test"].classes == splits["train"].classes == ("a", "b")
    assert splits["test"].labels.tolist() == [0, 1]
    assert splits["test"].images[:, 0, 0, 0].tolist() == [255, 0]
    assert problems(splits["train"]) == {
        "test/aa": "its class is not in train, so its images (2) are left out"
    }


def test_a_split_that_shares_no_class_with_train_is_refused(read_files):
    files = {"train/Cat/1.png": RED, "train/Dog/1.png": BLUE, "test/cat/1.png": RED,
             "test/dog/1.png": BLUE}  # fmt: skip
    with pytest.raises(UsageError, match=r"none of the classes of test \(cat and dog\) is one of"):
        read_files(files)


def test_a_class_that_only_train_has_counts_zero_elsewhere(read_files):
    files = {f"train/{name}/1.png": RED for name in "abc"} | {"test/a/1.png": RED}
    assert read_files(files)["test"].counts() == {"a": 1, "b": 0, "c": 0}


def test_bad_files_are_left_out_with_the_reason(read_files):
    whole = encoded(noise(32, 32), "JPEG")
    files = two_classes(2) | {
        "red/cut.jpg": whole[: len(whole) // 2],
        "red/empty.png": b"",
        "red/page.jpg": b"<html>not found</html>",
        "blue/notes.txt": b"my notes",
        "README": b"about",
        "red/wrong_suffix.gif": RED,
        "black/only_bad.png": b"",
    }
    (train,) = read_files(files).values()
    assert train.counts() == {"blue": 2, "red": 3}
    found = problems(train)
    assert found.pop("red/cut.jpg").startswith("damaged: image file is truncated")
    assert found.pop("red/empty.png") == found.pop("black/only_bad.png") == "the file is empty"
    assert "begins with '<html>not found<'" in found.pop("red/page.jpg")
    assert "begins with 'my notes'" in found.pop("blue/notes.txt")
    (readme,) = found
    assert readme.endswith("README")
    assert found[readme] == "not in a class folder"
    # The images that are left go with their paths.
    for image, path in zip(train.images, train.paths, strict=True):
        assert (image[0, 0, 0] > 150) == ("/red/" in path)


def test_files_beside_split_folders_are_reported(read_files):
    files = {f"train/{name}/1.png": RED for name in "ab"} | {
        "extra/a/1.png": RED,
        "test/1.png": RED,
    }
    (train,) = read_files(files).values()
    assert sorted(problems(train).values()) == ["beside the split folders", "not in a class folder"]


def test_sizes_and_modes_are_mixed_freely(read_files):
    files = {
        "a/1.png": encoded(noise(10, 30)),
        "a/2.png": encoded(noise(50, 20, 1)),
        "b/3.png": encoded(np.zeros((9, 9), np.uint16)),
        "b/4.gif": encoded(Image.new("P", (7, 7)), "GIF"),
    }
    train = read_files(files, size=16)["train"]
    assert train.image_shape == (3, 16, 16)
    sizes = [decode(content).shape[1:] for content in files.values()]
    assert train.original_sizes == dict.fromkeys(sizes, 1)
    assert train.subset([0]).original_sizes == train.original_sizes
    for image, content in zip(train.images, files.values(), strict=True):
        assert np.array_equal(image, decode(content, size=16, channels=3))


def test_grey_images_stay_grey_even_beside_a_bad_file(read_files):
    files = {f"{name}/1.png": encoded(noise(8, 8, 1)) for name in "ab"} | {"a/x.png": b"<html>"}
    assert read_files(files)["train"].image_shape == (1, 8, 8)
    assert read_files(files, channels=3)["train"].image_shape == (3, 8, 8)


def test_the_default_size_is_stated(read_files):
    assert read_files(two_classes(1), size=None)["train"].image_shape == (3, DEFAULT_SIZE, 64)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, r"pets(\.zip)?/?' holds no images in class folders\. Put the images"),
        ({"1.png": RED, "2.png": BLUE}, "holds no images in class folders"),
        ({"cats/1.png": RED, "cats/2.png": RED}, r"of a single class to train on \(\['cats'\]\)"),
        ({"a/1.png": b"", "b/1.png": b"x"}, r"None of the 2 files in .* the file is empty\."),
        ({"test/a/1.png": RED, "test/b/1.png": RED, "val/a/1.png": RED}, "has test and val but no"),
    ],
)
def test_what_cannot_be_trained_on_is_refused_in_words(tmp_path, read_files, files, message):
    (tmp_path / "pets").mkdir()
    with pytest.raises(UsageError, match=message):
        read_files(files)


# The cache.


@pytest.fixture
def decoded(monkeypatch):
    """Counts the images that are decoded."""
    calls = []

    def counted(content, **options):
        calls.append(content)
        return decode(content, **options)

    monkeypatch.setattr(module, "decode", counted)
    return calls


def test_images_are_decoded_once(read_files, decoded):
    first = read_files(two_classes(3))["train"]
    second = read_files(two_classes(3))["train"]
    assert len(decoded) == 6
    assert isinstance(second.images.base, np.memmap) or isinstance(second.images, np.memmap)
    assert np.array_equal(first.images, second.images)
    assert first.paths == second.paths
    read_files(two_classes(3), size=16)
    assert len(decoded) == 12


def test_an_edit_is_caught_and_a_touch_is_not(tmp_path, decoded):
    root = write_files(tmp_path / "pets", two_classes(2))

    def again():
        time.sleep(0.02)
        return read(FolderTree(root), size=8, channels=3)["train"]

    again()
    os.utime(root / "red/0.png", (0, 0))
    again()
    assert len(decoded) == 4
    (root / "red/0.png").write_bytes(plain((7, 0, 0)))
    edited = again()
    assert len(decoded) == 8
    assert edited.images[2, 0, 0, 0] == 7
    (root / "red/new.png").write_bytes(RED)
    assert len(again()) == 5
    (root / "red/new.png").unlink()
    assert len(again()) == 4
    (root / "red/0.png").rename(root / "blue/moved.png")
    assert again().counts() == {"blue": 3, "red": 1}


def test_the_same_images_elsewhere_come_from_the_cache(tmp_path, decoded):
    for place in ("here", "there"):
        root = write_files(tmp_path / place, two_classes(2))
        assert read(FolderTree(root), size=8, channels=None)["train"].paths[0].startswith(str(root))
    assert len(decoded) == 4


def test_problems_are_remembered_with_the_images(read_files, decoded):
    files = two_classes(1) | {"red/bad.png": b"bad"}
    assert problems(read_files(files)["train"]) == problems(read_files(files)["train"])
    assert len(decoded) == 3


def test_nearly_black_images_are_told(read_files):
    dark = encoded(Image.new("RGB", (8, 8), (0, 15, 3)), "PNG")
    notes = read_files({"a/1.png": dark, "b/1.png": dark})["train"].notes
    assert any(note.startswith("No image has a value above 15 of 255") for note in notes)
    notes = read_files({"a/1.png": dark, "b/1.png": RED})["train"].notes
    assert not any("black" in note for note in notes)


def test_an_archive_inside_is_to_be_unpacked(read_files):
    with pytest.raises(UsageError, match=r"Unpack train\.zip first, if it holds them\.$"):
        read_files({"train.zip": b"PK", "readme.md": b"x"})
