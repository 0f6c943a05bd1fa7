"""PyTorch's functions by the field's names for them: one line a function.

`understand` says what a call of a function is: its kind, and its arguments by name. Functions are
told apart by their own names, so that `torch.relu`, `F.relu`, `Tensor.relu` and `relu_` are one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from torch import Tensor

NEEDED = object()  # marks an argument without a default


class Operation(NamedTuple):
    """A function that is understood.

    Attributes:
        kind: The operation's usual name.
        defaults: Its arguments in their order, with their defaults. Arguments given by position
            beyond these are ignored.
    """

    kind: str
    defaults: Mapping[str, Any]


def _arguments(*needed: str, **defaults: Any) -> dict[str, Any]:
    return dict.fromkeys(needed, NEEDED) | defaults


_OF_ONE = _arguments("input")
_OF_TWO = _arguments("input", "other")
_ALONG = _arguments("input", dim=None, keepdim=False)
_CONVOLUTION = _arguments("input", "weight", bias=None, stride=1, padding=0, dilation=1, groups=1)
_TRANSPOSED = _arguments(
    "input", "weight", bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
)
_MAX_POOLING = _arguments(
    "input", "kernel_size", stride=None, padding=0, dilation=1, ceil_mode=False
)
_AVERAGE_POOLING = _arguments(
    "input",
    "kernel_size",
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
)
_ADAPTIVE = _arguments("input", "output_size")
_BATCH_NORM = _arguments(
    "input",
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    training=False,
    momentum=0.1,
    eps=1e-5,
)

_Table = dict[str, tuple[Mapping[str, Any], str]]  # kind: (arguments, PyTorch's names of it)

_LAYERS: _Table = {
    "convolution": (_CONVOLUTION, "conv1d conv2d conv3d"),
    "transposed convolution": (_TRANSPOSED, "conv_transpose1d conv_transpose2d conv_transpose3d"),
    "dense": (_arguments("input", "weight", bias=None), "linear"),
    "matrix product": (_OF_TWO, "matmul mm bmm mv"),
    "max pooling": (
        _MAX_POOLING,
        "max_pool1d max_pool2d max_pool3d "
        "max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices",
    ),
    "average pooling": (_AVERAGE_POOLING, "avg_pool1d avg_pool2d avg_pool3d"),
    "adaptive max pooling": (
        _ADAPTIVE,
        "adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d",
    ),
    "adaptive average pooling": (
        _ADAPTIVE,
        "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d",
    ),
    "mean": (_ALONG, "mean"),
    "maximum": (_ALONG, "amax max"),
    "minimum": (_ALONG, "amin min"),
    "total": (_ALONG, "sum"),
    "batch norm": (_BATCH_NORM, "batch_norm"),
    "layer norm": (
        _arguments("input", "normalized_shape", weight=None, bias=None, eps=1e-5),
        "layer_norm",
    ),
    "group norm": (
        _arguments("input", "num_groups", weight=None, bias=None, eps=1e-5),
        "group_norm",
    ),
    "instance norm": (_BATCH_NORM, "instance_norm"),
    "local response norm": (
        _arguments("input", "size", alpha=1e-4, beta=0.75, k=1.0),
        "local_response_norm",
    ),
    "softmax": (_arguments("input", dim=None), "softmax"),
    "log softmax": (_arguments("input", dim=None), "log_softmax"),
    "concatenation": (_arguments("tensors", dim=0), "cat concat concatenate"),
    "assignment": (_arguments("input", "index", "other"), "__setitem__"),
    "resizing": (
        _arguments("input", size=None, scale_factor=None, mode="nearest"),
        "interpolate upsample",
    ),
}
_ACTIVATIONS: _Table = {
    "ReLU": (_OF_ONE, "relu"),
    "hard tanh": (_arguments("input", min_val=-1.0, max_val=1.0), "hardtanh"),
    "leaky ReLU": (_arguments("input", negative_slope=0.01), "leaky_relu"),
    "PReLU": (_arguments("input", "weight"), "prelu"),
    "ELU": (_arguments("input", alpha=1.0), "elu"),
    "SELU": (_OF_ONE, "selu"),
    "CELU": (_arguments("input", alpha=1.0), "celu"),
    "GELU": (_arguments("input", approximate="none"), "gelu"),
    "SiLU": (_OF_ONE, "silu"),
    "Mish": (_OF_ONE, "mish"),
    "softplus": (_arguments("input", beta=1.0, threshold=20.0), "softplus"),
    "sigmoid": (_OF_ONE, "sigmoid"),
    "log sigmoid": (_OF_ONE, "log_sigmoid"),
    "tanh": (_OF_ONE, "tanh"),
    "hard sigmoid": (_OF_ONE, "hardsigmoid"),
    "hard swish": (_OF_ONE, "hardswish"),
}
_ARITHMETIC: _Table = {
    "dropout": (
        _arguments("input", p=0.5, training=True),
        "dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout",
    ),
    "sum": (_arguments("input", "other", alpha=1), "add"),
    "difference": (_arguments("input", "other", alpha=1), "sub subtract __rsub__ rsub"),
    "product": (_OF_TWO, "mul multiply"),
    "quotient": (
        _arguments("input", "other", rounding_mode=None),
        "div divide true_divide __rtruediv__ __rdiv__",
    ),
    "power": (_arguments("input", "exponent"), "pow"),
    "square": (_OF_ONE, "square"),
    "square root": (_OF_ONE, "sqrt"),
    "reciprocal square root": (_OF_ONE, "rsqrt"),
    "reciprocal": (_OF_ONE, "reciprocal"),
    "exponential": (_OF_ONE, "exp"),
    "logarithm": (_OF_ONE, "log"),
    "absolute value": (_OF_ONE, "abs"),
    "negation": (_OF_ONE, "neg"),
    "clamp": (_arguments("input", min=None, max=None), "clamp clip"),
    "larger of two": (_OF_TWO, "maximum"),
    "smaller of two": (_OF_TWO, "minimum"),
    "comparison": (_OF_TWO, "gt ge lt le eq ne greater less"),
    "choice": (_arguments("condition", input=None, other=None), "where"),
}
_MOVING: _Table = {
    "flatten": (_arguments("input", start_dim=0, end_dim=-1), "flatten ravel"),
    "reshape": (_OF_ONE, "reshape view view_as reshape_as unflatten squeeze unsqueeze"),
    "permutation": (
        _OF_ONE,
        "permute transpose swapaxes swapdims movedim moveaxis t T mT",
    ),
    "slice": (_OF_ONE, "__getitem__ narrow select index_select"),
    "split": (_OF_ONE, "chunk split tensor_split unbind"),
    "repetition": (_OF_ONE, "expand expand_as repeat tile repeat_interleave"),
    "reordering": (_OF_ONE, "flip roll rot90 channel_shuffle pixel_shuffle pixel_unshuffle unfold"),
    "padding": (_arguments("input", "pad", mode="constant", value=None), "pad"),
    "stack": (_arguments("tensors", dim=0), "stack"),
}
OPERATIONS = {
    name: Operation(kind, defaults)
    for table in (_LAYERS, _ACTIVATIONS, _ARITHMETIC, _MOVING)
    for kind, (defaults, names) in table.items()
    for name in names.split()
}
ACTIVATIONS = frozenset(_ACTIVATIONS) | {"ReLU6"}
ELEMENTWISE = ACTIVATIONS | frozenset(_ARITHMETIC)  # a number depends on one of each input
MOVING = frozenset(_MOVING)  # numbers get another place and stay what they are

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
    a dimension; of padding "same" the part before the first pixel.

    Args:
        name: `name_of` the function.
        args: Its arguments by position.
        kwargs: Its arguments by name.
    """
    operation = OPERATIONS.get(name)
    if operation is None:
        return f"other: {name}", {str(i): value for i, value in enumerate(args)} | dict(kwargs)
    kind, defaults = operation
    named = {"dim" if key in ("axis", "dims") else key: value for key, value in kwargs.items()}
    named = {key: value for key, value in named.items() if key in defaults}
    bound = {**defaults, **dict(zip(defaults, args, strict=False)), **named}
    if kind == "hard tanh" and (bound["min_val"], bound["max_val"]) == (0, 6):
        return "ReLU6", {"input": bound["input"]}
    if kind in ("maximum", "minimum") and isinstance(bound["dim"], Tensor):
        other = "larger of two" if kind == "maximum" else "smaller of two"
        return other, {"input": bound["input"], "other": bound["dim"]}
    if name.lstrip("_").startswith("r") and kind in ("difference", "quotient"):  # as in 1 - x
        bound |= {"input": bound["other"], "other": bound["input"]}
    if "stride" in bound or "output_size" in bound:
        bound |= _windows(bound, axes=int(re.findall(r"(\d)d", name)[0]))
    return kind, bound


