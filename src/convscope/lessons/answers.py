"""A learner's answer as numbers, called, compared and written, whatever it turns out to be."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from convscope.look.language import Words, pick

LONGEST = 40  # more numbers than that are not written out


class Raised:
    """What the learner's code raised instead of giving something back.

    Args:
        error: It.
    """

    def __init__(self, error: Exception | SystemExit) -> None:
        self._text = f"{type(error).__name__}: {error}"

    def __str__(self) -> str:
        return self._text

    def words(self) -> Words:
        """It in a sentence."""
        return Words(f"your code raised {self._text}", f"你的代码抛出了 {self._text}")


def call_answer(answer: Callable[..., Any], case: tuple[Any, ...]) -> Any:
    """What the learner's function gives; None if that is nothing yet, `Raised` if it raises."""
    try:
        given = answer(*copy.deepcopy(case))
    except (Exception, SystemExit) as error:  # the learner's own code is run
        return Raised(error)
    return None if given is ... else given


def agrees(given: Any, expected: np.ndarray) -> bool:
    """Whether an answer has the shape and, to rounding, the numbers of the right one."""
    array = as_numbers(given)
    return (
        array is not None
        and array.shape == expected.shape
        and np.allclose(array, expected, rtol=1e-5, atol=1e-6)
    )


def as_numbers(value: Any) -> np.ndarray | None:
    """Numbers as an array; None if they aren't numbers."""
    if isinstance(value, bool | str):
        return None
    try:
        if hasattr(value, "detach"):
            value = value.detach().cpu()
        return np.asarray(value, dtype=float)
    except Exception:  # whatever the learner's object makes of being asked for its numbers
        return None


def write_value(value: Any) -> str:
    """Numbers as a person reads them; the shape alone of what is large."""
    array = as_numbers(value)
    if array is None or array.size > LONGEST:
        if array is None:
            return repr(value)[:200]
        return pick(f"array of shape {array.shape}", f"形状为 {array.shape} 的数组")
    return np.array2string(array, precision=4, suppress_small=True).replace("\n", "")
