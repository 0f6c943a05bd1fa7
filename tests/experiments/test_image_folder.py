"""Images written as files are read back as they were."""

import numpy as np

import convscope as cs
from convscope.experiments.image_folder import same_images, write_image_folder


def test_images_come_back_as_they_were(tmp_path):
    digits = cs.load("digits", "test").subset(np.arange(60))
    folder = write_image_folder(digits, tmp_path / "set" / "train")
    write_image_folder(digits.subset(np.arange(30)), tmp_path / "set" / "test")
    assert len([*folder.glob("*/*.png")]) == 60
    assert same_images(cs.load(tmp_path / "set", "train", size=8), digits)


def test_colour_images_as_well(tmp_path):
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (20, 3, 9, 9), np.uint8)
    images = cs.ImageSet(pixels, np.arange(20) % 2, ["cat", "dog"])
    write_image_folder(images, tmp_path / "train")
    write_image_folder(images.subset(np.arange(4)), tmp_path / "test")
    assert same_images(cs.load(tmp_path, "train", size=9, reading=cs.Reading()), images)


def test_sets_differ_in_a_pixel_or_a_label():
    digits = cs.load("digits", "test")
    assert same_images(digits, digits.subset(np.arange(len(digits.labels))[::-1]))
    changed = digits.images.copy()
    changed[0, 0, 0, 0] ^= 1
    assert not same_images(digits, cs.ImageSet(changed, digits.labels, digits.classes))
    labels = digits.labels.copy()
    labels[0] = (labels[0] + 1) % 10
    assert not same_images(digits, cs.ImageSet(digits.images, labels, digits.classes))
