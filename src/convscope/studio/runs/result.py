"""evaluation.json of a run as the page shows it."""

from __future__ import annotations

from typing import Any

import pydantic

from convscope.comparison.evaluation_record import Count, EvaluationRecord, Share, WrongImage
from convscope.runs.run import Run
from convscope.studio.notes import send_notes


class ShownMistake(WrongImage, frozen=True):
    """An image that was given a wrong class, and how probable that class was said to be."""

    predicted: str
    probability: Share


class ShownScore(pydantic.BaseModel, frozen=True):
    """How well a class is recognized; None stands for 0/0."""

    precision: Share | None = None
    recall: Share | None = None
    f1: Share | None = None
    count: Count


class ShownCalibration(pydantic.BaseModel, frozen=True):
    """Expected calibration error without and with the temperature."""

    ece_before: Share
    ece_after: Share
    temperature: float


class ShownBin(pydantic.BaseModel, frozen=True):
    """Images by the network's confidence: from `low` to `high`, and the share that is right."""

    low: Share
    high: Share
    confidence: Share | None
    accuracy: Share | None
    count: Count


class ShownReliability(pydantic.BaseModel, frozen=True):
    """The bins without and with the temperature."""

    before: tuple[ShownBin, ...]
    after: tuple[ShownBin, ...]


class ShownRejection(pydantic.BaseModel, frozen=True):
    """How often the model says "unknown" to images of classes that it knows."""

    unknown: Share
    accuracy: Share | None
    rate: Share


class ShownStrangers(pydantic.BaseModel, frozen=True):
    """What it says of images of no class that it knows."""

    data: str
    images: Count
    auroc: Share
    false_acceptance: Share


class ShownResult(EvaluationRecord, frozen=True):
    """evaluation.json; the parts that runs of earlier versions may lack are None.

    Attributes:
        confusion: How many images of the row's class were given the column's.
        balanced_accuracy: Mean over the classes of the share that is recognized.
        notes: What a reader of the figures must know, in English.
        calibration: Whether probabilities can be taken at their word.
        reliability: The same by confidence.
        rejection: How often it says "unknown" to these images.
        out_of_distribution: What it says of others.
        evaluated: When, as ISO 8601.
    """

    mistakes: tuple[ShownMistake, ...]
    per_class: tuple[ShownScore, ...]  # type: ignore[assignment]
    confusion: tuple[tuple[Count, ...], ...]
    balanced_accuracy: Share | None = None
    notes: tuple[str, ...] = ()
    calibration: ShownCalibration | None = None
    reliability: ShownReliability | None = None
    rejection: ShownRejection | None = None
    out_of_distribution: tuple[ShownStrangers, ...] = ()
    evaluated: str | None = None

    @pydantic.model_validator(mode="after")
    def _sizes_agree(self) -> ShownResult:
        classes = len(self.classes)
        rows = {len(self.confusion), len(self.per_class), *map(len, self.confusion)}
        if rows != {classes}:
            raise ValueError("the confusion matrix isn't one of these classes")
        if not {each.predicted for each in self.mistakes} <= set(self.classes):
            raise ValueError("a mistake names a class that there isn't")
        return self


def read_result(run: Run) -> ShownResult | None:
    """The evaluation of a run on its test images; None for one that wasn't evaluated.

    Raises:
        ConvscopeError: evaluation.json is damaged.
    """
    if not run.evaluation_file.is_file():
        return None
    return ShownResult.model_validate(run.read_evaluation(ShownResult))


def result_as_dict(result: ShownResult) -> dict[str, Any]:
    """What the page draws: everything but the mistakes, of which it asks cell by cell."""
    return {
        **result.model_dump(mode="json", exclude={"mistakes"}),
        "notes": send_notes(result.notes),
    }
