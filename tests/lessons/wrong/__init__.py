"""Deliberately wrong libraries: each must turn the claims that it says it turns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Wrong:
    """A library with something wrong in it.

    Attributes:
        what: What is wrong, in words.
        replaced: By dotted name: what stands there instead.
        turns: Ids of the claims that must come out ✗ with it.
    """

    what: str
    replaced: Mapping[str, Callable[..., Any]]
    turns: Sequence[str]
