"""The recipes that come with Convscope, as their files have them."""

from __future__ import annotations

import importlib.resources
import sys
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


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
