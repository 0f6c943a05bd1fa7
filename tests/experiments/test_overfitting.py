"""What lesson 5 measures: errors over size and examples, regularizers, logs and augmentation.

Tests experiments/few_examples.py, experiments/model_size.py, experiments/ridge_regression.py,
experiments/dropout_statistics.py, experiments/logged_accuracy.py, experiments/regularizers.py,
experiments/augmented_training.py, experiments/augmentation_gallery.py.
"""

import numpy as np
import pytest
import torch

from convscope import experiments
from convscope.errors import UsageError
from convscope.experiments.augmented_training import AugmentationComparison
from convscope.experiments.ridge_regression import BIAS, NOISE, WEIGHT
from tests.experiments.results import check_result


def test_examples_are_drawn_and_the_others_stay_unseen():
    images, labels = experiments.draw_examples(200, seed=3)
    assert images.shape == (200, 64)
    again, spoiled = experiments.draw_examples(200, wrong=0.4, seed=3)
    assert torch.equal(images, again)
    assert int((labels != spoiled).sum()) == 80
    assert set(spoiled.tolist()) <= set(range(10))
    unseen, truth = experiments.unseen_digits()
    assert unseen.shape == (797, 64)
    assert len(truth) == 797
    everything, _ = experiments.draw_examples(1000)
    drawn = {each.numpy().tobytes() for each in everything}
    assert sum(each.numpy().tobytes() in drawn for each in unseen) < 3  # twins in the data
    with pytest.raises(UsageError, match="count is from 1 to 1,000 and wrong from 0 to 1"):
        experiments.draw_examples(1001)


def test_errors_over_the_width():
    found = experiments.measure_over_width((1, 64), examples=60, seeds=(0,))
    assert found.train_error(1) > 0.4
    assert found.train_error(64) == 0
    assert 0.05 < found.test_error(64) < 0.5
    assert found.gap(64) == found.test_error(64)
    assert found.best == 64
    assert "Too small is bad" in check_result(found)
    noisy = experiments.measure_over_width((64,), examples=60, wrong=0.4, seeds=(0,))
    assert noisy.test_error(64) > found.test_error(64) + 0.1
    assert "40 % of the labels wrong" in check_result(noisy)
    with pytest.raises(UsageError, match="widths of at least 1"):
        experiments.measure_over_width((0, 4))


def test_errors_over_the_examples():
    found = experiments.measure_over_examples((20, 400), seeds=(0,))
    assert found.gap(400) < 0.5 * found.gap(20)
    assert "more examples close the gap" in check_result(found)
    with pytest.raises(UsageError, match="at least one count"):
        experiments.measure_over_examples(())


def test_decay_comes_to_ridge_regression():
    """Gradient descent on ½ · mean squared error + λ/2 · ‖w‖² ends at its closed solution."""
    found = experiments.compare_decay((0.5,), inputs=6, examples=12, steps=4000, rate=0.05, seed=2)
    random = np.random.default_rng(2)
    x = random.normal(size=(12, 6))
    y = BIAS + WEIGHT * x.sum(1) + NOISE * random.normal(size=12)
    centred, target = x - x.mean(0), y - y.mean()
    weights = np.linalg.solve(centred.T @ centred / 12 + 0.5 * np.eye(6), centred.T @ target / 12)
    course = found.courses[0.5]
    assert course.weights == pytest.approx(weights, abs=1e-8)
    assert course.bias == pytest.approx(y.mean() - x.mean(0) @ weights, abs=1e-8)
    assert course.train[-1] == pytest.approx(((x @ weights + course.bias - y) ** 2).mean())


def test_without_decay_more_inputs_than_examples_fit_exactly():
    found = experiments.compare_decay()
    free, held = found.courses[0.0], found.courses[3.0]
    assert free.train[-1] < 1e-12
    assert free.test[-1] > 0.5 * free.test[0]
    assert held.norm < 0.1 * free.norm
    assert found.gap(3.0) < found.gap(0.0)
    assert found.guessing == pytest.approx(200 * 0.01**2 + 0.01**2)
    assert "Without decay training is perfect" in check_result(found)
    with pytest.raises(UsageError, match="strengths of at least 0"):
        experiments.compare_decay((-1.0,))


def test_dropout_keeps_the_mean():
    found = experiments.measure_dropout((0.2, 0.5), draws=50_000)
    assert found.zeros == pytest.approx((0.2, 0.5), abs=0.01)
    assert found.survivors == pytest.approx((1.25, 2))
    assert found.means == pytest.approx((1, 1), abs=0.02)
    assert max(found.differences) < 1e-12
    assert found.prediction_change == 0
    assert "so the mean stays" in check_result(found)
    with pytest.raises(UsageError, match="at least 0 and below 1"):
        experiments.measure_dropout((1.0,))


