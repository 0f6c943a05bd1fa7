"""The name of a unit: its layer, and its place there."""

from __future__ import annotations

import re
from collections.abc import Sequence

from convscope.errors import UsageError

FORM = "LAYER:CHANNEL,ROW,COLUMN"


def parse_unit(unit: str | tuple[str, Sequence[int]]) -> tuple[str, tuple[int, ...]]:
    """The layer and the index of a unit.

    Args:
        unit: As in "features.conv1:2,10,12" or "dense3:4", or both apart.

    Raises:
        UsageError: The text is something else.
    """
    if not isinstance(unit, str):
        layer, index = unit
        return layer, tuple(int(each) for each in index)
    layer, _, numbers = unit.rpartition(":")
    if not layer or not re.fullmatch(r"\s*\d+\s*(,\s*\d+\s*)*", numbers):
        raise UsageError(f"unit must be {FORM}, as in 'features.conv1:2,10,12'; given {unit!r}.")
    return layer, tuple(int(each) for each in numbers.split(","))
