"""A photograph under 1×1 convolutions: each output channel is a mixture of red, green and blue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convscope.definitions.cross_correlation import cross_correlation
from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.numbers import number
from convscope.look.panels import draw_image, draw_values
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GREY = (0.299, 0.587, 0.114)  # luma: ITU-R recommendation BT.601
MIXTURES = {
    "0.299 R + 0.587 G + 0.114 B": GREY,
    "R − G": (1.0, -1.0, 0.0),
    "(R + G) / 2 − B": (0.5, 0.5, -1.0),
}


@dataclass(frozen=True)
class MixedChannels(Printed):
    """An image and mixtures of its channels. It prints as a table and draws itself.

    Attributes:
        image: uint8 (3, height, width).
        maps: By mixture, float64 (height, width).
        weights: By mixture, the three numbers.
    """

    image: NDArray[np.uint8] = field(repr=False)
    maps: Mapping[str, NDArray[np.float64]] = field(repr=False)
    weights: Mapping[str, Sequence[float]]

    @property
    def difference_from_grey(self) -> float:
        """Levels by which the first mixture differs from Pillow's grey image, at most."""
        pixels = np.ascontiguousarray(self.image.transpose(1, 2, 0))
        grey = np.asarray(Image.fromarray(pixels).convert("L"), dtype=float)
        return float(abs(next(iter(self.maps.values())) - grey).max())

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        headings = (pick("mixture", "混合"), pick("lowest", "最低"), pick("highest", "最高"))
        rows = [
            (name, number(float(values.min()), 3), number(float(values.max()), 3))
            for name, values in self.maps.items()
        ]
        title = pick("Output channels of a 1×1 convolution", "1×1 卷积的输出通道")
        yield TextTable(title, headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the image and each mixture.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 12.0, 3.8) as figure:
            headline(
                figure,
                pick(
                    "A 1×1 convolution mixes the channels of each pixel",
                    "1×1 卷积在每个像素处混合各通道",
                ),
            )
            parts = figure.subplots(1, 4)
            draw_image(parts[0], self.image)
            parts[0].set_title(pick("R, G, B", "R、G、B 三个通道"), fontsize=11)
            for axes, (name, values) in zip(parts[1:], self.maps.items(), strict=False):
                low, high = float(values.min()), float(values.max())
                if low < 0:
                    draw_values(axes, values, low, high)
                else:
                    draw_image(axes, values.round().clip(0, 255).astype(np.uint8)[None])
                axes.set_title(name, fontsize=11)
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold: all but the pixels."""
        return {
            "weights": {name: [*map(float, values)] for name, values in self.weights.items()},
            "difference_from_grey": self.difference_from_grey,
        }


def mix_channels(
    image: NDArray[np.uint8], mixtures: Mapping[str, Sequence[float]] = MIXTURES
) -> MixedChannels:
    """Apply a 1×1 convolution to a colour image.

    Args:
        image: uint8 (3, height, width).
        mixtures: By name, the weights of red, green and blue; the first is compared with grey.
            At most three are drawn.
    """
    weight = np.array([*mixtures.values()], dtype=float)[:, :, None, None]  # (outputs, 3, 1, 1)
    maps = cross_correlation(image[None], weight)[0]
    return MixedChannels(image, dict(zip(mixtures, maps, strict=True)), dict(mixtures))
