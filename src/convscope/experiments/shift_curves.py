"""The error of a moved map over the shift, for several layers or networks beside one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convscope.errors import UsageError
from convscope.experiments.equivariance import ROUNDING, measure_shift_response
from convscope.experiments.variant_names import name_variant
from convscope.look import numbers
from convscope.look.language import pick
from convscope.look.palette import MARKERS, SERIES
from convscope.look.printed import Paragraph, Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import nn


@dataclass(frozen=True)
class ShiftCurves(Printed):
    """Errors inside the borders, over the shift.

    Attributes:
        shifts: Pixels that the image moved.
        errors: For each network, the error of the moved map inside the borders at each shift
            (`ShiftResponse.inside`).
    """

    shifts: tuple[int, ...]
    errors: Mapping[str, tuple[float, ...]]

    def exact(self, name: str) -> list[int]:
        """The shifts that this network's map follows exactly, but for rounding."""
        return [
            shift
            for shift, error in zip(self.shifts, self.errors[name], strict=True)
            if error < ROUNDING
        ]

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        yield Paragraph(
            pick("Error of the moved map, inside the borders", "边界以内，平移后特征图的误差"),
            "bold",
        )
        headings = (pick("shift", "平移"), *map(str, self.shifts))
        rows = [
            (
                name_variant(name),
                *("0" if error < ROUNDING else numbers.number(error, 2) for error in errors),
            )
            for name, errors in self.errors.items()
        ]
        yield TextTable("", headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw a curve for each network.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.look.canvas import drawing, headline

        with drawing(path, 8.5, 4.4) as figure:
            every = all(self.exact(name) == [*self.shifts] for name in self.errors)
            headline(
                figure,
                pick("The map follows every shift", "特征图跟随每一次平移")
                if every
                else pick(
                    "With a stride, the map follows only the stride's multiples",
                    "步幅大于 1 时，特征图只跟随步幅整数倍的平移",
                ),
            )
            axes = figure.subplots()
            for number, (name, errors) in enumerate(self.errors.items()):
                axes.plot(
                    self.shifts, errors, f"{MARKERS[number % len(MARKERS)]}-",
                    color=SERIES[number % len(SERIES)], label=name_variant(name),
                )  # fmt: skip
            axes.set_xticks(self.shifts)
            axes.set_ylim(bottom=-0.03)
            axes.set_xlabel(pick("Pixels that the image moved", "图像平移的像素数"))
            axes.set_ylabel(pick("Error of the moved map", "平移后特征图的误差"))
            figure.legend(loc="outside right center", title=pick("stride s", "步幅 s"))
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "shifts": list(self.shifts),
            "errors": {name: list(errors) for name, errors in self.errors.items()},
        }


def measure_shift_curves(
    networks: Mapping[str, nn.Module], image: NDArray[Any], most: int = 8
) -> ShiftCurves:
    """Move an image by 0 to `most` pixels, and see which networks' maps move alike.

    Args:
        networks: Layers or networks, each giving a map, by the name to show.
        image: (channels, height, width), wider than `most`.
        most: The largest shift in pixels.

    Raises:
        UsageError: There are no networks, or one gives no map, or the image is too small.
    """
    if not networks or most < 1:
        raise UsageError(
            "measure_shift_curves needs at least one network and a shift of at least 1; got "
            f"{len(networks)} networks and {most}."
        )
    shifts = tuple(range(most + 1))
    pixels = np.asarray(image)
    return ShiftCurves(
        shifts,
        {
            name: tuple(
                measure_shift_response(network, pixels, shift, room=most).inside for shift in shifts
            )
            for name, network in networks.items()
        },
    )
