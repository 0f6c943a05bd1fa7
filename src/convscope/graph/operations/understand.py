"""From a call of a function of PyTorch to the operation that it is.

Functions are told apart by their own names, so that `torch.relu`, `F.relu`, `Tensor.relu` and
`relu_` are one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from convscope.graph.operations.table import FUNCTIONS

_SAME = (
    "contiguous clone detach data alias real positive requires_grad "
    "to type type_as float double half bfloat16 cpu cuda"
)
SAME = frozenset(_SAME.split())  # hand the same numbers on, so they are no operation of their own
_MADE_FROM_NOTHING = (
    "new_tensor new_zeros new_ones new_empty new_full "
    "zeros_like ones_like empty_like full_like rand_like randn_like"
)
MADE_FROM_NOTHING = frozenset(_MADE_FROM_NOTHING.split())  # take at most their inputs' shape


def name_of(function: Callable[..., Any]) -> str:
    """The function's own name, without the underscore of the in-place form."""
    name: str = getattr(function, "__name__", str(function))
    if name == "__get__":  # reading an attribute, as in x.mT
        name = getattr(getattr(function, "__self__", None), "__name__", name)
    return name.removesuffix("_") if not name.startswith("__") else name


def understand(
    name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """What a call is: its kind, and its arguments by name with the defaults filled in.

    Sizes of windows (kernel_size, stride, padding, dilation, output_size) become tuples, one number
    a dimension; of padding "same" the part before the first pixel. Arguments given by position
    beyond those that are known are left out.

    Args:
        name: `name_of` the function.
        args: Its arguments by position.
        kwargs: Its arguments by name.
    """
    kind = FUNCTIONS.get(name)
    if kind is None:
        return f"other: {name}", {str(i): value for i, value in enumerate(args)} | dict(kwargs)
    defaults = kind.arguments
    named = {"dim" if key in ("axis", "dims") else key: value for key, value in kwargs.items()}
    named = {key: value for key, value in named.items() if key in defaults}
    bound = {**defaults, **dict(zip(defaults, args, strict=False)), **named}
    return (kind.name, bound) if kind.bind is None else kind.bind(name, bound)
