"""Images that were trained on are known again when they were saved anew, under their names or not.

Tests evaluation/near_trained.py.
"""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convscope as cs
from convscope.data.image_set import ImageSet
from convscope.data.load import load_splits
from convscope.data.reading import DEFAULT
from convscope.evaluation.saved_again import saved_again
from convscope.runs.split_record import read_split_record, write_split_record


def photograph(number, size=24):
    random = np.random.default_rng(number)
    coarse = Image.fromarray(random.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    return coarse.resize((size, size), Image.Resampling.BICUBIC)


def test_saved_anew_under_the_same_name(tmp_path):
    for name, first in (("cat", 0), ("dog", 20)):
        for folder in ("old", "new"):
            (tmp_path / folder / name).mkdir(parents=True)
        for number in range(10):
            photograph(first + number).save(tmp_path / "old" / name / f"{number}.png")
    splits = load_splits(tmp_path / "old", size=24)
    write_split_record(tmp_path, splits)
    record = read_split_record(tmp_path)
    trained = {tuple(path.split("/")[-2:]) for path in record.trained_paths}
    for name, first in (("cat", 0), ("dog", 20)):
        for number in range(10):
            image = photograph(first + number).point(lambda value: int(value * 0.9))
            image.save(tmp_path / "new" / name / f"{number}.jpg", quality=85)
        # New images under old names are new.
        photograph(first + 100).save(tmp_path / "new" / name / "0.jpg", quality=85)
    images = load_splits(tmp_path / "new", size=24, validation=0)["train"]
    seen = saved_again(images, record, DEFAULT)
    for path, found in zip(images.paths, seen, strict=True):
        folder, file = path.split("/")[-2:]
        was_trained = (folder, file.replace("jpg", "png")) in trained
        assert found == (was_trained and file != "0.jpg"), path


def test_arrays_and_originals_that_are_gone_are_not_known(tmp_path):
    pixels = np.zeros((2, 1, 4, 4), np.uint8)
    images = ImageSet(pixels, [0, 1], ["a", "b"], paths=["x/a/1.png", "x/b/1.png"], name="x")
    write_split_record(tmp_path, {"train": images})
    assert not saved_again(images, read_split_record(tmp_path), DEFAULT).any()


@pytest.fixture(scope="module")
def trained_on_files(tmp_path_factory):
    """A run on a folder of 24 images, and that folder."""
    folder = tmp_path_factory.mktemp("files")
    for name, first in (("cat", 0), ("dog", 20)):
        (folder / "data" / name).mkdir(parents=True)
        for number in range(12):
            photograph(first + number, 40).save(folder / "data" / name / f"{number}.png")
    settings = {"size": 28, "epochs": 1, "batch_size": 8, "validation": 0.2}
    run = cs.train(
        "lenet", folder / "data", "fast", out=folder / "run", quiet=True, device="cpu", **settings
    )
    return run, folder / "data"


def write_new(folder, *, copies):
    """Twelve new images, and copies of the first cats under other names, as JPEG and darker."""
    for name, first in (("cat", 100), ("dog", 120)):
        (folder / name).mkdir(parents=True)
        for number in range(6):
            photograph(first + number, 40).save(folder / name / f"new{number}.png")
    for number in range(copies):
        darker = photograph(number, 40).point(lambda value: int(value * 0.9))
        darker.save(folder / "cat" / f"IMG_{number:04}.jpg", quality=80)


def near_notes(run, folder):
    return [note for note in cs.evaluate(run, folder, quiet=True).notes if "opies of" in note]


@pytest.mark.slow
def test_saved_anew_under_other_names_is_told_with_paths(trained_on_files, tmp_path):
    run, _ = trained_on_files
    write_new(tmp_path / "new", copies=5)
    trained = read_split_record(run.folder).trained_paths
    expected = sum(
        f"{number}.png" in {Path(p).name for p in trained if "cat" in p} for number in range(5)
    )
    assert expected >= 2
    (note,) = near_notes(run, tmp_path / "new")
    assert note.startswith(f"Warning: {expected} images of these look like copies of images")
    assert "IMG_000" in note
    assert "data/cat/" in note


@pytest.mark.slow
def test_new_images_are_told_nothing_of(trained_on_files, tmp_path):
    run, _ = trained_on_files
    write_new(tmp_path / "new", copies=0)
    assert near_notes(run, tmp_path / "new") == []


@pytest.mark.slow
def test_where_the_training_images_are_gone_it_is_said(trained_on_files, tmp_path):
    run, data = trained_on_files
    write_new(tmp_path / "new", copies=1)
    moved = data.with_name("moved")
    data.rename(moved)
    try:
        (note,) = near_notes(run, tmp_path / "new")
    finally:
        moved.rename(data)
    assert "isn't known" in note


@pytest.mark.slow
def test_too_many_to_look_through(trained_on_files, tmp_path, monkeypatch):
    run, _ = trained_on_files
    write_new(tmp_path / "new", copies=1)
    monkeypatch.setattr("convscope.evaluation.near_trained.NEAR_LIMIT", 20)
    (note,) = near_notes(run, tmp_path / "new")
    assert "weren't looked for" in note
