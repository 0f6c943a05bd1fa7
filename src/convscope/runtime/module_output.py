"""The logits among what a network returns: a tensor, or the main one of several outputs."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from convscope.errors import UsageError

MAIN_KEYS = ("logits", "out")
"""Under one of these, a dictionary of outputs holds the logits."""


def main_logits(output: Any) -> Tensor:
    """The logits among what a network returns.

    Args:
        output: A tensor; or several outputs, as networks with side heads give while they train: of
            a tuple or list the first, of a dictionary the one under "logits" or "out".

    Raises:
        UsageError: There is no tensor at that place.
    """
    found = output
    if isinstance(output, dict):
        found = next((output[key] for key in MAIN_KEYS if key in output), None)
    elif isinstance(output, list | tuple):
        found = output[0] if output else None
    if isinstance(found, Tensor):
        return found
    given = (
        f"a dictionary with {', '.join(map(repr, output))}"
        if isinstance(output, dict)
        else f"a {type(output).__name__}"
    )
    raise UsageError(
        "A network must return logits (N, classes): as a tensor, as the first of several outputs, "
        f"or in a dictionary under 'logits'; this one returns {given}."
    )
