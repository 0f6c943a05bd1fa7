"""When an image looks like nothing known: its score, and how often known images are "unknown"."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from convscope.errors import UsageError
from convscope.evaluation.logits import Logits
from convscope.runs.model_file import Gaussians, ModelCard, Score


@dataclass(frozen=True)
class KnownImages:
    """How often a model says "unknown" to images of classes that it knows.

    Attributes:
        unknown: Share of the images evaluated that the model calls "unknown".
        accuracy: Share of the other images that is given the true class; None without others.
        rate: Share of the validation images that the threshold rejects.
        score: What was computed from the logits.
    """

    unknown: float
    accuracy: float | None
    rate: float
    score: Score


def is_unknown(logits: Tensor, card: ModelCard) -> Tensor:
    """Which images look like nothing the model was trained on: (N,) bool.

    Args:
        logits: (N, classes).
        card: Says which score is compared with which threshold; without, no image is unknown.
    """
    if card.rejection is None:
        return torch.zeros_like(logits[:, 0], dtype=torch.bool)
    scores = familiarity(logits, card.rejection.score, card.rejection.gaussians)
    return scores < card.rejection.threshold


def measure_known(logits: Logits, card: ModelCard) -> KnownImages | None:
    """How often a model says "unknown" wrongly; None for a model that never says so.

    Args:
        logits: The logits of images of classes that the model knows.
        card: Holds threshold and score.
    """
    if card.rejection is None:
        return None
    unknown = is_unknown(logits.values, card)
    right = (logits.values.argmax(dim=1) == logits.labels)[~unknown]
    return KnownImages(
        unknown=float(unknown.double().mean()),
        accuracy=float(right.double().mean()) if len(right) else None,
        rate=card.rejection.rate,
        score=card.rejection.score,
    )


def familiarity(logits: Tensor, score: Score, gaussians: Gaussians | None = None) -> Tensor:
    """How much an image looks like those trained on, (N,); higher is more familiar.

    - "max_probability": the plain maximum of softmax (Hendrycks and Gimpel 2017, "A baseline for
      detecting misclassified and out-of-distribution examples").
    - "max_logit": the largest logit (Hendrycks et al. 2022, "Scaling out-of-distribution
      detection for real-world settings").
    - "energy": the logarithm of the sum of exponentials (Liu et al. 2020, "Energy-based
      out-of-distribution detection").
    - "gaussian_energy": the largest log-density, up to a constant, among normal distributions of
      the logits, one a class (Lee et al. 2018, "A simple unified framework for detecting
      out-of-distribution samples and adversarial attacks", but of logits, and with a covariance
      for each class, as in quadratic discriminant analysis), and a weighted energy: the density
      knows the shape of the logits, the energy their size.

    Args:
        logits: (N, classes).
        score: One of the four.
        gaussians: For the score "gaussian_energy".

    Raises:
        UsageError: There are no gaussians for that score.
    """
    if score == "max_probability":
        return logits.softmax(dim=1).amax(dim=1)
    if score == "max_logit":
        return logits.amax(dim=1)
    energy = logits.logsumexp(dim=1)
    if score == "energy":
        return energy
    if gaussians is None:
        raise UsageError("The score 'gaussian_energy' needs gaussians: fit_gaussians gives them.")
    means = logits.new_tensor(gaussians.means)  # (G, K)
    factors = logits.new_tensor(gaussians.factors)  # (G, K, K)
    offsets = logits.new_tensor(gaussians.offsets)  # (G,)
    whitened = (logits - means[:, None]) @ factors  # (N, K) - (G, 1, K) → (G, N, K)
    density = (offsets[:, None] - whitened.square().sum(dim=2) / 2).amax(dim=0)  # (N,)
    return density + gaussians.energy * energy
