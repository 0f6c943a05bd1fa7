"""What hand-made kernels make of an image: blur, sharpen, find edges.

filter_image("photo.jpg", "sobel-vertical").figure("edges.png")
print(filter_image("photo.jpg", "1 0 -1; 2 0 -2; 1 0 -1", stride=2))
filter_image("photo.jpg").figure("gallery.png")      # all kernels that have a name
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convscope.data.decode import decode
from convscope.errors import UsageError
from convscope.inspection.kernels.apply import Filtered, apply_kernel
from convscope.inspection.kernels.kernel import GALLERY, Kernel, find_kernel
from convscope.look.html import table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LARGEST = 400
"""Pixels on the longer side: as many as a figure has room for. More would be averaged there, and
what a kernel does from pixel to pixel with them."""


@dataclass(frozen=True)
class FilteredImage:
    """An image and what one kernel or several make of it. It prints as text and draws itself.

    Attributes:
        name: Name of the image.
        image: uint8 (C, H, W), what the kernels were slid over.
        results: What each kernel gave.
        notes: What a person should know.
    """

    name: str
    image: NDArray[np.uint8] = field(repr=False)
    results: tuple[Filtered, ...]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [*self.notes, "Output size ⌊(n − k + p + s) / s⌋:"]
        for height, width in dict.fromkeys(result.formula for result in self.results):
            alike = [r.kernel.name for r in self.results if r.formula == (height, width)]
            lines.append(f"  {', '.join(alike)}: {height}, {width}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = [
            (
                result.kernel.name,
                result.kernel.effect,
                " × ".join(map(str, result.values.shape[1:])),
                f"{result.values.min():.4g}",
                f"{result.values.max():.4g}",
            )
            for result in self.results
        ]
        return table(
            rows, ("kernel", "effect", "output", "lowest", "highest"), caption=f"On {self.name}"
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the image, the kernels with their numbers, and what comes out.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.inspection.kernels.figure import gallery_figure, kernel_figure

        if len(self.results) == 1:
            return kernel_figure(self.image, self.results[0], self.name, path)
        return gallery_figure(self.image, self.results, self.name, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold: all but the pixels."""
        return {
            "image": self.name,
            "input_size": list(self.image.shape[1:]),
            "kernels": [
                {
                    "name": result.kernel.name,
                    "weights": result.kernel.weights.tolist(),
                    "output_size": list(result.values.shape[1:]),
                    "formula": list(result.formula),
                    "lowest": float(result.values.min()),
                    "highest": float(result.values.max()),
                }
                for result in self.results
            ],
            "notes": list(self.notes),
        }


def filter_image(
    image: str | Path | NDArray[np.uint8],
    kernel: str | Kernel | NDArray[np.floating[Any]] | None = None,
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    mode: str = "zeros",
) -> FilteredImage:
    """Slide hand-made kernels over an image: blur, sharpen, find edges.

    Args:
        image: A file, or uint8 (C, H, W). A file is made smaller if a side is longer than 400.
        kernel: A name of the gallery, numbers as in "1 0 -1; 2 0 -2; 1 0 -1", or an array
            (height, width). None: all kernels that have a name.
        stride: Pixels from one output to the next.
        padding: Pixels added on each side.
        dilation: Pixels from one entry of the kernel to the next.
        mode: What is added: "zeros", "reflect", "replicate" or "circular".

    Raises:
        UsageError: There is no such kernel, a setting is not accepted, or the kernel is larger
            than the padded image.
        ConvscopeError: The file is not an image that can be read.
    """
    chosen = [*GALLERY.values()] if kernel is None else [_as_kernel(kernel)]
    if isinstance(image, np.ndarray):
        if image.ndim != 3 or image.dtype != np.uint8:
            raise UsageError(
                "image must be a file or uint8 (channels, height, width); given "
                f"{image.dtype} of shape {image.shape}."
            )
        pixels, note, name = image, "", "image"
    else:
        pixels, note = read_image(image)
        name = Path(image).name
    results = tuple(
        apply_kernel(pixels, each, stride=stride, padding=padding, dilation=dilation, mode=mode)
        for each in chosen
    )
    return FilteredImage(name, pixels, results, (note,) if note else ())


def read_image(path: str | Path) -> tuple[NDArray[np.uint8], str]:
    """An image to slide kernels over, and a note if it was made smaller.

    Returns:
        uint8 (C, H, W), no side longer than `LARGEST`; the note is empty if nothing was changed.

    Raises:
        ConvscopeError: The file is not an image that can be read.
    """
    image = decode(path)
    height, width = image.shape[1:]
    longest = max(height, width)
    if longest <= LARGEST:
        return image, ""
    size = (max(1, width * LARGEST // longest), max(1, height * LARGEST // longest))
    channels = [np.asarray(Image.fromarray(c).resize(size, Image.Resampling.BOX)) for c in image]
    note = (
        f"The image of {height} × {width} pixels was first made {size[1]} × {size[0]}, so that "
        "what a small kernel does can be seen."
    )
    return np.stack(channels), note


def _as_kernel(kernel: str | Kernel | NDArray[np.floating[Any]]) -> Kernel:
    if isinstance(kernel, Kernel):
        return kernel
    if isinstance(kernel, str):
        return find_kernel(kernel)
    numbers = np.asarray(kernel, dtype=np.float64)
    if numbers.ndim != 2 or not numbers.any() or not np.isfinite(numbers).all():
        raise UsageError(
            "kernel must be a matrix of numbers that aren't all 0, (height, width); given an "
            f"array of shape {numbers.shape}."
        )
    text = "; ".join(" ".join(f"{number:g}" for number in row) for row in numbers)
    return Kernel(text, tuple(tuple(float(number) for number in row) for row in numbers))
