"""How sure a network is of what it can't know.

Tests experiments/foreign_images.py, experiments/reliability.py, experiments/channel_order.py.
"""

import numpy as np
import pytest

import convscope as cs
from convscope.errors import UsageError
from convscope.evaluation.calibration import expected_calibration_error
from convscope.experiments.channel_order import (
    ChannelOrders,
    colour_patches,
    compare_channel_orders,
    reverse_channels,
)
from convscope.experiments.foreign_images import (
    invert_images,
    measure_confidence,
    noise_patches,
    photograph_patches,
    turn_upside_down,
)
from convscope.experiments.photographs import photograph
from convscope.experiments.reliability import compare_calibration
from tests.experiments.results import check_result


def test_pieces_of_photographs_are_the_same_every_time():
    pieces = photograph_patches(20, side=12, zoom=2)
    assert pieces.images.shape == (20, 1, 12, 12)
    assert np.array_equal(pieces.images, photograph_patches(20, side=12, zoom=2).images)
    assert not np.array_equal(pieces.images, photograph_patches(20, side=12, zoom=2, seed=1).images)
    with pytest.raises(UsageError, match="below 427"):
        photograph_patches(2, side=100, zoom=5)


@pytest.mark.slow
def test_a_piece_without_zoom_is_the_grey_photograph():
    piece = photograph_patches(2, side=40, zoom=1).images[0, 0]
    red, green, blue = photograph("china", 427).astype(float)
    grey = (0.299 * red + 0.587 * green + 0.114 * blue).round()
    places = np.lib.stride_tricks.sliding_window_view(grey, (40, 40))
    assert (places == piece).all(axis=(2, 3)).any()


def test_images_are_inverted_and_turned():
    digits = cs.load("digits", "test").subset(np.arange(5))
    assert np.array_equal(invert_images(invert_images(digits)).images, digits.images)
    assert np.array_equal(invert_images(digits).images + digits.images, 0 * digits.images + 255)
    assert np.array_equal(turn_upside_down(digits).images[0, 0, 0], digits.images[0, 0, -1])
    assert noise_patches(3, 9).images.shape == (3, 1, 9, 9)


@pytest.mark.slow
def test_confidence_is_that_of_the_evaluation(good_digits_run):
    evaluation = cs.evaluate(good_digits_run, quiet=True)
    images = evaluation.images
    found = measure_confidence(
        good_digits_run, {"digits": images, "inverted": invert_images(images)}
    )
    known, inverted = found["digits"], found["inverted"]
    assert known.accuracy == evaluation.accuracy
    assert known.images == len(images)
    assert known.unknown == pytest.approx(evaluation.rejection.unknown)
    assert inverted.accuracy < known.accuracy - 0.3
    assert 0 <= known.sure <= 1
    english = check_result(found)
    assert "called unknown" in english


@pytest.mark.slow
def test_calibration_is_that_of_the_evaluation(good_digits_run):
    evaluation = cs.evaluate(good_digits_run, quiet=True)
    found = compare_calibration(evaluation)
    probabilities = evaluation.logits.probabilities
    expected = expected_calibration_error(probabilities, evaluation.logits.labels, 10)
    assert found.error_before == pytest.approx(expected)
    assert sum(each.count for each in found.after) == evaluation.image_count
    assert found.temperature == evaluation.calibration.temperature
    assert "probability" in check_result(found)


def test_colours_are_exchanged_and_nothing_else():
    sets = colour_patches(8, training=6, test=4)
    train, test = sets["train"], sets["test"]
    assert train.images.shape == (6, 3, 8, 8)
    assert sorted(test.labels.tolist()) == [0, 0, 1, 1]
    reverse = reverse_channels(test)
    assert np.array_equal(reverse.images[:, 0], test.images[:, 2])
    assert np.array_equal(reverse_channels(reverse).images, test.images)


@pytest.mark.slow
def test_exchanged_colours_are_wrong_answers(tmp_path):
    sets = colour_patches()
    run = cs.train(
        "small", sets, "fast", epochs=4, batch_size=32, threads=1, precision="float32",
        out=tmp_path / "run", quiet=True,
    )  # fmt: skip
    found = compare_channel_orders(run, sets["test"])
    assert found.accuracy > 0.9
    assert found.reversed_accuracy < found.accuracy


def test_channel_orders_can_do_what_every_result_can():
    examples = np.zeros((2, 4, 3, 8, 8), np.uint8)
    found = ChannelOrders(300, 0.98, 0.48, 0.85, examples)
    assert "48.0 % with blue, green, red" in check_result(found)
