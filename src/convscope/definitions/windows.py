"""Where a sliding window stands: output sizes, padding and its backward rule, positions.

Everything that slides (cross-correlation, pooling) is one loop over the positions *inside* the
window: for each of them, one strided slice of the padded input holds what all windows see there.

Source of the arithmetic: Dumoulin and Visin, "A guide to convolution arithmetic for deep
learning", arXiv 1603.07285.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from types import EllipsisType
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from convscope.definitions.arrays import FloatArray, IntArray
from convscope.errors import UsageError, unknown_name

Index = tuple[EllipsisType | int | slice, ...]
Number = TypeVar("Number", bound=np.generic)


def output_size(
    size: int, kernel: int, *, total_padding: int = 0, stride: int = 1, dilation: int = 1
) -> int:
    """Return how many windows fit along one axis.

        out = ⌊(n − span + p + s) / s⌋    with    span = dilation · (kernel − 1) + 1

    Args:
        size: Inputs along the axis, n.
        kernel: Kernel entries along the axis.
        total_padding: Added inputs on *both* sides together, p. Frameworks and the definitions
            here take the number for each side: half of it.
        stride: Inputs from one window to the next, s.
        dilation: Inputs from one kernel entry to the next.

    Raises:
        UsageError: Not even one window fits.
    """
    span = dilation * (kernel - 1) + 1
    if span > size + total_padding:
        raise UsageError(
            f"A window that spans {span} inputs (kernel {kernel}, dilation {dilation}) does not "
            f"fit into {size} inputs with {total_padding} of padding in all. "
            "Use a larger input, more padding or a smaller kernel."
        )
    return (size - span + total_padding + stride) // stride


class Windows(NamedTuple):
    """A sliding window's settings and where they lead, one number for each spatial axis."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    output: tuple[int, ...]

    def positions(self) -> Iterator[tuple[Index, Index]]:
        """Go through the positions inside the window, in reading order.

        Yields:
            (entry, where): `weight[entry]` is the kernel's entry at offset a, and `padded[where]`
            what it meets in all windows at once: padded[..., i · stride + a · dilation] for all i,
            with the spatial axes of the output.
        """
        axes = range(len(self.kernel))
        for offset in np.ndindex(*self.kernel):
            first = [offset[a] * self.dilation[a] for a in axes]
            last = [first[a] + (self.output[a] - 1) * self.stride[a] for a in axes]
            slices = [slice(first[a], last[a] + 1, self.stride[a]) for a in axes]
            yield (..., *offset), (..., *slices)


def windows(
    size: Sequence[int],
    kernel: int | Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
) -> Windows:
    """Check a sliding window's settings against the input it slides over.

    Args:
        size: The input's spatial axes, as in (height, width).
        kernel: Entries of the window; each setting is one number for all axes or one for each.
        stride: Inputs from one window to the next.
        padding: Added inputs on *each* side.
        dilation: Inputs from one entry of the window to the next.

    Raises:
        UsageError: A setting is no whole number of the right size, or no window fits.
    """
    axes = len(size)
    kernel = per_axis("kernel", kernel, axes, least=1)
    stride = per_axis("stride", stride, axes, least=1)
    padding = per_axis("padding", padding, axes, least=0)
    dilation = per_axis("dilation", dilation, axes, least=1)
    output = tuple(
        output_size(
            size[a], kernel[a], total_padding=2 * padding[a], stride=stride[a], dilation=dilation[a]
        )
        for a in range(axes)
    )
    return Windows(kernel, stride, padding, dilation, output)


def per_axis(name: str, value: int | Sequence[int], axes: int, *, least: int) -> tuple[int, ...]:
    """Return `value` as one whole number for each axis.

    Raises:
        UsageError: There is another number of them, or one is no whole number or below `least`.
    """
    values = tuple(value) if isinstance(value, Iterable) else (value,) * axes
    whole = all(isinstance(v, (int, np.integer)) and v >= least for v in values)
    if len(values) != axes or not whole:
        raise UsageError(
            f"{name} must be a whole number of at least {least}, or {axes} of them, one for each "
            f"spatial axis; got {value!r}."
        )
    return tuple(int(v) for v in values)


# Which input stands at position i of the unpadded axis (i < 0: before it; i ≥ n: behind it).
# The input number n does not exist: there the value "outside" stands.
_SOURCE: dict[str, Callable[[IntArray, int], IntArray]] = {
    "zeros": lambda i, n: np.where((i >= 0) & (i < n), i, n),
    "reflect": lambda i, n: (n - 1) - np.abs((n - 1) - np.abs(i)),  # c b | a b c | b a
    "replicate": lambda i, n: np.clip(i, 0, n - 1),  # a a | a b c | c c
    "circular": lambda i, n: i % n,  # b c | a b c | a b
}


def pad(
    x: NDArray[Number], padding: Sequence[int], mode: str = "zeros", outside: float = 0.0
) -> NDArray[Number]:
    """Add inputs on both sides of each spatial axis.

    Args:
        x: (N, channels, *spatial).
        padding: Added inputs on each side, one number for each spatial axis.
        mode: "zeros", "reflect" (mirrored at the border's own pixel, which is not repeated),
            "replicate" (the border's pixel again) or "circular" (the other side's pixels).
        outside: What mode "zeros" adds, if not 0.

    Returns:
        (N, channels, *(size + 2 · padding)).

    Raises:
        UsageError: The mode is unknown, or "reflect" would need more pixels than there are.
    """
    for axis, margin in enumerate(padding, start=2):
        border = np.full_like(x.take([0], axis), outside)
        source = _sources(x.shape[axis], margin, mode)
        x = np.concatenate([x, border], axis).take(source, axis)
    return x


def pad_backward(gradient: FloatArray, padding: Sequence[int], mode: str = "zeros") -> FloatArray:
    """Return ∂L/∂x of `pad`: each input collects the gradients of all places it was copied to.

    Args:
        gradient: The gradient in the padded array, (N, channels, *(size + 2 · padding)).
        padding: As in `pad`.
        mode: As in `pad`.
    """
    for axis, margin in enumerate(padding, start=2):
        size = gradient.shape[axis] - 2 * margin
        copies = np.moveaxis(gradient, axis, 0)
        collected = np.zeros((size + 1, *copies.shape[1:]))  # the last one is "outside"
        np.add.at(collected, _sources(size, margin, mode), copies)
        gradient = np.moveaxis(collected[:size], 0, axis)
    return gradient


def _sources(size: int, margin: int, mode: str) -> IntArray:
    """Return which input stands at each position of the padded axis, (size + 2 · margin,)."""
    if mode not in _SOURCE:
        raise unknown_name("padding mode", mode, _SOURCE)
    if mode == "reflect" and margin >= size:
        raise UsageError(
            f"padding in mode 'reflect' must be smaller than the input; got {margin} for {size} "
            "inputs. Pad less, or use another mode."
        )
    return _SOURCE[mode](np.arange(-margin, size + margin), size)
