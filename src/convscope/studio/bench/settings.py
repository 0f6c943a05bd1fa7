"""What a person sets on the bench, as the page sends it, and what is refused."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pydantic

from convscope.definitions.arrays import FloatArray, as_float
from convscope.definitions.cross_correlation import Sliding
from convscope.studio.numbers import SentArray
from convscope.studio.refusals import refuse

LARGEST_KERNEL = 12
LARGEST_SIDE = 128
MOST_PADDING = 32
Operation = Literal["cross-correlation", "convolution", "max", "average"]
POOLING = ("max", "average")


class BenchSettings(pydantic.BaseModel, extra="forbid", allow_inf_nan=False):
    """An image, a window that slides over it, and how.

    Attributes:
        image: (channels, height, width), its pixels.
        kernel: (channels, height, width), one slice for each channel of the image. Of pooling only
            its height and width count.
        operation: What the window does. A convolution slides the kernel turned by 180°.
        stride: Pixels from one window to the next.
        padding: Pixels added on each side; "same": so many in all that the output is as large as
            the image, and where their number is odd, the last one below and on the right.
        mode: What is added.
        dilation: Pixels from one entry of the kernel to the next.
        bias: Added to each sum.
        relu: Whether sums below 0 become 0.
    """

    image: SentArray
    kernel: SentArray
    operation: Operation = "cross-correlation"
    stride: int = 1
    padding: int | Literal["same"] = 0
    mode: Literal["zeros", "reflect", "replicate", "circular"] = "zeros"
    dilation: int = 1
    bias: float = 0.0
    relu: bool = False

    @property
    def pools(self) -> bool:
        """Whether the window has no weights."""
        return self.operation in POOLING


class Setting:
    """Settings that were checked: arrays, and how much is added where.

    Attributes:
        asked: As they were sent.
        image: float64 (channels, height, width).
        kernel: float64 (channels, height, width), not turned.
        span: Pixels from the window's first row to its last, and so for its columns.
        before: Rows added above, columns added on the left.
        after: Rows added below, columns added on the right.

    Raises:
        Refused: What was asked for isn't possible; it says what to change.
    """

    def __init__(self, asked: BenchSettings) -> None:
        self.asked = asked
        self.image = _read("image", asked.image, LARGEST_SIDE)
        self.kernel = _read("kernel", asked.kernel, LARGEST_KERNEL)
        if len(self.kernel) != len(self.image):
            raise refuse("refused.bench.channels", kernel=len(self.kernel), image=len(self.image))
        if not asked.pools and not np.isfinite(self.kernel).all():
            raise refuse("refused.bench.numbers")
        for name, value in (("stride", asked.stride), ("dilation", asked.dilation)):
            if not 1 <= value <= LARGEST_SIDE:
                raise refuse(f"refused.bench.{name}", given=value, most=LARGEST_SIDE)
        if asked.pools and asked.dilation != 1:
            raise refuse("refused.bench.pooling_dilation")
        sides, kernel = self.image.shape[1:], self.kernel.shape[1:]
        self.span = tuple(asked.dilation * (k - 1) + 1 for k in kernel)
        self.before, self.after = self._padding()
        self._check_padding(sides)
        for side, span, total in zip(sides, self.span, self.total_padding, strict=True):
            if span > side + total:
                raise refuse("refused.bench.larger", span=span, side=side, padding=total)

    @property
    def total_padding(self) -> tuple[int, ...]:
        """Rows added in all, and columns added in all."""
        return tuple(b + a for b, a in zip(self.before, self.after, strict=True))

    @property
    def slid(self) -> FloatArray:
        """The kernel as it is slid: for a convolution turned by 180°."""
        turned = self.asked.operation == "convolution"
        return np.ascontiguousarray(self.kernel[:, ::-1, ::-1]) if turned else self.kernel

    @property
    def sliding(self) -> Sliding:
        """How a kernel slides over the image once that is padded."""
        return {"stride": self.asked.stride, "dilation": self.asked.dilation}

    def _padding(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        asked = self.asked.padding
        if asked != "same":
            return (asked, asked), (asked, asked)
        if self.asked.stride != 1:
            raise refuse("refused.bench.same_stride", stride=self.asked.stride)
        before = tuple((span - 1) // 2 for span in self.span)
        after = tuple(span - 1 - b for span, b in zip(self.span, before, strict=True))
        return before, after

    def _check_padding(self, sides: tuple[int, ...]) -> None:
        asked, most = self.asked, max(self.after)
        if min(self.before) < 0 or most > MOST_PADDING:
            raise refuse("refused.bench.padding", given=asked.padding, most=MOST_PADDING)
        if asked.pools and any(2 * a > k for a, k in zip(self.after, self.span, strict=True)):
            raise refuse("refused.bench.pooling_padding", padding=most)
        if asked.pools and asked.padding == "same" and self.before != self.after:
            raise refuse("refused.bench.pooling_same")
        if asked.pools or asked.mode == "zeros":
            return
        for side, padding in zip(sides, self.after, strict=True):
            if padding > side - (asked.mode == "reflect"):
                raise refuse("refused.bench.mode", mode=asked.mode, padding=padding, side=side)


def _read(name: str, sent: SentArray, largest: int) -> FloatArray:
    """The array, if it is (channels, height, width) and neither empty nor too large."""
    try:
        array = as_float(sent.array())
    except ValueError as error:
        raise refuse("refused.array", name=name, reason=str(error)) from None
    good = array.ndim == 3 and 1 <= len(array) <= 4
    if not good or not all(1 <= side <= largest for side in array.shape[1:]):
        shape = " × ".join(map(str, array.shape))
        raise refuse(f"refused.bench.{name}", shape=shape, most=largest)
    return array
