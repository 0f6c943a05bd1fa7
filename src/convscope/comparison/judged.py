"""The judgement of a run as it is read back, and whether two are of the same pictures."""

from __future__ import annotations

from typing import Annotated

import pydantic

from convscope.errors import ConvscopeError, UsageError
from convscope.runs.run import Run

Share = Annotated[float, pydantic.Field(ge=0, le=1)]
Count = Annotated[int, pydantic.Field(ge=0)]


class WrongPicture(pydantic.BaseModel, frozen=True):
    """A picture given the wrong class: its place among those judged, its file and its class."""

    index: Count
    path: str
    label: str


class ClassCount(pydantic.BaseModel, frozen=True):
    """How many pictures of a class were judged."""

    count: Count


class Judged(pydantic.BaseModel, frozen=True):
    """What a comparison needs of evaluation.json.

    Attributes:
        accuracy: Share of pictures given their true class.
        interval: 95 % confidence interval of the accuracy.
        loss: Mean cross-entropy.
        data: Name or folder of the data.
        split: Which part of it.
        pictures: How many were judged.
        picture_shape: (C, H, W) of one.
        fingerprint: Of the pictures; that of others is another.
        classes: Names.
        per_class: Pictures of each.
        mistakes: All wrong pictures.
    """

    accuracy: Share
    interval: tuple[Share, Share]
    loss: float
    data: str
    split: str
    pictures: Annotated[int, pydantic.Field(gt=0)]
    picture_shape: tuple[int, int, int] | None = None
    fingerprint: str | None = None
    classes: tuple[str, ...]
    per_class: tuple[ClassCount, ...]
    mistakes: tuple[WrongPicture, ...]

    @pydantic.model_validator(mode="after")
    def _mistakes_agree(self) -> Judged:
        places = {mistake.index for mistake in self.mistakes}
        right = round(self.accuracy * self.pictures)
        if len(places) < len(self.mistakes) or max(places, default=0) >= self.pictures:
            raise ValueError("the mistakes aren't places among the pictures, each once")
        if right + len(places) != self.pictures:
            raise ValueError("the number of mistakes doesn't fit the accuracy")
        return self

    @property
    def wrong(self) -> frozenset[int]:
        """The places of the wrong pictures."""
        return frozenset(mistake.index for mistake in self.mistakes)


def read_judged(run: Run) -> Judged:
    """The judgement of a run on its test pictures.

    Raises:
        UsageError: The run hasn't ended.
        ConvscopeError: evaluation.json is damaged.
    """
    if not run.evaluation_file.is_file():
        raise UsageError(
            f"Run {str(run.folder)!r} hasn't ended yet. Go on with it: convscope resume "
            f"{run.folder}"
        )
    try:
        return Judged.model_validate_json(run.evaluation_file.read_bytes())
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConvscopeError(
            f"{str(run.evaluation_file)!r} is damaged: {where + ': ' if where else ''}"
            f"{first['msg'].removeprefix('Value error, ')}. Judge the run again: convscope "
            f"evaluate {run.folder}"
        ) from None


def why_not_same_pictures(first: Judged, second: Judged) -> str | None:
    """What shows that two runs were judged on different pictures; None if nothing does.

    The fingerprints settle it where both runs took pictures of the same size. Otherwise number,
    classes, and the names and classes of the pictures that both got wrong have to agree.
    """
    if first.split != second.split:
        return f"one was judged on {first.split} pictures, the other on {second.split} pictures"
    if first.classes != second.classes:
        return "they were judged on pictures of different classes"
    if first.per_class != second.per_class:
        return (
            f"one was judged on {first.pictures:,} pictures of {first.data}, the other on "
            f"{second.pictures:,} of {second.data}"
            if first.pictures != second.pictures
            else "they were judged on different numbers of pictures of some classes"
        )
    different = "they were judged on different pictures, though on as many"
    if None not in (first.fingerprint, second.fingerprint) and (
        first.picture_shape == second.picture_shape
    ):
        return None if first.fingerprint == second.fingerprint else different
    files = {each.index: each for each in first.mistakes}
    if any(files.get(each.index, each) != each for each in second.mistakes):
        return different
    return None if first.data == second.data else different
