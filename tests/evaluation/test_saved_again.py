"""Images that were trained on are known again when they were saved anew under their names."""

import numpy as np
from PIL import Image

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
