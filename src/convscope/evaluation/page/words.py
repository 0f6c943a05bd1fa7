"""Text and numbers as they stand on the page."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import ParamSpec

from convscope.look import numbers
from convscope.look.html import escape

P = ParamSpec("P")


def with_options(text: object) -> str:
    """Escaped text in which no line ends between the dashes of an option such as --set."""
    return re.sub(r"(?<![\w-])--\w[\w-]*", r'<span class="option">\g<0></span>', escape(text))


def _unbroken(write: Callable[P, str]) -> Callable[P, str]:
    """The same words, but no line ends between a number and its unit: "2 min", not "2" and "min".

    A line may still end after a unit that another number follows.
    """

    @functools.wraps(write)
    def words(*args: P.args, **kwargs: P.kwargs) -> str:
        return re.sub(r"(?<=\d) ", "\u00a0", write(*args, **kwargs))

    return words


percent = _unbroken(numbers.percent)
number = _unbroken(numbers.number)
quantity = _unbroken(numbers.quantity)
size = _unbroken(numbers.size)
duration = _unbroken(numbers.duration)
counted = numbers.counted
