"""Calibration: a temperature that was planted is found, and errors are what the formula says."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from convscope.errors import UsageError
from convscope.evaluation.calibration import (
    expected_calibration_error,
    fit_temperature,
    measure_reliability,
)


def drawn(temperature, count=40_000, classes=5, seed=0):
    """Logits, and labels drawn from softmax(logits / temperature), so that this is the truth."""
    generator = torch.Generator().manual_seed(seed)
    logits = 4 * torch.randn(count, classes, generator=generator)
    labels = torch.multinomial((logits / temperature).softmax(1), 1, generator=generator)[:, 0]
    return logits, labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5, 10.0])
def test_finds_the_temperature_that_labels_were_drawn_with(temperature):
    logits, labels = drawn(temperature)
    assert fit_temperature(logits, labels) == pytest.approx(temperature, rel=0.03)


def test_temperature_is_where_the_loss_is_least():
    logits, labels = drawn(3.0, count=300)
    found = fit_temperature(logits, labels)

    def loss(temperature):
        return F.cross_entropy(logits.double() / temperature, labels, label_smoothing=1 / 302)

    assert loss(found) <= min(loss(t) for t in np.geomspace(0.01, 100, 400))


def test_one_narrow_mistake_among_few_images_is_no_reason_for_certainty():
    logits = 4 * torch.eye(3)[torch.arange(100) % 3]
    logits[0] = torch.tensor([2.00, 2.01, 0.0])  # the second, by a hair, and wrong
    found = fit_temperature(logits, torch.arange(100) % 3)
    assert 0.3 < found < 1


@given(st.integers(0, 10**6), st.integers(1, 30), st.integers(1, 6), st.floats(0, 50))
def test_temperature_is_never_worse_than_one(seed, count, classes, scale):
    generator = np.random.default_rng(seed)
    logits = torch.from_numpy(scale * generator.standard_normal((count, classes)))
    labels = torch.from_numpy(generator.integers(0, classes, count))
    found = fit_temperature(logits, labels)
    assert 0.01 <= found <= 100
    assert F.cross_entropy(logits / found, labels) <= F.cross_entropy(logits, labels) + 1e-12


def test_images_that_are_all_right_support_only_so_much_certainty():
    few, many = (
        fit_temperature(torch.eye(2).repeat(count, 1), torch.arange(2).repeat(count))
        for count in (10, 1000)
    )
    assert 0.01 < many < few < 1
    # A single margin of 1/T: softmax's best answer is the smoothed label, 21/22 of 20 images
    # (half of the doubt returns to the label, of two classes).
    sureness = torch.tensor([1.0, 0.0]).div(few).softmax(0)[0]
    assert sureness == pytest.approx(1 - 1 / 22 / 2, abs=1e-6)


def test_logits_without_information_are_left_alone():
    assert fit_temperature(torch.zeros(4, 3), torch.tensor([0, 1, 2, 0])) == 1.0


def test_huge_logits_do_not_overflow():
    logits = 1e6 * torch.eye(3, dtype=torch.float64)
    assert fit_temperature(logits, torch.tensor([0, 1, 0])) == pytest.approx(100)


def test_error_of_five_answers_by_hand():
    confidences = torch.tensor([0.88, 0.78, 0.68, 0.58, 0.98])
    probabilities = torch.stack([confidences, 1 - confidences], dim=1)
    labels = torch.tensor([0, 1, 0, 0, 0])
    # Two bins: all five lie in (0.5, 1]: mean confidence 3.9/5, four of five right.
    assert expected_calibration_error(probabilities, labels, bins=2) == pytest.approx(0.02)
    # Ten bins: one answer in each of the last five; only the one in (0.7, 0.8] is wrong.
    expected = (0.12 + 0.78 + 0.32 + 0.42 + 0.02) / 5
    assert expected_calibration_error(probabilities, labels, bins=10) == pytest.approx(expected)


def test_reliability_counts_every_answer_once_and_says_where_there_are_none():
    probabilities = np.array([[0.5, 0.5], [0.75, 0.25], [0.1, 0.9], [1.0, 0.0]])
    bins = measure_reliability(probabilities, np.array([0, 1, 1, 0]), bins=4)
    assert [each.count for each in bins] == [0, 1, 1, 2]  # 0.5 and 0.75 in the bin they close
    assert (bins[0].confidence, bins[0].accuracy) == (None, None)
    assert (bins[2].low, bins[2].high, bins[2].accuracy) == (0.5, 0.75, 0.0)
    assert (bins[3].confidence, bins[3].accuracy) == (pytest.approx(0.95), 1.0)


def test_labels_drawn_from_the_probabilities_are_calibrated_and_sharper_ones_are_not():
    logits, labels = drawn(2.0)
    before = expected_calibration_error(logits.softmax(1), labels)
    after = expected_calibration_error(
        (logits / fit_temperature(logits, labels)).softmax(1), labels
    )
    assert before > 0.1
    assert after < 0.01


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        (np.zeros((0, 3)), np.zeros(0, int), "Calibration needs at least one image; given none."),
        (np.zeros((2, 3)), np.zeros(3, int), r"given shapes \(2, 3\) and \(3,\)"),
        (np.zeros((1, 3)), np.array([3]), "Labels must lie from 0 to 2, .* given 3 to 3"),
    ],
)
def test_refuses_what_does_not_fit(logits, labels, message):
    with pytest.raises(UsageError, match=message):
        fit_temperature(logits, labels)


def test_refuses_no_bins():
    with pytest.raises(UsageError, match="bins must be at least 1; given 0"):
        measure_reliability(np.ones((1, 1)), np.zeros(1, int), bins=0)
