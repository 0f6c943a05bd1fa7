"""When an image looks like nothing known: choosing a threshold, and measuring what it is worth."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from convscope.errors import UsageError
from convscope.evaluation.unknown import familiarity
from convscope.runs.model_file import Gaussians, Rejection, Score

POOLED_IMAGES = 20
"""How many images the covariance of all classes counts for beside that of one class."""
RIDGE = 1e-4
"""Share of the mean variance that is added to each variance: without it, a direction in which
logits hardly vary (their sum, say) would decide by the rounding of float32."""
ENERGY_SPREAD = 0.5
"""The energy is weighted so that it varies half as much as the log-density. Measured (see
docs/benchmarks.md): of out-of-distribution images, fewer are accepted than by either alone."""
DIGITS = 6  # of the numbers kept: as exact as float32, and short in the file


def choose_rejection(
    logits: Tensor, rate: float = 0.05, score: Score = "energy", gaussians: Gaussians | None = None
) -> Rejection:
    """The threshold below which a stated share of known images is called "unknown".

    It lies halfway between two images' scores, so that another machine's rounding doesn't move
    an image across. Where many images score exactly alike, fewer are rejected than stated.

    Args:
        logits: (N, classes), of images of known classes that nothing was fitted to.
        rate: Share of these that may be called "unknown": from 0 up to below 1.
        score: What to compute from logits; see `evaluation.unknown.familiarity`.
        gaussians: For the score "gaussian_energy"; from `fit_gaussians`, on other images.

    Raises:
        UsageError: There are no images, or the rate isn't such a share.
    """
    if not 0 <= rate < 1:
        raise UsageError(f"unknown_rate must be a share, 0 up to below 1; given {rate}.")
    if len(logits) == 0:
        raise UsageError("A threshold for 'unknown' needs at least one image; given none.")
    scores = np.sort(familiarity(logits, score, gaussians).double().numpy())
    rejected = min(round(rate * len(scores)), len(scores) - 1)
    threshold = float(scores[max(rejected - 1, 0) : rejected + 1].mean())
    return Rejection(
        score=score,
        threshold=threshold,
        rate=float((scores < threshold).mean()),
        gaussians=gaussians,
    )


def fit_gaussians(logits: Tensor, labels: Tensor) -> Gaussians:
    """Mean and covariance of the logits of each class, and what the energy counts beside them.

    The covariance of a class is drawn towards that of all classes, so that few images are
    enough (Friedman 1989, "Regularized discriminant analysis").

    Args:
        logits: (N, K), N at least 1; best of the training images, as they are without
            augmentation: the threshold is then chosen on others.
        labels: (N,) true classes. Classes that don't occur are left out.
    """
    rows, true = logits.double().numpy(), labels.numpy()
    present, place = np.unique(true, return_inverse=True)
    means = np.stack([rows[true == label].mean(axis=0) for label in present])  # (G, K)
    off = rows - means[place]  # (N, K)
    pooled = off.T @ off / len(rows)
    ridge = RIDGE * pooled.trace() / len(pooled) + np.finfo(np.float32).eps
    pooled += ridge * np.eye(len(pooled))
    factors, offsets = [], []
    for group in range(len(present)):
        own = off[place == group]
        covariance = (own.T @ own + POOLED_IMAGES * pooled) / (len(own) + POOLED_IMAGES)
        # P = L·Lᵀ is the inverse of the covariance, so |d·L|² = d·P·dᵀ, and ln det P = 2 ln det L.
        factor = np.linalg.cholesky(np.linalg.inv(covariance))
        factors.append(factor)
        offsets.append(np.log(factor.diagonal()).sum())
    density = Gaussians(
        means=_short(means),
        factors=_short(np.stack(factors)),
        offsets=_short(np.array(offsets)),
        energy=0.0,
    )
    spread = float(familiarity(logits, "gaussian_energy", density).std(correction=0))
    of_energy = float(familiarity(logits, "energy").std(correction=0))
    # Where logits never vary, neither number is more than the rounding of float32.
    weight = ENERGY_SPREAD * spread / of_energy if of_energy > 1e-5 else 0.0
    return density.model_copy(update={"energy": _short(np.array(weight))})


def auroc(known: npt.ArrayLike, out_of_distribution: npt.ArrayLike) -> float:
    """How well scores tell known images from out-of-distribution ones: area under the ROC curve.

    That is the probability that a known image scores higher than an out-of-distribution one, equal
    scores counting half (Fawcett 2006, "An introduction to ROC analysis", section 7).

    Args:
        known: Scores, at least one; higher is more familiar.
        out_of_distribution: Scores, at least one.

    Returns:
        1: all known images score higher; 0.5: as good as chance.
    """
    ours, others = (
        np.asarray(known, np.float64),
        np.sort(np.asarray(out_of_distribution, np.float64)),
    )
    below = np.searchsorted(others, ours, side="left")
    not_above = np.searchsorted(others, ours, side="right")
    return float((below + not_above).mean() / 2 / len(others))


def false_acceptance(out_of_distribution: npt.ArrayLike, threshold: float) -> float:
    """Share of out-of-distribution images that is given a class, each of them wrongly.

    Args:
        out_of_distribution: Scores, at least one.
        threshold: Images that score lower are called "unknown".
    """
    return float((np.asarray(out_of_distribution) >= threshold).mean())


def _short(values: npt.NDArray[np.float64]) -> Any:
    """Nested lists of numbers with a few digits."""
    rounded = [float(f"{value:.{DIGITS}g}") for value in values.ravel()]
    return np.array(rounded).reshape(values.shape).tolist()
