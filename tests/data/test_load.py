"""Data by name, path or arrays, and the splits that a source lacks.

Tests data/load.py, data/divide.py.
"""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from convscope.data.image_set import ImageSet
from convscope.data.load import NAMED, load, load_splits
from convscope.data.reading import Reading
from convscope.data.splits import split_stratified
from convscope.errors import UsageError
from tests.data.image_files import encoded, plain, two_classes, write_files


@pytest.fixture
def pets(tmp_path):
    return write_files(tmp_path / "pets", two_classes(20))


def arrays(count=50, name="mine", **options):
    images = np.random.default_rng(0).integers(0, 256, (count, 1, 4, 4), dtype=np.uint8)
    return ImageSet(images, np.arange(count) % 2, ["a", "b"], name=name, **options)


def shares(splits):
    return {name: len(each) for name, each in splits.items()}


@pytest.mark.parametrize("kind", ["folder", "path", "zip", "arrays"])
def test_a_source_without_splits_gets_all_three(tmp_path, pets, kind):
    if kind == "zip":
        with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
            for file in pets.rglob("*.png"):
                archive.write(file, file.relative_to(pets))
    data = {
        "folder": str(pets), "path": pets, "zip": tmp_path / "pets.zip", "arrays": arrays(40),
    }[kind]  # fmt: skip
    splits = load_splits(data)
    assert shares(splits) == {"train": 28, "validation": 4, "test": 8}
    assert list(splits) == ["train", "validation", "test"]
    assert [each.split for each in splits.values()] == list(splits)
    paths = [path for each in splits.values() for path in each.paths]
    assert len(set(paths)) == len(paths) == 40
    for each in splits.values():
        assert len(set(each.counts().values())) == 1


