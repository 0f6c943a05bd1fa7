"""Cross-correlation: what frameworks call a convolution layer, in any number of dimensions.

Sources: weight sharing and stride: LeCun et al., "Gradient-based learning applied to document
recognition", Proc. IEEE 1998; groups: Krizhevsky et al., NIPS 2012; dilation: Yu and Koltun,
ICLR 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from numpy.typing import ArrayLike

from convscope.definitions.arrays import (
    FloatArray,
    LayerGradients,
    as_float,
    check_shape,
    per_channel,
)
from convscope.definitions.windows import Index, Windows, pad, pad_backward, windows
from convscope.errors import UsageError

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Sliding(TypedDict, total=False):
    """The settings of a sliding kernel, as `cross_correlation` describes them."""

    stride: int | Sequence[int]
    padding: int | Sequence[int]
    padding_mode: str
    dilation: int | Sequence[int]
    groups: int


def cross_correlation(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    padding_mode: str = "zeros",
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> FloatArray:
    """Slide a kernel over x; each output is the sum of products with what the kernel covers.

        y[n, o, i] = bias[o] + Σ_c Σ_a weight[o, c, a] · padded[n, c, i · stride + a · dilation]

    i and a have as many components as there are spatial axes. c runs over the input channels of
    o's group: with 2 groups, the first half of the outputs sees the first half of the inputs.

    Args:
        x: (N, c_in, *spatial).
        weight: Kernels, (c_out, c_in / groups, *kernel).
        bias: One number for each output channel, (c_out,), or none.
        stride: Inputs from one output to the next; one number, or one for each spatial axis.
        padding: Added inputs on each side; likewise.
        padding_mode: "zeros", "reflect", "replicate" or "circular"; see `windows.pad`.
        dilation: Inputs from one kernel entry to the next; likewise.
        groups: Into how many groups of channels, which don't see each other, to divide.

    Returns:
        (N, c_out, *output), with the sizes of `windows.output_size`.

    Raises:
        UsageError: Shapes or settings do not fit together.
    """
    x, weight = as_float(x), as_float(weight)
    slide = _check(x, weight, stride, padding, dilation, groups)
    padded = pad(x, slide.padding, padding_mode)  # (N, c_in, *padded)
    kernels = _by_group(weight, groups)  # (groups, c_out / groups, c_in / groups, *kernel)
    y = np.zeros((len(x), groups, kernels.shape[1], int(np.prod(slide.output))))
    for entry, where in slide.positions():
        # One kernel position is a dense layer over the channels, the same at all output positions.
        y += kernels[entry] @ _seen(padded, where, groups)
    y = y.reshape(len(x), len(weight), *slide.output)  # (N, c_out, *output)
    if bias is None:
        return y
    bias = as_float(bias)
    check_shape("bias", bias, weight.shape[:1], "one number for each output channel")
    return np.asarray(y + per_channel(bias, y.ndim))


def cross_correlation_backward(
    gradient: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    padding_mode: str = "zeros",
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> LayerGradients:
    """Return the gradients of the loss in a cross-correlation's input, kernels and bias.

    With i' = i · stride + a · dilation, the place where output i meets kernel entry a:

        ∂L/∂padded[n, c, i'] = Σ_o Σ_(i, a that lead to i')  ∂L/∂y[n, o, i] · weight[o, c, a]
        ∂L/∂weight[o, c, a]  = Σ_n Σ_i  ∂L/∂y[n, o, i] · padded[n, c, i']
        ∂L/∂bias[o]          = Σ_n Σ_i  ∂L/∂y[n, o, i]

    A kernel entry is used at every position, so its gradient is a sum over all positions.

    Args:
        gradient: ∂L/∂y, (N, c_out, *output).
        x: As in `cross_correlation`, and so are all others.
        weight: Kernels.
        stride: Inputs from one output to the next.
        padding: Added inputs on each side.
        padding_mode: What is added.
        dilation: Inputs from one kernel entry to the next.
        groups: Groups of channels.

    Raises:
        UsageError: Shapes or settings do not fit together.
    """
    gradient, x, weight = as_float(gradient), as_float(x), as_float(weight)
    slide = _check(x, weight, stride, padding, dilation, groups)
    shape = (len(x), len(weight), *slide.output)
    check_shape("gradient", gradient, shape, "that of the output")
    padded = pad(x, slide.padding, padding_mode)  # (N, c_in, *padded)
    kernels = _by_group(weight, groups)  # (groups, c_out / groups, c_in / groups, *kernel)
    delta = gradient.reshape(len(x), groups, kernels.shape[1], -1)  # the last axis is i
    in_padded, in_kernels = np.zeros_like(padded), np.zeros_like(kernels)
    for entry, where in slide.positions():
        seen = _seen(padded, where, groups)  # (N, groups, c_in / groups, i)
        in_kernels[entry] = (delta @ seen.swapaxes(-1, -2)).sum(axis=0)
        in_seen = kernels[entry].swapaxes(-1, -2) @ delta  # like seen
        in_padded[where] += in_seen.reshape(*x.shape[:2], *slide.output)
    return LayerGradients(
        x=pad_backward(in_padded, slide.padding, padding_mode),
        weight=in_kernels.reshape(weight.shape),
        bias=np.asarray(delta.sum(axis=(0, 3)).reshape(-1)),
    )


def cross_correlation_1d(
    x: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None, **settings: Unpack[Sliding]
) -> FloatArray:
    """`cross_correlation` of series: x (N, c_in, length), weight (c_out, c_in / groups, k)."""
    _check_axes("cross_correlation_1d", x, ("length",))
    return cross_correlation(x, weight, bias, **settings)


def cross_correlation_2d(
    x: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None, **settings: Unpack[Sliding]
) -> FloatArray:
    """`cross_correlation` of images: x (N, c_in, height, width), weight (c_out, …, k_h, k_w)."""
    _check_axes("cross_correlation_2d", x, ("height", "width"))
    return cross_correlation(x, weight, bias, **settings)


def cross_correlation_3d(
    x: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None, **settings: Unpack[Sliding]
) -> FloatArray:
    """`cross_correlation` of volumes or video: x (N, c_in, depth, height, width).

    The kernels have five axes: (c_out, c_in / groups, k_d, k_h, k_w).
    """
    _check_axes("cross_correlation_3d", x, ("depth", "height", "width"))
    return cross_correlation(x, weight, bias, **settings)


def _seen(padded: FloatArray, where: Index, groups: int) -> FloatArray:
    """Return what all windows see at one position: (N, groups, c_in / groups, outputs)."""
    examples, channels = padded.shape[:2]
    return padded[where].reshape(examples, groups, channels // groups, -1)


def _by_group(weight: FloatArray, groups: int) -> FloatArray:
    """(c_out, c_in / groups, *kernel) → (groups, c_out / groups, c_in / groups, *kernel)."""
    return weight.reshape(groups, len(weight) // groups, *weight.shape[1:])


def _check(
    x: FloatArray,
    weight: FloatArray,
    stride: int | Sequence[int],
    padding: int | Sequence[int],
    dilation: int | Sequence[int],
    groups: int,
) -> Windows:
    if x.ndim < 3 or weight.ndim != x.ndim:
        raise UsageError(
            "x must be (N, channels, *spatial) and weight (output channels, channels / groups, "
            f"*kernel) with as many axes; got the shapes {x.shape} and {weight.shape}."
        )
    channels, outputs = x.shape[1], len(weight)
    if groups < 1 or channels % groups or outputs % groups:
        raise UsageError(
            f"groups must divide the {channels} input channels and the {outputs} output channels; "
            f"got {groups}."
        )
    if weight.shape[1] != channels // groups:
        raise UsageError(
            f"weight must have {channels // groups} on its second axis ({channels} channels of x "
            f"/ {groups} groups); got the shape {weight.shape}."
        )
    return windows(x.shape[2:], weight.shape[2:], stride=stride, padding=padding, dilation=dilation)


def _check_axes(name: str, x: ArrayLike, spatial: tuple[str, ...]) -> None:
    shape, axes = np.shape(x), 2 + len(spatial)
    if len(shape) != axes:
        hint = " Add the axis that counts the examples: x[None]." if len(shape) == axes - 1 else ""
        raise UsageError(
            f"{name} takes x of shape (N, channels, {', '.join(spatial)}); got {shape}.{hint}"
        )
