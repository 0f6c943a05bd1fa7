"""The errors that Convscope raises on purpose, and the wording they share.

A message says which argument or file is meant, what is accepted, what was given and what to do
next. The command line prints the message alone, and exits with the error's code.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pydantic


class ConvscopeError(Exception):
    """Something failed that Convscope can explain. The command line exits with 1."""

    exit_code = 1


class UsageError(ConvscopeError, ValueError):
    """The person asked for something that does not exist or does not fit. Exits with 2."""

    exit_code = 2


class TerminatedError(KeyboardInterrupt):
    """A signal came: ends what Ctrl-C ends, in the same way.

    Args:
        number: Of the signal; the exit code is 128 more, as shells have it.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def unknown_name(kind: str, given: str, accepted: Iterable[str]) -> UsageError:
    """The error for a name that is not on a list; suggests the nearest, or shows the list.

    Args:
        kind: What the name was meant to be, as in "network" or "recipe field".
        given: The name that was not found.
        accepted: The names that exist.
    """
    names = sorted(accepted)
    near = difflib.get_close_matches(given.lower(), names, n=2, cutoff=0.7)
    if near:
        help_line = f"Did you mean {' or '.join(repr(name) for name in near)}?"
    else:
        help_line = f"There are: {', '.join(names)}."
    return UsageError(f"Unknown {kind} {given!r}. {help_line}")


def training_diverged(images: str = "") -> ConvscopeError:
    """The error for a trained network whose logits hold NaN or infinity.

    Args:
        images: For which images, as in "For 3 of 10 images "; empty: for all that were tried.
    """
    whose = f"{images}the" if images else "The"
    return ConvscopeError(
        f"{whose} network's logits are not numbers (NaN or infinite): its training diverged. "
        "Train again with a lower learning rate."
    )


def first_invalid(error: pydantic.ValidationError) -> str:
    """What pydantic found wrong first, as "field.part: reason", or the reason alone.

    pydantic is imported for its type only: this file is loaded by every command, and pydantic
    takes longer to load than the rest of it.
    """
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    reason = first["msg"].removeprefix("Value error, ")
    return f"{where}: {reason}" if where else reason
