"""One thing that would make a set of images better, as an evaluation says it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["label", "small class", "unlike the rest", "lost detail"]


@dataclass(frozen=True)
class NextStep:
    """One thing that would make a set of images better.

    Attributes:
        kind: What it is about.
        text: What was seen and what to do, in words.
        mistakes: How many of the mistakes it touches; 0 where that can't be counted.
        paths: The images to look at first, where it is about single images.
    """

    kind: Kind
    text: str
    mistakes: int
    paths: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {**asdict(self), "paths": list(self.paths)}