def test_logs_flatter_validation():
    found = experiments.follow_logs(0.7, epochs=3)
    assert found.flattered == 3
    assert found.fair == 0
    assert len(found.logged) == len(found.training) == len(found.validation) == 3
    assert "no bug" in check_result(found)
    with pytest.raises(UsageError, match="dropout is at least 0"):
        experiments.follow_logs(1.0)


@pytest.mark.slow
def test_regularized_trainings_are_repeatable_and_decay_holds_weights_small():
    free, held = (experiments.train_regularized(s, 50, 1) for s in ("none", "weight decay"))
    assert free == experiments.train_regularized("none", 50, 1)
    assert held["norm"] < 0.8 * free["norm"]
    assert free["train_accuracy"] == 1
    assert free["train_loss"] < held["train_loss"]
    with pytest.raises(UsageError, match="Unknown regularizer 'l1'"):
        experiments.train_regularized("l1", 50, 1)


def test_stored_regularizers_are_compared_in_pairs():
    rows = [
        {"setting": setting, "examples": 10, "seed": seed, "train_loss": 0.1, "loss": loss + seed,
         "train_accuracy": 1.0, "accuracy": 0.9 - loss / 10, "norm": 3.0}
        for setting, loss in (("none", 0.5), ("weight decay", 0.3), ("dropout", 0.4))
        for seed in range(5)
    ]  # fmt: skip
    found = experiments.read_regularizers(rows, 10)
    assert found.gap("none") == pytest.approx((0.4, 1.4, 2.4, 3.4, 4.4))
    assert found.gap_difference("weight decay").mean == pytest.approx(-0.2)
    assert found.accuracy_difference("dropout").mean == pytest.approx(1)
    assert found.mean("dropout", "norm") == 3
    assert "A smaller gap" in check_result(found)
    with pytest.raises(UsageError, match="no rows with 20 examples"):
        experiments.read_regularizers(rows, 20)


@pytest.mark.slow
def test_augmented_trainings():
    row = experiments.train_augmented("digits", "none", 0)
    assert row["train_accuracy"] == 1
    assert row["accuracy"] > 0.8
    with pytest.raises(UsageError, match="Unknown augmentation 'turn'"):
        experiments.train_augmented("digits", "turn", 0)
    with pytest.raises(UsageError, match="Unknown setting 'mnist'"):
        experiments.train_augmented("mnist", "none", 0)


def test_changes_are_the_librarys_and_repeatable():
    images = torch.arange(2 * 64, dtype=torch.float32).view(2, 1, 8, 8)
    assert experiments.change_of("none") is None
    mirrored = experiments.change_of("flip")(images.repeat(20, 1, 1, 1), torch.Generator())
    same = [torch.equal(each, images[place % 2]) for place, each in enumerate(mirrored)]
    turned = [torch.equal(each, images[place % 2].flip(-1)) for place, each in enumerate(mirrored)]
    assert all(a != b for a, b in zip(same, turned, strict=True))
    assert 5 < sum(same) < 35
    both = experiments.change_of("flip and crop", 1)
    one, other = (both(images, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(one, other)
    assert one.shape == images.shape
    network = experiments.build_small_convolutions(28, channels=4)
    assert network(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_augmentations_are_compared_in_pairs():
    rows = [
        {"setting": setting, "change": change, "seed": seed, "accuracy": 0.8 + gain + seed / 100}
        for setting in ("clothes", "digits")
        for change, gain in (("none", 0), ("flip", -0.05), ("crop", 0.01))
        for seed in (4, 2, 3, 1, 0)
    ]
    found = experiments.read_augmentations(rows)
    assert isinstance(found, AugmentationComparison)
    assert found.accuracies["digits"]["none"] == pytest.approx((0.8, 0.81, 0.82, 0.83, 0.84))
    assert found.difference("digits", "flip").mean == pytest.approx(-5)
    assert [*found.accuracies] == ["digits", "clothes"]
    assert "300 digits" in check_result(found)


@pytest.mark.slow
def test_the_gallery_changes_what_it_says():
    found = experiments.show_augmentations(draws=2)
    assert found.images["flip"].shape == (2, 3, 96, 96)
    assert found.changed("original") == 0
    assert found.changed("crop") > 0.5
    assert 0 < found.changed("cutout") < 0.2
    original = found.images["original"][0]
    for each in found.images["flip"]:
        assert np.array_equal(each, original) or np.array_equal(each, original[..., ::-1])
    assert "Other pixels, same label" in check_result(found)
    with pytest.raises(UsageError, match="draws must be at least 1"):
        experiments.show_augmentations(0)
