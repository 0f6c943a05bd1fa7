import itertools

import numpy as np
import pytest

from convscope.data.facts import collect_facts
from convscope.data.load import load_splits
from convscope.data.reading import Reading
from convscope.errors import UsageError
from tests.data.image_files import encoded, noise, write_files

SEEDS = itertools.count()  # no image twice


def check(data, **options):
    """Facts are those of the images once they are loaded."""
    facts, splits = collect_facts(data, **options), load_splits(data, **options)
    assert facts.counts == {name: len(images) for name, images in splits.items()}
    assert facts.shape == splits["train"].image_shape
    assert facts.classes == len(splits["train"].classes)


@pytest.mark.parametrize("validation", [0.0, 0.1, 0.25])
def test_digits(validation):
    check("digits", validation=validation)


def images(split, count, channels=3):
    return {
        f"{split}{name}/{index}.png": encoded(noise(9, 9, channels, seed=next(SEEDS)))
        for name in ("cats", "dogs")
        for index in range(count)
    }


def test_a_folder_with_splits(tmp_path):
    write_files(tmp_path, images("train/", 20) | images("test/", 5))
    check(tmp_path, size=8)
    assert collect_facts(tmp_path, size=8).counts == {"train": 36, "validation": 4, "test": 10}


def test_a_folder_without_splits(tmp_path):
    write_files(tmp_path, images("", 30))
    check(tmp_path, size=8, validation=0.1)


@pytest.mark.parametrize("fold", [None, (2, 3)])
def test_groups_stay_together_as_in_training(tmp_path, fold):
    sizes = [13, 9, 11, 17]
    files = {
        f"{name}/p{group}_{index}.png": encoded(noise(9, 9, 3, seed=next(SEEDS)))
        for name in ("cats", "dogs")
        for group, size in enumerate(sizes)
        for index in range(size)
    }
    write_files(tmp_path, files)
    reading = Reading(group_by=r"p\d+")
    check(tmp_path, size=8, reading=reading, fold=fold)
    counts = collect_facts(tmp_path, size=8, reading=reading, fold=fold).counts
    assert counts != collect_facts(tmp_path, size=8, fold=fold).counts


def test_grey_images(tmp_path):
    write_files(tmp_path, images("train/", 20, channels=1) | images("test/", 5, channels=1))
    assert collect_facts(tmp_path, size=8).shape == (1, 8, 8)
    check(tmp_path, size=8)


def test_nothing_there(tmp_path):
    with pytest.raises(UsageError, match="holds no images in class folders"):
        collect_facts(tmp_path)
    with pytest.raises(UsageError, match=r"Did you mean 'digits'\?.*The path of a folder"):
        collect_facts("digit")


def test_arrays():
    from convscope.data.image_set import ImageSet

    images = np.zeros((40, 3, 5, 5), np.uint8)
    given = ImageSet(images, np.arange(40) % 2, ("a", "b"))
    check(given, validation=0.1)
