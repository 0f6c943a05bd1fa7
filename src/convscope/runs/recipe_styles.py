"""Recipes as their files have them: those that come with Convscope, and a person's own."""

from __future__ import annotations

import importlib.resources
import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from convscope.errors import UsageError


def styles() -> list[str]:
    """Names of the recipes that come with Convscope."""
    folder = importlib.resources.files("convscope") / "recipes"
    return sorted(
        file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml")
    )


def style_table(style: str) -> dict[str, Any]:
    """The file of a style: fields in `common`, by network, by data, and by both together."""
    file = importlib.resources.files("convscope") / "recipes" / f"{style}.toml"
    table = tomllib.loads(file.read_text("utf-8"))
    return {"common": {}, "network": {}, "data": {}, "pair": {}} | table


MOST_BYTES = 1 << 15
"""Of a recipe; names of fields with thousands of dots take a time that grows with their square."""


def read_recipe_file(path: Path) -> dict[str, Any]:
    """The fields in a TOML file, as they stand there.

    Raises:
        UsageError: No such file, or not TOML.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)  # of a device, it would never end
        if len(content) > MOST_BYTES:
            raise ValueError(f"it is larger than {MOST_BYTES >> 10} KiB")
        return tomllib.loads(content.decode("utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"No recipe file {str(path)!r}. Recipes by name: {', '.join(styles())}."
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"Recipe file {str(path)!r} can't be read as TOML: {error}.") from None
