"""A kernel slid over an image.

The arithmetic is `definitions.cross_correlation`, as in a convolution layer: the kernel is not
flipped. It takes 50 ms for a colour image of 512 × 512 and a 3×3 kernel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convscope.definitions.cross_correlation import cross_correlation_2d
from convscope.definitions.windows import output_size
from convscope.errors import UsageError
from convscope.inspection.kernels.kernel import Kernel


@dataclass(frozen=True)
class Filtered:
    """What a kernel makes of an image.

    Attributes:
        kernel: The kernel.
        values: float64 (C, height, width), not rounded or clipped. C is 1 where the kernel takes
            differences: they are taken of the grey image.
        formula: How height and width of the output follow, one line for each.
    """

    kernel: Kernel
    values: NDArray[np.float64]
    formula: tuple[str, str]


def apply_kernel(
    image: NDArray[np.uint8],
    kernel: Kernel,
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    mode: str = "zeros",
) -> Filtered:
    """Slide a kernel over an image, over every channel by itself.

    Args:
        image: uint8 (C, H, W).
        kernel: What to slide. One that takes differences slides over the grey image.
        stride: Pixels from one output to the next.
        padding: Pixels added on each side.
        dilation: Pixels from one entry of the kernel to the next.
        mode: What is added: "zeros", "reflect", "replicate" or "circular".

    Raises:
        UsageError: A setting is not accepted, or the kernel is larger than the padded image.
    """
    for name, value, least in (
        ("stride", stride, 1),
        ("padding", padding, 0),
        ("dilation", dilation, 1),
    ):
        if value < least:
            raise UsageError(f"{name} must be a whole number of at least {least}; given {value}.")
    if kernel.is_difference and len(image) == 3:
        image = np.asarray(Image.fromarray(image.transpose(1, 2, 0)).convert("L"))[None]
    channels, *sides = image.shape
    _check_fits(kernel, sides, padding, dilation)
    each = np.repeat(kernel.weights[None, None], channels, axis=0)  # (C, 1, height, width)
    values = cross_correlation_2d(
        image[None], each, stride=stride, padding=padding, padding_mode=mode,
        dilation=dilation, groups=channels,
    )[0]  # fmt: skip
    formula = [
        _formula(n, k, padding, stride, dilation)
        for n, k in zip(sides, kernel.weights.shape, strict=True)
    ]
    return Filtered(kernel, values, (f"height {formula[0]}", f"width {formula[1]}"))


def _check_fits(kernel: Kernel, sides: list[int], padding: int, dilation: int) -> None:
    spans = [dilation * (k - 1) + 1 for k in kernel.weights.shape]
    if any(span > side + 2 * padding for span, side in zip(spans, sides, strict=True)):
        apart = f" (spread to {spans[0]} × {spans[1]} by dilation {dilation})" * (dilation > 1)
        raise UsageError(
            f"The kernel of {' × '.join(map(str, kernel.weights.shape))}{apart} is larger than the "
            f"image of {sides[0]} × {sides[1]} pixels with {padding} of padding on each side. "
            "Use a larger image, more padding or a smaller kernel."
        )


def _formula(n: int, k: int, padding: int, stride: int, dilation: int) -> str:
    """⌊(n − k + p + s) / s⌋ with the numbers put in, and its value."""
    span = dilation * (k - 1) + 1
    out = output_size(n, k, total_padding=2 * padding, stride=stride, dilation=dilation)
    return f"⌊({n} − {span} + {2 * padding} + {stride}) / {stride}⌋ = {out}"
