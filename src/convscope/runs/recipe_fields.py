"""What fields of a recipe may hold: numbers within limits, a normalization, the stages."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

Count = Annotated[int, pydantic.Field(gt=0)]
Rate = Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, pydantic.Field(ge=0, lt=1)]
Finite = Annotated[float, pydantic.Field(allow_inf_nan=False)]
Initialization = Literal["default", "xavier", "kaiming", "normal", "constant", "data-dependent"]


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


class Stages(pydantic.BaseModel, frozen=True, extra="forbid"):
    """How training goes from a new last layer down to the first; `runs.stages` has the rules.

    Attributes:
        head_epochs: Epochs in which only the new layer learns, at most half of all. 0: all layers
            learn from the start.
        copies: How many times each training image is changed at random for these epochs, besides
            as it is: their features are computed once, and epochs take them in turn.
        epochs_per_third: Epochs after which another third of the layers begins to learn.
        rate_decay: The learning rate of a third of the layers, as a share of that of the third
            above it; the last layer has the whole rate.
    """

    head_epochs: Annotated[int, pydantic.Field(ge=0)] = 0
    copies: Annotated[int, pydantic.Field(ge=0)] = 4
    epochs_per_third: Count = 1
    rate_decay: Annotated[float, pydantic.Field(gt=0, le=1)] = 1.0


TABLES: dict[str, type[pydantic.BaseModel]] = {"stages": Stages, "normalization": PixelStatistics}
"""Fields of a recipe that are tables of their own."""
