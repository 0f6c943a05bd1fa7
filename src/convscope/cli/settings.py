"""Fields of a recipe on the command line: `--set FIELD=VALUE`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from convscope.errors import UsageError, unknown_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def parse_settings(settings: list[str]) -> dict[str, Any]:
    """`FIELD=VALUE` texts as fields of a recipe; a dot leads into a table.

    Values are read as TOML; what isn't TOML is taken as text, so that quotes aren't needed.

    Raises:
        UsageError: A text without "=".
    """
    fields: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not (name and equals):
            raise UsageError(f"--set takes FIELD=VALUE, as in --set momentum=0.9; got {setting!r}.")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except (ValueError, RecursionError):  # also a number of thousands of digits
            value = text
        *tables, field = name.split(".")
        place = fields
        for table in tables:
            place = place.setdefault(table, {})
            if not isinstance(place, dict):
                raise UsageError(f"--set {setting}: {table} has been given a value already.")
        place[field] = value
    return fields


def check_fields(fields: Iterable[str]) -> None:
    """Complain about what no recipe has, or what is an argument.

    Raises:
        UsageError: There is such a field.
    """
    from convscope.runs.recipe import Recipe

    for field in fields:
        if field in ("network", "data"):
            raise UsageError(f"--set {field}: give the {field} as an argument, without --set.")
        if field not in Recipe.model_fields:
            raise unknown_name("recipe field", field, Recipe.model_fields)
