"""How many examples a dense layer and a convolution need to learn the same thing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from convscope.definitions.arrays import FloatArray, as_float
from convscope.definitions.cross_correlation import cross_correlation_2d
from convscope.errors import UsageError
from convscope.look import numbers
from convscope.look.language import pick
from convscope.look.palette import BLUE, VERMILION
from convscope.look.printed import Paragraph, Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NEW_IMAGES = 200


@dataclass(frozen=True)
class ExamplesNeeded(Printed):
    """Errors on new images after fitting to so many examples.

    Attributes:
        counts: Numbers of examples.
        inputs: Pixels of an image.
        weights: Weights of the dense layer, and of the kernel.
        dense: Error of the dense layer on new images: root mean square over that of the outputs.
        convolution: Error of the kernel, likewise.
    """

    counts: tuple[int, ...]
    inputs: int
    weights: tuple[int, int]
    dense: tuple[float, ...] = field(repr=False)
    convolution: tuple[float, ...] = field(repr=False)

    def needed(self, tolerance: float = 1e-6) -> tuple[int | None, int | None]:
        """The fewest examples after which the errors are below `tolerance`: dense, convolution.

        None where no number of examples that was tried is enough.
        """
        return _first(self.counts, self.dense, tolerance), _first(
            self.counts, self.convolution, tolerance
        )

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        yield Paragraph(
            pick(
                f"Error on {NEW_IMAGES} new images of {self.inputs} pixels",
                f"在 {NEW_IMAGES} 幅 {self.inputs} 像素的新图像上的误差",
            ),
            "bold",
        )
        headings = (
            pick("examples", "样本数"),
            pick(f"dense ({self.weights[0]:,} weights)", f"全连接层（{self.weights[0]:,} 个权重）"),
            pick(f"convolution ({self.weights[1]})", f"卷积层（{self.weights[1]} 个权重）"),
        )
        rows = [
            (str(count), numbers.number(dense, 2), numbers.number(convolution, 2))
            for count, dense, convolution in zip(
                self.counts, self.dense, self.convolution, strict=True
            )
        ]
        yield TextTable("", headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw both errors over the number of examples.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.look.canvas import drawing, headline

        dense, convolution = self.needed()
        with drawing(path, 8.0, 4.4) as figure:
            if convolution is None:
                text = pick(
                    "What differs from place to place, a convolution never learns",
                    "各处不同的规律，卷积层永远学不会",
                )
            else:
                text = pick(
                    f"A convolution has learned it from {convolution} image"
                    f"{'s' * (convolution > 1)}, a dense layer needs {dense or 'more'}",
                    f"卷积层看 {convolution} 幅图像就学会了，全连接层需要 {dense or '更多'} 幅",
                )
            headline(figure, text)
            axes = figure.subplots()
            for errors, colour, name in (
                (self.dense, VERMILION, pick("dense layer", "全连接层")),
                (self.convolution, BLUE, pick("convolution", "卷积层")),
            ):
                axes.plot(self.counts, np.clip(errors, 0, 1.2), "o-", color=colour, label=name)
            axes.set_xlabel(pick("Examples (image and map)", "样本数（图像与特征图）"))
            axes.set_ylabel(pick("Error on new images", "新图像上的误差"))
            axes.set_ylim(-0.05, 1.25)
            axes.legend(loc="upper right")
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "counts": list(self.counts),
            "inputs": self.inputs,
            "weights": list(self.weights),
            "dense": list(self.dense),
            "convolution": list(self.convolution),
        }


def count_examples_needed(
    kernel: ArrayLike,
    counts: Sequence[int] = (1, 2, 4, 8, 16, 32, 48, 60, 63, 64, 65, 80),
    *,
    elsewhere: ArrayLike | None = None,
    side: int = 8,
    seed: int = 0,
) -> ExamplesNeeded:
    """Fit a dense layer and a kernel to the same examples, and test both on new images.

    The examples are images of random numbers and what the kernel makes of them. Both fits are
    least squares: the smallest weights that explain the examples best, so no training, rate or
    patience is at play. Every image gives the kernel an equation for each output, and each row of
    the dense layer only one.

    Args:
        kernel: What is to be learned, (height, width).
        counts: Numbers of examples.
        elsewhere: Another kernel of the same shape, which makes the right half of each map: what
            is to be learned then differs from place to place. None: one kernel everywhere.
        side: Height and width of the images.
        seed: Of the random images.

    Raises:
        UsageError: The kernels are no matrices that fit, or a number of examples is below 1.
    """
    kernel = as_float(kernel)
    other = kernel if elsewhere is None else as_float(elsewhere)
    fits = kernel.ndim == 2 and max(kernel.shape) <= side and other.shape == kernel.shape
    if not fits or not counts or min(counts) < 1:
        raise UsageError(
            f"kernel and elsewhere must be matrices of one shape that fit into {side} × {side} "
            f"pixels, and counts whole numbers from 1 on; got the shapes {kernel.shape} and "
            f"{other.shape}, counts {tuple(counts)}."
        )
    random = np.random.default_rng(seed)
    images = random.normal(size=(max(counts), 1, side, side))
    new = random.normal(size=(NEW_IMAGES, 1, side, side))
    maps, wanted = (
        join_halves(*(cross_correlation_2d(x, each[None, None]) for each in (kernel, other)))
        for x in (images, new)
    )
    dense, convolution = [], []
    for count in counts:
        x, y = images[:count], maps[:count]
        weights = np.linalg.lstsq(x.reshape(count, -1), y.reshape(count, -1))[0]
        dense.append(_error(new.reshape(NEW_IMAGES, -1) @ weights, wanted))
        learned = np.linalg.lstsq(_windows(x, kernel.shape), y.ravel())[0]
        convolution.append(_error(_windows(new, kernel.shape) @ learned, wanted))
    return ExamplesNeeded(
        tuple(counts), side * side, (side * side * maps[0].size, kernel.size),
        tuple(dense), tuple(convolution),
    )  # fmt: skip


def join_halves(left: FloatArray, right: FloatArray) -> FloatArray:
    """The left half of one array (…, width), and the right half of another."""
    half = left.shape[-1] // 2
    return np.concatenate([left[..., :half], right[..., half:]], axis=-1)


def _windows(images: FloatArray, kernel: tuple[int, ...]) -> FloatArray:
    """Return all windows of all images, (outputs, pixels of a window)."""
    found = np.lib.stride_tricks.sliding_window_view(images[:, 0], kernel, axis=(1, 2))
    return found.reshape(-1, kernel[0] * kernel[1])


def _error(found: FloatArray, wanted: FloatArray) -> float:
    difference = found.ravel() - wanted.ravel()
    return float(np.linalg.norm(difference) / np.linalg.norm(wanted))


def _first(counts: Sequence[int], errors: Sequence[float], tolerance: float) -> int | None:
    for count, error in zip(counts, errors, strict=True):
        if error < tolerance:
            return count
    return None