def test_the_seed_decides_the_split(pets):
    first, again, other = (load_splits(pets, seed=seed)["test"].paths for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_validation_never_takes_test_images(pets):
    with_validation, without = load_splits(pets, validation=0.3), load_splits(pets, validation=0)
    assert list(without) == ["train", "test"]
    assert with_validation["test"].paths == without["test"].paths
    both = {*with_validation["train"].paths, *with_validation["validation"].paths}
    assert both == set(without["train"].paths)


def test_splits_of_the_source_are_kept(tmp_path):
    files = {f"train/{name}": content for name, content in two_classes(20).items()}
    files |= {f"val/{name}": content for name, content in two_classes(3).items()}
    splits = load_splits(write_files(tmp_path / "pets", files))
    # Test images are missing, so they come out of train; validation is the source's own.
    assert shares(splits) == {"train": 32, "validation": 6, "test": 8}
    assert all("val" in Path(path).parts for path in splits["validation"].paths)
    assert all("train" in Path(path).parts for path in splits["test"].paths)
    files |= {f"test/{name}": content for name, content in two_classes(2).items()}
    splits = load_splits(write_files(tmp_path / "pets", files))
    assert shares(splits) == {"train": 40, "validation": 6, "test": 4}


def test_a_single_image_per_class_cannot_be_split(tmp_path):
    splits = load_splits(write_files(tmp_path / "pets", two_classes(1)))
    assert shares(splits) == {"train": 2}
    assert shares(load_splits(arrays(4))) == {"train": 2, "test": 2}


def test_arrays_and_dictionaries_pass_through():
    train, test = arrays(), arrays(10, split="test")
    splits = load_splits({"train": train, "test": test}, validation=0)
    assert splits["test"] is test
    assert np.shares_memory(splits["train"].images, train.images)
    assert shares(load_splits({"train": train, "test": test})) == {
        "train": 46, "validation": 4, "test": 10,
    }  # fmt: skip


def test_size_and_channels_hold_for_every_split(pets):
    for data in (pets, arrays(), "digits"):
        for each in load_splits(data, size=12, channels=3).values():
            assert each.image_shape == (3, 12, 12)
    assert load(pets).image_shape == (3, 64, 64)
    assert load("digits").image_shape == (1, 8, 8)


def test_load_gives_one_split_without_taking_validation_out():
    assert len(load("digits")) == 1438
    assert len(load("digits", "test")) == 359
    own = {"train": arrays(), "validation": arrays(6, split="validation")}
    assert len(load(own, "validation")) == 6


def test_problems_are_known_to_every_split(pets):
    (pets / "red/bad.png").write_bytes(b"bad")
    for each in load_splits(pets).values():
        assert [problem.path for problem in each.problems] == [str(pets / "red/bad.png")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fashion-mnits",), r"'fashion-mnits'\. Did you mean 'fashion-mnist'.* a folder or \.zip"),
        (("nothing/here",), r"There is no folder or zip archive 'nothing/here'\. Check the"),
        ((Path("nothing"),), "There is no folder or zip archive 'nothing'"),
        (("pets.zip",), r"There is no folder or zip archive 'pets\.zip'"),
        (("digits", "tset"), r"Unknown split 'tset'\. Did you mean 'test'"),
        (("digits", "validation"), "digits has no validation split of its own; there are: train"),
        (({"test": arrays()},), "needs 'train'; given only test"),
        (({"train": arrays(), "tests": arrays()},), "Unknown split 'tests'"),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_named_with_the_fix(arguments, message):
    with pytest.raises(UsageError, match=message):
        load(*arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "size must be at least 1 pixel"),
        ({"channels": 2}, r"channels must be 1 \(grey\) or 3 \(colour\)"),
        ({"validation": 1.0}, "validation must be a share"),
        ({"seed": -1}, "seed must be a whole number from 0 on; given -1"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(UsageError, match=message):
        load_splits("digits", **options)


def test_classes_of_a_dictionary_must_agree():
    other = ImageSet(np.zeros((2, 1, 4, 4), np.uint8), [0, 1], ["b", "a"])
    with pytest.raises(UsageError, match="The classes of 'test' are not those of 'train'"):
        load_splits({"train": arrays(), "test": other})


def test_a_file_that_is_no_archive(tmp_path):
    (tmp_path / "cat.png").write_bytes(plain("red"))
    with pytest.raises(UsageError, match=r"cat\.png' is neither a folder nor a zip archive"):
        load(tmp_path / "cat.png")


def test_a_folder_with_one_class(tmp_path):
    root = write_files(tmp_path / "pets", {"cats/1.png": plain("red")})
    with pytest.raises(UsageError, match="a single class to train on"):
        load(str(root))


def test_a_name_wins_over_a_folder_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(write_files(tmp_path, {f"digits/{k}": v for k, v in two_classes(2).items()}))
    assert len(load("digits").classes) == 10
    assert len(load("./digits").classes) == 2


def test_the_named_sets():
    assert sorted(NAMED) == ["cifar10", "digits", "fashion-mnist", "mnist"]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["folder", "zip", "arrays"])
def test_images_that_are_the_same_come_into_the_same_split(tmp_path, kind, seed):
    images = arrays(30).images
    images = np.concatenate([images, images])  # every image twice
    labels = np.arange(60) % 2
    data = ImageSet(images, labels, ["a", "b"])
    if kind != "arrays":
        files = {
            f"{'ab'[label]}/{row}.png": encoded(image[0])
            for row, (image, label) in enumerate(zip(images, labels, strict=True))
        }
        data = write_files(tmp_path / "twice", files)
    if kind == "zip":
        with zipfile.ZipFile(tmp_path / "twice.zip", "w") as archive:
            for file in data.rglob("*.png"):
                archive.write(file, file.relative_to(data))
        data = tmp_path / "twice.zip"
    paths = []
    for size in (4, 2):  # the size that they are read at decides nothing
        splits = load_splits(data, seed=seed, size=size)
        assert list(splits) == ["train", "validation", "test"]
        assert sum(shares(splits).values()) == 60
        paths.append([each.paths for each in splits.values()])
    assert paths[0] == paths[1]
    contents = [
        {image.tobytes() for image in each.images}
        for each in load_splits(data, seed=seed, size=4).values()
    ]
    assert sum(map(len, contents)) == len(set.union(*contents)) == 30


def test_published_sets_are_divided_as_ever(monkeypatch):
    images = arrays(60).images.copy()
    images[30:] = images[:30]
    published = ImageSet(images, np.arange(60) % 2, ["a", "b"])
    monkeypatch.setitem(NAMED, "digits", lambda: {"train": published})
    taken = load_splits("digits")
    _, chosen = split_stratified(published.labels, 0.2, 0)
    assert taken["test"].paths == [published.paths[row] for row in chosen]


def test_how_files_are_read_can_be_said(tmp_path):
    files = {f"{top}/{name}": content for top in "AB" for name, content in two_classes(6).items()}
    root = write_files(tmp_path / "pets", files)
    with pytest.raises(UsageError, match="they may be splits or classes"):
        load(root)
    reading = Reading(split_folders={"train": "A", "test": "B"})
    assert len(load(root, "test", size=8, reading=reading)) == 12
    assert load(root, size=8, reading=Reading(split_folders="none")).classes == ("A", "B")


def test_a_zip_that_was_cut_is_told(tmp_path):
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04 the first half")
    with pytest.raises(UsageError, match="damaged, or wasn't copied or downloaded whole"):
        load_splits(tmp_path / "cut.zip")
