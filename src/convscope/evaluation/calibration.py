"""Whether probabilities can be taken at their word, and one number that mends them.

Of the predictions with 80 % confidence, 80 % should be right. Networks are often overconfident, and
those trained with label smoothing underconfident. Guo et al. 2017, "On calibration of modern neural
networks", measure this (section 2) and divide all logits by one number (section 4.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from torch import Tensor

from convscope.errors import UsageError
from convscope.evaluation.logits import Logits
from convscope.runs.model_file import ModelCard

Numbers: TypeAlias = Tensor | npt.NDArray[np.floating]
Labels: TypeAlias = Tensor | npt.NDArray[np.integer]
Float64: TypeAlias = npt.NDArray[np.float64]

SHARPEST, SOFTEST = 0.01, 100.0  # temperatures searched
HALVINGS = 60  # of the interval searched, which spans ln(10 000) at first


@dataclass(frozen=True)
class Bin:
    """The images whose confidence lies above `low`, up to and including `high`.

    The confidence is the probability of the most probable class.

    Attributes:
        low: Where the bin begins.
        high: Where it ends.
        confidence: Mean confidence of these images; None where there are none.
        accuracy: Share of these images that is right; None where there are none.
        count: How many images there are.
    """

    low: float
    high: float
    confidence: float | None
    accuracy: float | None
    count: int


@dataclass(frozen=True)
class CalibrationError:
    """Whether probabilities can be taken at their word.

    Attributes:
        ece_before: Expected calibration error of softmax as it is.
        ece_after: Expected calibration error with the temperature.
        temperature: Logits are divided by it; fitted to validation images. 1: nothing was
            fitted, or nothing was better.
    """

    ece_before: float
    ece_after: float
    temperature: float


def calibrate_probabilities(logits: Tensor, card: ModelCard) -> Tensor:
    """Softmax of logits (N, classes) divided by the card's temperature: (N, classes) float32."""
    return (logits / card.temperature).softmax(dim=1)


def measure_calibration(logits: Logits, card: ModelCard) -> CalibrationError:
    """The expected calibration error without and with a model's temperature."""
    calibrated = calibrate_probabilities(logits.values, card)
    return CalibrationError(
        ece_before=expected_calibration_error(logits.probabilities, logits.labels),
        ece_after=expected_calibration_error(calibrated, logits.labels),
        temperature=card.temperature,
    )


def fit_temperature(logits: Numbers, labels: Labels) -> float:
    """The temperature that makes softmax(logits / temperature) most likely, given the labels.

    The negative log-likelihood is a convex function of 1/temperature, so its slope changes sign
    once, and halving an interval finds where. Which class is the most probable never changes.

    Each label is believed but for a share of 1 / (N + 2), spread evenly over the classes, as Platt
    does (1999, "Probabilistic outputs for support vector machines", section 2.2). Of thousands of
    images this changes nothing; of a hundred that are all right, or nearly, the likelihood alone
    would have the network be certain of everything, which they can't support.

    Args:
        logits: (N, classes), of images that were not trained on.
        labels: (N,) true classes.

    Returns:
        From 0.01 to 100; above 1 the network was overconfident. Never less likely than
        temperature 1.

    Raises:
        UsageError: There are no images, or shapes or labels don't fit together.
    """
    scores, true = _check(logits, labels)
    scores = scores - scores.max(axis=1, keepdims=True)
    of_label = scores[np.arange(len(true)), true]
    doubt = 1 / (len(true) + 2)
    wanted = float(((1 - doubt) * of_label + doubt * scores.mean(axis=1)).mean())
    low, high = np.log(SHARPEST), np.log(SOFTEST)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        probabilities = _softmax(scores / np.exp(middle))
        # The slope of the likelihood by 1/temperature is the score wanted less the one expected.
        if wanted > float((probabilities * scores).sum(axis=1).mean()):
            high = middle
        else:
            low = middle
    found = min(max(float(np.exp((low + high) / 2)), SHARPEST), SOFTEST)
    is_better = _loss(scores / found, of_label / found) < _loss(scores, of_label)
    return found if is_better else 1.0


def expected_calibration_error(probabilities: Numbers, labels: Labels, bins: int = 15) -> float:
    """Mean distance between probability and share of right images, weighted by the bins' counts.

    Guo et al. 2017, equation 3, with bins of equal width.

    Args:
        probabilities: (N, classes), each row adding up to 1.
        labels: (N,) true classes.
        bins: How many; at least 1.

    Returns:
        From 0 (calibrated) to 1.

    Raises:
        UsageError: There are no images, or shapes or labels don't fit together.
    """
    filled = measure_reliability(probabilities, labels, bins)
    total = sum(each.count for each in filled)
    return sum(
        each.count / total * abs(each.accuracy - each.confidence)
        for each in filled
        if each.accuracy is not None and each.confidence is not None
    )


def measure_reliability(probabilities: Numbers, labels: Labels, bins: int = 15) -> tuple[Bin, ...]:
    """How often the most probable class is the true one, by its probability.

    Args:
        probabilities: (N, classes), each row adding up to 1.
        labels: (N,) true classes.
        bins: Intervals of equal width between 0 and 1; at least 1.

    Raises:
        UsageError: There are no images, or shapes or labels don't fit together.
    """
    if bins < 1:
        raise UsageError(f"bins must be at least 1; given {bins}.")
    shares, true = _check(probabilities, labels)
    confidence, right = shares.max(axis=1), shares.argmax(axis=1) == true
    # A probability on the border belongs to the bin below, as in the paper.
    number = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    counts = np.bincount(number, minlength=bins)
    sums = np.bincount(number, weights=confidence, minlength=bins)
    hits = np.bincount(number, weights=right, minlength=bins)
    return tuple(
        Bin(
            low=place / bins,
            high=(place + 1) / bins,
            confidence=float(sums[place] / count) if count else None,
            accuracy=float(hits[place] / count) if count else None,
            count=int(count),
        )
        for place, count in enumerate(counts)
    )


def _check(values: Numbers, labels: Labels) -> tuple[Float64, npt.NDArray[np.int64]]:
    """Both as NumPy arrays that fit together."""
    rows, true = np.asarray(values, dtype=np.float64), np.asarray(labels)
    if rows.ndim != 2 or true.shape != rows.shape[:1]:
        raise UsageError(
            f"Calibration takes (N, classes) values and (N,) labels; given shapes {rows.shape} "
            f"and {true.shape}."
        )
    if len(rows) == 0:
        raise UsageError("Calibration needs at least one image; given none.")
    if not (true.min() >= 0 and true.max() < rows.shape[1]):
        raise UsageError(
            f"Labels must lie from 0 to {rows.shape[1] - 1}, the number of the last class; given "
            f"{true.min()} to {true.max()}."
        )
    return rows, true.astype(np.int64)


def _softmax(scores: Float64) -> Float64:
    """Softmax of rows whose largest value is 0."""
    exponentials = np.exp(scores)
    shares: Float64 = exponentials / exponentials.sum(axis=1, keepdims=True)
    return shares


def _loss(scores: Float64, of_label: Float64) -> float:
    """Mean cross-entropy of rows whose largest value is 0."""
    return float((np.log(np.exp(scores).sum(axis=1)) - of_label).mean())
