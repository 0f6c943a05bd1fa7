"""What a model's answers are worth on images of known classes: calibration, and "unknown"."""

from __future__ import annotations

from dataclasses import dataclass

from convscope.evaluation.answer import answer
from convscope.evaluation.calibration import expected_calibration_error
from convscope.evaluation.measure import Outcome
from convscope.runs.model_file import ModelCard, Score


@dataclass(frozen=True)
class Calibration:
    """Whether probabilities can be taken at their word.

    Attributes:
        ece_before: Expected calibration error of softmax as it is.
        ece_after: The same with the temperature.
        temperature: Logits are divided by it; fitted to validation images. 1: nothing was
            fitted, or nothing was better.
    """

    ece_before: float
    ece_after: float
    temperature: float


@dataclass(frozen=True)
class KnownImages:
    """How often a model says "unknown" to images of classes that it knows.

    Attributes:
        unknown: Share of the images evaluated that is answered "unknown".
        accuracy: Share of the others that is given the true class; None if there are no others.
        rate: Share of the validation images that the threshold rejects.
        score: What was computed from the logits.
    """

    unknown: float
    accuracy: float | None
    rate: float
    score: Score


def calibration_of(outcome: Outcome, card: ModelCard) -> Calibration:
    """Calibration of a model's answers, without and with its temperature."""
    before = expected_calibration_error(outcome.probabilities, outcome.labels)
    after = expected_calibration_error(answer(outcome.logits, card).probabilities, outcome.labels)
    return Calibration(before, after, card.temperature)


def known_images(outcome: Outcome, card: ModelCard) -> KnownImages | None:
    """How often a model says "unknown" wrongly; None for a model that never says so."""
    if card.rejection is None:
        return None
    unknown = answer(outcome.logits, card).unknown
    right = (outcome.logits.argmax(dim=1) == outcome.labels)[~unknown]
    return KnownImages(
        unknown=float(unknown.double().mean()),
        accuracy=float(right.double().mean()) if len(right) else None,
        rate=card.rejection.rate,
        score=card.rejection.score,
    )
