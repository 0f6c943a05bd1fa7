import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.data.image_set import ImageSet
from convscope.errors import UsageError
from convscope.evaluation.class_names import find_missing_classes, match_classes
from convscope.runs.model_file import ModelCard

NAMES = "abcdefgh"


def card(classes):
    return ModelCard(network="lenet", classes=classes, channels=1, size=8, mean=(0,), std=(1,))


def images(labels, classes):
    """Image k holds the number k."""
    pixels = np.zeros((len(labels), 1, 2, 2), np.uint8)
    pixels[:, 0, 0, 0] = range(len(labels))
    return ImageSet(pixels, labels, classes, name="pets")


def test_the_same_classes_are_left_as_they_are():
    given_images = images([0, 1], ["cat", "dog"])
    assert match_classes(given_images, card(["cat", "dog"])) == (given_images, ())


def test_other_orders_fewer_and_more_classes_are_matched_by_name():
    found, notes = match_classes(
        images([0, 1, 2, 2], ["wolf", "dog", "cat"]), card(["cat", "dog", "emu"])
    )
    assert found.classes == ("cat", "dog", "emu")
    assert found.labels.tolist() == [1, 0, 0]
    assert found.images[:, 0, 0, 0].tolist() == [1, 2, 3]
    assert notes == ("Left out: 1 image of classes that the model doesn't know: wolf (1).",)
    assert find_missing_classes(found) == (
        "There are no images of emu, so nothing is said of this class; an image may still be "
        "taken for one.",
    )


def test_a_class_without_images_is_not_left_out():
    found, notes = match_classes(images([1, 1], ["wolf", "dog"]), card(["dog", "cat"]))
    assert found.labels.tolist() == [0, 0]
    assert notes == ()


@pytest.mark.parametrize("labels", [[0, 0], [0, 1]])
def test_no_class_in_common(labels):
    with pytest.raises(UsageError, match="knows none of the classes of 'pets': these are .*wolf"):
        match_classes(images(labels, ["wolf", "lynx", "cat"]), card(["cat", "dog"]))


def test_other_case_is_matched_and_said_where_one_class_can_be_meant():
    found, notes = match_classes(
        images([0, 1, 2], ["ANT", "Bee", "wasp"]), card(["ant", "bee", "fly"])
    )
    assert found.labels.tolist() == [0, 1]
    assert notes == (
        "Matched in another case: ANT as ant and Bee as bee.",
        "Left out: 1 image of classes that the model doesn't know: wasp (1).",
    )


@pytest.mark.parametrize(
    ("theirs", "ours", "left_out"),
    [
        (["ANT", "ant", "bee"], ["ant", "bee"], "ANT (1)"),  # one of them is the model's own
        (["Ant", "ANT", "bee"], ["ant", "bee"], "Ant (1) and ANT (1)"),
        (["ant", "bee"], ["Ant", "ANT", "bee"], "ant (1)"),
    ],
)
def test_case_that_could_mean_several_classes_is_left(theirs, ours, left_out):
    _, notes = match_classes(images(range(len(theirs)), theirs), card(ours))
    assert len(notes) == 1
    assert notes[0].endswith(f"doesn't know: {left_out}.")


@given(data=st.data())
def test_every_image_keeps_its_class_by_name(data):
    theirs = data.draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=8, unique=True))
    ours = data.draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=8, unique=True))
    labels = data.draw(st.lists(st.integers(0, len(theirs) - 1), min_size=1, max_size=20))
    known = [(row, theirs[label]) for row, label in enumerate(labels) if theirs[label] in ours]
    if not known:
        with pytest.raises(UsageError):
            match_classes(images(labels, theirs), card(ours))
        return
    found, notes = match_classes(images(labels, theirs), card(ours))
    rows = found.images[:, 0, 0, 0].tolist()
    names = [found.classes[label] for label in found.labels]
    assert list(zip(rows, names, strict=True)) == known
    assert found.classes == tuple(ours)
    assert bool(notes) == (len(known) < len(labels))
