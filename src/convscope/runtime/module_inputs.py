"""What a module's forward takes: images alone, and as many of them as there are."""

from __future__ import annotations

import inspect
import re

from torch import nn

from convscope.errors import UsageError

WRITTEN_SHAPE = re.compile(r"shape '\[(\d+),.*\]' is invalid for input of size")
"""What PyTorch says of a `view` or `reshape` whose first axis is a number."""


def check_inputs(module: nn.Module, name: str) -> None:
    """Complain about a forward that can't be called with one tensor.

    Raises:
        UsageError: It needs more inputs.
    """
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):  # one that isn't Python's: calling it will tell
        return
    needed = [
        parameter.name
        for parameter in parameters
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    if len(needed) > 1:
        raise UsageError(
            f"{name} needs {len(needed)} inputs ({', '.join(needed)}), and one tensor of images "
            f"is given. Wrap it in a module whose forward({needed[0]}) fills in the others."
        )


def hint_at_batch(error: BaseException, images: int) -> str:
    """What to do about a shape that has the number of images written in it, or ""."""
    found = WRITTEN_SHAPE.search(str(error))
    if not found or int(found[1]) == images:
        return ""
    return (
        f". If {found[1]} is the number of images in a batch, take it from the input, since "
        "batches differ: x.flatten(1), or x.view(len(x), -1)."
    )
