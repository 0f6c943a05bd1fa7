"""In which fields recipes differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from convscope.runs.recipe import Recipe


def find_differing_fields(
    recipes: Sequence[Recipe], ignored: Sequence[str] = ()
) -> dict[str, tuple[Any, ...]]:
    """The fields that aren't the same in all recipes.

    Args:
        recipes: At least one.
        ignored: Fields to leave out.

    Returns:
        By field, the value in each recipe, None where it is unset. A field of a table has a dot
        in its name, as in "augmentation.crop".
    """
    flat = [_flat(recipe.model_dump(mode="json", exclude=set(ignored))) for recipe in recipes]
    names = dict.fromkeys(name for fields in flat for name in fields)
    values = {name: tuple(fields.get(name) for fields in flat) for name in names}
    return {name: row for name, row in values.items() if any(each != row[0] for each in row)}


def _flat(fields: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in fields.items():
        flat |= _flat(value, f"{name}.") if isinstance(value, dict) else {above + name: value}
    return flat