def _windows(bound: Mapping[str, Any], axes: int) -> dict[str, tuple[int, ...]]:
    if "output_size" in bound:
        shape = bound["input"].shape
        wanted = bound["output_size"]
        sizes = [wanted] * axes if isinstance(wanted, int) else list(wanted)
        kept = zip(sizes, shape[len(shape) - axes :], strict=True)
        return {"output_size": tuple(old if new is None else int(new) for new, old in kept)}
    if "weight" in bound:
        kernel_size = tuple(bound["weight"].shape[2:])
    else:
        kernel_size = _each(bound["kernel_size"], axes)
    stride = kernel_size if bound["stride"] in (None, ()) else _each(bound["stride"], axes)
    dilation = _each(bound.get("dilation", 1), axes)
    if bound["padding"] == "same":
        padding = tuple(d * (k - 1) // 2 for k, d in zip(kernel_size, dilation, strict=True))
    else:
        padding = _each(0 if bound["padding"] == "valid" else bound["padding"], axes)
    return {
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
    }


def _each(size: int | Sequence[int], axes: int) -> tuple[int, ...]:
    """One number for each axis, of a number for all or of as many as there are."""
    numbers = [size] if isinstance(size, int) else list(size)
    return tuple(int(number) for number in (numbers * axes if len(numbers) == 1 else numbers))
