"""The evaluation of a run as it is read back, and whether two are of the same images."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from itertools import accumulate
from typing import Annotated

import pydantic

from convscope.errors import UsageError
from convscope.runs.interval import wilson_interval
from convscope.runs.run import Run

Share = Annotated[float, pydantic.Field(ge=0, le=1)]
Count = Annotated[int, pydantic.Field(ge=0)]
_also = pydantic.AliasChoices  # a name, and what earlier runs called it


class WrongImage(pydantic.BaseModel, frozen=True):
    """An image given the wrong class: its place among those evaluated, its file and its class."""

    index: Count
    path: str
    label: str


class ClassCount(pydantic.BaseModel, frozen=True):
    """How many images of a class were evaluated."""

    count: Count


class EvaluationRecord(pydantic.BaseModel, frozen=True):
    """What a comparison needs of evaluation.json.

    Attributes:
        accuracy: Share of images given their true class.
        interval: 95 % confidence interval of the accuracy.
        loss: Mean cross-entropy.
        data: Name or folder of the data.
        split: Which part of it.
        images: How many were evaluated.
        image_shape: (C, H, W) of one.
        fingerprint: Differs where the images differ.
        classes: Names of the classes.
        per_class: How many images each class has.
        mistakes: All wrong images.
    """

    accuracy: Share
    interval: tuple[Share, Share]
    loss: float
    data: str
    split: str
    images: Annotated[int, pydantic.Field(gt=0, validation_alias=_also("images", "pictures"))]
    image_shape: Annotated[
        tuple[int, int, int] | None,
        pydantic.Field(validation_alias=_also("image_shape", "picture_shape")),
    ] = None
    fingerprint: str | None = None
    classes: tuple[str, ...]
    per_class: tuple[ClassCount, ...]
    mistakes: tuple[WrongImage, ...]

    @pydantic.model_validator(mode="after")
    def _mistakes_agree(self) -> EvaluationRecord:
        places = {mistake.index for mistake in self.mistakes}
        right = round(self.accuracy * self.images)
        if len(places) < len(self.mistakes) or max(places, default=0) >= self.images:
            raise ValueError("the mistakes aren't places among the images, each once")
        if right + len(places) != self.images:
            raise ValueError("the number of mistakes doesn't fit the accuracy")
        return self

    @property
    def wrong(self) -> frozenset[int]:
        """The places of the wrong images."""
        return frozenset(mistake.index for mistake in self.mistakes)


def mean_recall(record: EvaluationRecord) -> float:
    """Balanced accuracy: the mean over classes, those with images, of the share recognized."""
    wrong = Counter(each.label for each in record.mistakes)
    counts = zip(record.classes, record.per_class, strict=True)
    return statistics.fmean(1 - wrong[name] / each.count for name, each in counts if each.count)


def read_evaluation(run: Run) -> EvaluationRecord:
    """The evaluation of a run on its test images.

    Raises:
        UsageError: The run hasn't ended.
        ConvscopeError: evaluation.json is damaged.
    """
    if not run.evaluation_file.is_file():
        raise UsageError(
            f"Run {str(run.folder)!r} hasn't ended yet. Go on with it: convscope resume "
            f"{run.folder}"
        )
    return EvaluationRecord.model_validate(run.read_evaluation(EvaluationRecord))


def pool_folds(records: Sequence[EvaluationRecord]) -> EvaluationRecord:
    """The evaluations of all folds as one of all images, each of which is in one fold.

    Args:
        records: Of every fold, in their order.
    """
    firsts = list(accumulate((each.images for each in records), initial=0))
    images, prints = firsts[-1], [each.fingerprint for each in records]
    mistakes = tuple(
        wrong.model_copy(update={"index": first + wrong.index})
        for first, each in zip(firsts, records, strict=False)
        for wrong in each.mistakes
    )
    right = images - len(mistakes)
    counts = zip(*(each.per_class for each in records), strict=True)
    return EvaluationRecord(
        accuracy=right / images,
        interval=wilson_interval(right, images),
        loss=sum(each.loss * each.images for each in records) / images,
        data=records[0].data,
        split=records[0].split,
        images=images,
        image_shape=records[0].image_shape,
        fingerprint=None if None in prints else sha256(repr(prints).encode()).hexdigest(),
        classes=records[0].classes,
        per_class=tuple(ClassCount(count=sum(each.count for each in row)) for row in counts),
        mistakes=mistakes,
    )


def why_not_same_images(first: EvaluationRecord, second: EvaluationRecord) -> str | None:
    """What shows that two runs were evaluated on different images; None if nothing does.

    The fingerprints settle it where both runs took images of the same size. Otherwise number,
    classes, and the names and classes of the images that both got wrong have to agree.
    """
    if first.split != second.split:
        return f"one was evaluated on {first.split} images, the other on {second.split} images"
    if first.classes != second.classes:
        return "they were evaluated on images of different classes"
    if first.per_class != second.per_class:
        return (
            f"one was evaluated on {first.images:,} images of {first.data}, the other on "
            f"{second.images:,} of {second.data}"
            if first.images != second.images
            else "they were evaluated on different numbers of images of some classes"
        )
    different = "they were evaluated on different images, though on as many"
    if (
        first.fingerprint is not None
        and second.fingerprint is not None
        and first.image_shape == second.image_shape
        and len(first.fingerprint) == len(second.fingerprint)  # of one version
    ):
        return None if first.fingerprint == second.fingerprint else different
    files = {each.index: each for each in first.mistakes}
    if any(files.get(each.index, each) != each for each in second.mistakes):
        return different
    return None if first.data == second.data else different
