"""The option that limits how much of the disk decoded images may take."""

from __future__ import annotations

import os
from typing import Annotated, TypeAlias

import typer


def _limit_cache(text: str | None) -> str | None:
    """Set the limit for this command, and for the processes that it starts."""
    if text is not None:
        from convscope.data.cache_room import VARIABLE
        from convscope.look.amounts import parse_size

        parse_size("--cache", text)
        os.environ[VARIABLE] = text
    return text


CacheOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--cache",
        metavar="SIZE",
        callback=_limit_cache,
        help="Disk that decoded images of all data may take together, as 20GB: those used longest "
        "ago are removed. Default: CONVSCOPE_CACHE_LIMIT, or no limit.",
    ),
]
