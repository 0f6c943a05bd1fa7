"""What a run's JSON files must hold, field by field, so that a damaged one is refused by name."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pydantic

Finite = Annotated[float, pydantic.Field(allow_inf_nan=False)]
Share = Annotated[float, pydantic.Field(ge=0, le=1)]
Count = Annotated[int, pydantic.Field(ge=0, lt=2**63)]
Seconds = Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)]


class RunFacts(pydantic.BaseModel, extra="allow"):
    """What every reader needs of environment.json; facts about the machine stand beside it."""

    data_fingerprint: Annotated[str, pydantic.Field(max_length=200)]


class ExecutionFacts(RunFacts):
    """What resuming needs of environment.json."""

    device: Annotated[str, pydantic.Field(max_length=100)]
    precision: Literal["float32", "bfloat16"]
    layout: Literal["channels_last", "contiguous"] = "channels_last"
    matrix_convolutions: dict[str, tuple[str, ...]]
    recipe: dict[str, Any] | None = None
    processes: Annotated[int, pydantic.Field(gt=0)] = 1


class EvaluationSummary(pydantic.BaseModel):
    """The figures of evaluation.json that sum up a run."""

    accuracy: Share
    interval: tuple[Share, Share]
    loss: Finite
    split: Literal["train", "validation", "test"]


class MetricLine(pydantic.BaseModel, extra="allow"):
    """A line of metrics.jsonl: what is computed with later. Losses and accuracies stand beside."""

    kind: str
    step: Count = 0
    epoch: Count = 0
    seconds: Seconds = 0.0
    images_per_second: Seconds = 0.0
