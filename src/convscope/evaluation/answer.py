"""From logits to an answer: probabilities that can be trusted, or "unknown"."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from convscope.runs.model_file import ModelCard


@dataclass(frozen=True)
class Answers:
    """What a model says of pictures.

    Attributes:
        probabilities: (N, classes) float32; each row adds up to 1.
        unknown: (N,) bool: whether the picture looks like nothing the model was trained on.
    """

    probabilities: Tensor
    unknown: Tensor


def answer(logits: Tensor, card: ModelCard) -> Answers:
    """What the model of a card says, given its logits.

    Args:
        logits: (N, classes).
        card: Holds the temperature and when to reject.
    """
    probabilities = (logits / card.temperature).softmax(dim=1)
    if card.rejection is None:
        return Answers(probabilities, torch.zeros(len(logits), dtype=torch.bool))
    scores = familiarity(logits, card.rejection.score)
    return Answers(probabilities, scores < card.rejection.threshold)


def familiarity(logits: Tensor, score: str) -> Tensor:
    """How much a picture looks like those trained on, (N,); higher is more familiar.

    "max_probability" is the plain maximum of softmax (Hendrycks and Gimpel 2017, "A baseline for
    detecting misclassified and out-of-distribution examples"), "max_logit" the largest logit
    (Hendrycks et al. 2022, "Scaling out-of-distribution detection for real-world settings") and
    "energy" the logarithm of the sum of exponentials (Liu et al. 2020, "Energy-based
    out-of-distribution detection").

    Args:
        logits: (N, classes).
        score: One of the three.
    """
    if score == "max_probability":
        return logits.softmax(dim=1).amax(dim=1)
    if score == "max_logit":
        return logits.amax(dim=1)
    return logits.logsumexp(dim=1)
