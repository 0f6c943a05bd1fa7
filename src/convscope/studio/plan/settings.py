"""What a person sets for a plan, checked."""

from __future__ import annotations

from typing import Any

import pydantic

from convscope.studio.train.settings import LabelSettings, TrainingSettings


class PlanSettings(TrainingSettings):
    """A training as the page sets it.

    Attributes:
        recompute: Whether blocks that pay are computed again in the backward pass.
    """

    recompute: bool = False

    def changes(self) -> dict[str, Any]:
        """The fields of the recipe that are set, as `convscope.plan` takes them."""
        return {**super().changes(), **({"recompute": "auto"} if self.recompute else {})}


class LimitSettings(PlanSettings):
    """A training, and the memory that it may take.

    Attributes:
        limit: Bytes of the whole process.
    """

    limit: int = pydantic.Field(ge=1, le=2**50)


class CostSettings(LabelSettings):
    """Images for which networks are compared.

    Attributes:
        size: Height and width that images are resized to; None: as they are.
        network: The one to forecast; "" counts the operations of all.
    """

    size: int | None = pydantic.Field(default=None, ge=1, le=4096)
    network: str = pydantic.Field(default="", max_length=64)
