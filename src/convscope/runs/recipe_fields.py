"""What fields of a recipe may hold: numbers within limits, and a normalization given as numbers."""

from __future__ import annotations

from typing import Annotated

import pydantic

Count = Annotated[int, pydantic.Field(gt=0)]
Rate = Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, pydantic.Field(ge=0, lt=1)]
Finite = Annotated[float, pydantic.Field(allow_inf_nan=False)]


class PixelStatistics(pydantic.BaseModel, frozen=True, extra="forbid"):
    """A normalization given as numbers: pixels in [0, 1] less the mean, divided by the deviation.

    Attributes:
        mean: One number for all channels, or one for each.
        std: Above 0, as many.
    """

    mean: tuple[Finite, ...]
    std: tuple[Annotated[Finite, pydantic.Field(gt=0)], ...]

    @pydantic.model_validator(mode="after")
    def _are_as_many(self) -> PixelStatistics:
        if len(self.mean) != len(self.std) or len(self.mean) not in (1, 3):
            raise ValueError("mean and std take 1 or 3 numbers each")
        return self
