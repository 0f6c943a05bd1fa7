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
from convscope.errors import UsageError
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


def evaluate_new(run, folder, **options):
    """How many images counted, and the notes on copies."""
    evaluation = cs.evaluate(run, folder, quiet=True, **options)
    return evaluation.image_count, [note for note in evaluation.notes if "cop" in note.lower()]


@pytest.mark.slow
def test_saved_anew_under_other_names_is_left_out_unless_asked(trained_on_files, tmp_path):
    run, _ = trained_on_files
    write_new(tmp_path / "new", copies=5)
    trained = read_split_record(run.folder).trained_paths
    expected = sum(
        f"{number}.png" in {Path(p).name for p in trained if "cat" in p} for number in range(5)
    )
    assert expected >= 2
    count, (note,) = evaluate_new(run, tmp_path / "new")
    assert count == 12 + 5 - expected
    assert note.startswith(f"Left out of it: {expected} images that look like copies of images")
    assert "IMG_000" in note
    assert "data/cat/" in note
    assert "--include-trained" in note
    count, (note,) = evaluate_new(run, tmp_path / "new", include_trained=True)
    assert count == 17
    assert note.startswith(f"Among these are {expected} images that look like copies")


@pytest.mark.slow
def test_nothing_but_copies_is_refused(trained_on_files, tmp_path):
    run, _ = trained_on_files
    trained = sorted(read_split_record(run.folder).trained_paths)
    for number, path in enumerate(trained[::4]):
        target = tmp_path / "new" / Path(path).parent.name / f"copy{number}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(path) as image:
            image.resize((33, 33)).save(target, quality=85)
    with pytest.raises(UsageError, match="are copies of such.*look like copies.*include-trained"):
        cs.evaluate(run, tmp_path / "new", quiet=True)


@pytest.mark.slow
def test_new_images_are_told_nothing_of(trained_on_files, tmp_path):
    run, _ = trained_on_files
    write_new(tmp_path / "new", copies=0)
    assert evaluate_new(run, tmp_path / "new") == (12, [])


def machine_part(number, shift=0):
    """A dark disc of about one size at about one place, with noise: all parts look alike."""
    random = np.random.default_rng(number)
    y, x = np.mgrid[:40, :40]
    disc = (x - 20 - shift) ** 2 + (y - 20) ** 2 < 100
    pixels = 220 - 150 * disc + random.normal(0, 4, (40, 40))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


@pytest.mark.slow
def test_parts_that_merely_look_alike_count_and_it_is_said(tmp_path):
    for name, first, shift in (("good", 0, 0), ("bent", 100, 9)):
        for number in range(10):
            for folder, seed in (("old", first + number), ("new", first + 50 + number)):
                (tmp_path / folder / name).mkdir(parents=True, exist_ok=True)
                machine_part(seed, shift).save(tmp_path / folder / name / f"{number}.png")
    run = cs.train(
        "lenet", tmp_path / "old", "fast", size=28, epochs=1, batch_size=8, validation=0.2,
        out=tmp_path / "run", quiet=True, device="cpu",
    )  # fmt: skip
    count, (note,) = evaluate_new(run, tmp_path / "new")
    assert count == 20  # under the names of old ones, too
    assert "look alike" in note
    assert "isn't known" in note


@pytest.mark.slow
def test_where_the_training_images_are_gone_it_is_said(trained_on_files, tmp_path):
    run, data = trained_on_files
    write_new(tmp_path / "new", copies=1)
    moved = data.with_name("moved")
    data.rename(moved)
    try:
        count, (note,) = evaluate_new(run, tmp_path / "new")
    finally:
        moved.rename(data)
    assert count == 13
    assert "isn't known" in note


@pytest.mark.slow
def test_too_many_to_look_through(trained_on_files, tmp_path, monkeypatch):
    run, _ = trained_on_files
    write_new(tmp_path / "new", copies=1)
    monkeypatch.setattr("convscope.evaluation.near_trained.MOST_COMPARED", 20)
    count, (note,) = evaluate_new(run, tmp_path / "new")
    assert count == 13
    assert "weren't looked for" in note
