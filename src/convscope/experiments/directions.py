"""Which directions a kernel answers to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from convscope.definitions.arrays import FloatArray, as_float
from convscope.definitions.cross_correlation import cross_correlation_2d
from convscope.errors import UsageError
from convscope.experiments.drawn_images import DIRECTIONS, striped_images
from convscope.look import numbers
from convscope.look.language import pick
from convscope.look.palette import BLUE
from convscope.look.printed import Paragraph, Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {"vertical": "竖直", "horizontal": "水平", "falling": "右下斜", "rising": "右上斜"}


@dataclass(frozen=True)
class DirectionResponses(Printed):
    """How strongly a kernel answers to random stripes in each direction.

    Attributes:
        kernel: (height, width).
        responses: For each direction, the root mean square of the answers, stripes having greys
            from 0 to 1.
    """

    kernel: FloatArray
    responses: Mapping[str, float]

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        yield Paragraph(pick("Answer to stripes", "对条纹的响应"), "bold")
        rows = [
            (pick(name, NAMES[name]), numbers.number(value + 0.0, 3))
            for name, value in self.responses.items()
        ]
        yield TextTable("", ("", ""), rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the kernel, and its answers as bars.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.look.canvas import drawing, headline
        from convscope.look.panels import draw_numbers

        strongest = max(self.responses, key=lambda name: self.responses[name])
        with drawing(path, 8.0, 3.6) as figure:
            headline(
                figure,
                pick(
                    f"This kernel answers most to {strongest} stripes",
                    f"这个核对{NAMES[strongest]}条纹响应最强",
                ),
            )
            left, right = figure.subplots(1, 2, width_ratios=[1, 2])
            draw_numbers(left, self.kernel, 11)
            left.set_title(pick("kernel", "卷积核"))
            names = [pick(name, NAMES[name]) for name in self.responses]
            right.bar(names, [*self.responses.values()], color=BLUE)
            right.set_axisbelow(True)
            right.set_title(pick("root mean square answer", "响应的均方根"))
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"kernel": self.kernel.tolist(), "responses": dict(self.responses)}


def measure_directions(kernel: ArrayLike) -> DirectionResponses:
    """Slide a kernel over random stripes in four directions.

    "falling" stripes run from the upper left to the lower right, "rising" ones from the lower left
    to the upper right.

    Args:
        kernel: (height, width), at most 20 × 20.

    Raises:
        UsageError: The kernel is no matrix, or larger.
    """
    kernel = as_float(kernel)
    images = {name: striped_images(name) for name in DIRECTIONS}
    side = len(images["vertical"][0])
    if kernel.ndim != 2 or max(kernel.shape) > side:
        raise UsageError(
            f"kernel must be (height, width), at most {side} × {side}; got the shape "
            f"{kernel.shape}."
        )
    return DirectionResponses(
        kernel,
        {
            name: float(np.sqrt((cross_correlation_2d(x[:, None], kernel[None, None]) ** 2).mean()))
            for name, x in images.items()
        },
    )
