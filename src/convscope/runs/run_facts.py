"""What a run's JSON files must hold, field by field, so that a damaged one is refused by name."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pydantic

from convscope.errors import first_invalid

Finite = Annotated[float, pydantic.Field(allow_inf_nan=False)]
Share = Annotated[float, pydantic.Field(ge=0, le=1)]
Count = Annotated[int, pydantic.Field(ge=0, lt=2**63)]
Seconds = Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)]

FORMER_NAMES: dict[str, str] = {"pictures_per_second": "images_per_second"}
"""Names of metrics as earlier runs wrote them, and as they are called now."""


class RunEnvironment(pydantic.BaseModel, extra="allow"):
    """What resuming needs of environment.json; facts about the machine stand beside it."""

    device: Annotated[str, pydantic.Field(max_length=100)]
    precision: Literal["float32", "bfloat16"]
    layout: Literal["channels_last", "contiguous"] = "channels_last"
    matrix_convolutions: dict[str, tuple[str, ...]]
    data_fingerprint: Annotated[str, pydantic.Field(max_length=200)]
    recipe: dict[str, Any] | None = None


class EvaluationSummary(pydantic.BaseModel):
    """The figures of evaluation.json that sum up a run."""

    accuracy: Share
    interval: tuple[Share, Share]
    loss: Finite
    split: Literal["train", "validation", "test"]


class StepLine(pydantic.BaseModel, extra="forbid"):
    """A line of metrics.jsonl within an epoch."""

    kind: Literal["step"]
    step: Count
    loss: Finite
    learning_rate: Finite


class EpochLine(pydantic.BaseModel, extra="allow"):
    """A line of metrics.jsonl at the end of an epoch, with the loss and accuracy of a split."""

    kind: Literal["epoch"]
    step: Count
    epoch: Count
    seconds: Seconds
    train_loss: Finite
    train_accuracy: Share
    images_per_second: Seconds
    learning_rate: Finite
    __pydantic_extra__: dict[str, Finite]


class ErrorLine(pydantic.BaseModel, extra="forbid"):
    """The line of metrics.jsonl about what ended a run."""

    kind: Literal["error"]
    step: Count
    message: str


_LINE: pydantic.TypeAdapter[StepLine | EpochLine | ErrorLine] = pydantic.TypeAdapter(
    Annotated[StepLine | EpochLine | ErrorLine, pydantic.Field(discriminator="kind")]
)


def check_metric(content: dict[str, Any]) -> dict[str, Any]:
    """A line of metrics.jsonl, in the names of now.

    Raises:
        ValueError: Names the first field that is wrong.
    """
    renamed = {FORMER_NAMES.get(name, name): value for name, value in content.items()}
    try:
        _LINE.validate_python(renamed)
    except pydantic.ValidationError as error:
        raise ValueError(first_invalid(error)) from None
    return renamed
