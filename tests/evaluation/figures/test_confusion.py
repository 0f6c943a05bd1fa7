import numpy as np
import pytest

from convscope.evaluation.figures.confusion import confusion_figure
from tests.conftest import slow
from tests.evaluation.made_evaluations import evaluation_of, pixels_of


def area(pixels, colour):
    """How many pixels are clearly of the colour."""
    red, _, blue = np.moveaxis(pixels, 2, 0)
    strength = blue - red if colour == "blue" else red - blue
    return (strength > 60).sum()


@pytest.mark.parametrize("classes", [2, 31, *slow(10, 100, 130)])
def test_every_number_of_classes_fits_on_the_image(tmp_path, classes):
    labels = np.arange(4 * classes) % classes
    predicted = np.where(np.arange(4 * classes) % 7 == 0, (labels + 1) % classes, labels)
    names = [f"quite a long name of a class, {k}" for k in range(classes)]
    confusion_figure(evaluation_of(labels, predicted, names), tmp_path / "c.png")
    pixels = pixels_of(tmp_path / "c.png")
    assert area(pixels, "blue") > 0
    assert area(pixels, "red") > 0
    assert max(pixels.shape) < 3200  # shown whole on a slide


@pytest.mark.parametrize(("shift", "missing"), [(0, "red"), (1, "blue")])
def test_right_is_blue_and_wrong_is_red(tmp_path, shift, missing):
    labels = np.arange(12) % 3
    evaluation = evaluation_of(labels, (labels + shift) % 3, ["a", "b", "c"])
    confusion_figure(evaluation, tmp_path / "c.png")
    pixels = pixels_of(tmp_path / "c.png")
    assert area(pixels, missing) == 0
    assert area(pixels, "red" if missing == "blue" else "blue") > 10_000


def test_one_mistake_in_a_hundred_is_seen(tmp_path):
    labels = np.repeat([0, 1], 100)
    predicted = labels.copy()
    predicted[0] = 1
    confusion_figure(evaluation_of(labels, predicted, ["a", "b"]), tmp_path / "c.png")
    red, _, blue = np.moveaxis(pixels_of(tmp_path / "c.png"), 2, 0)
    assert (red - blue > 10).sum() > 50_000


@pytest.mark.parametrize("name", ["猫", "$x$", "a_b^c", "[red]", "%", "é", "\U0001f408"])
def test_names_of_every_kind(tmp_path, name):
    labels = [0, 1, 1]
    confusion_figure(evaluation_of(labels, labels, [name, "dog"]), tmp_path / "c.png")
    pixels_of(tmp_path / "c.png")


def test_a_class_without_images(tmp_path):
    confusion_figure(evaluation_of([0, 0], [0, 0], ["a", "b"]), tmp_path / "c.png")
    assert area(pixels_of(tmp_path / "c.png"), "blue") > 0
