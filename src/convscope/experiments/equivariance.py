"""Does the map move as the image moves? Measured for one shift, drawn as a map of the error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convscope.errors import UsageError
from convscope.look import numbers
from convscope.look.language import pick
from convscope.look.printed import Paragraph, Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import nn

Maps = NDArray[np.float64]
ROUNDING = 1e-9  # relative to the map: below it, numbers differ by rounding (float64) alone


@dataclass(frozen=True)
class ShiftResponse(Printed):
    """A map before and after the image has moved to the right.

    Errors are root mean squares over that of the map itself: 0 is equal, about 1.4 unrelated.

    Attributes:
        shift: Pixels that the image moved.
        map_shift: Columns that the map moved: those that make both agree best.
        equivariance: Error of the moved map against the map of the moved image, where both are.
        inside: The same over the middle half of the columns, away from the borders.
        invariance: Error of the map of the moved image against the map left where it was.
        pooled: The same for the mean of each channel over all places (global average pooling).
        strips: Columns at the left and at the right of what is compared in which some number
            differs by more than rounding, reckoned up to the middle.
        before: Map of the image, (channels, height, width).
        after: Map of the moved image.
        error: Difference at each place over the root mean square of the map, mean of the
            channels, (height, width); NaN where only one of the two is.
    """

    shift: int
    map_shift: int
    equivariance: float
    inside: float
    invariance: float
    pooled: float
    strips: tuple[int, int]
    before: Maps = field(repr=False)
    after: Maps = field(repr=False)
    error: Maps = field(repr=False)

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        left, right = self.strips
        yield Paragraph(
            pick(
                f"The image moved by {self.shift} pixels, the map by {self.map_shift} columns",
                f"图像平移 {self.shift} 个像素，特征图平移 {self.map_shift} 列",
            ),
            "bold",
        )
        rows = [
            (pick("error of the moved map", "平移后特征图的误差"), self.equivariance),
            (pick("error inside the borders", "边界以内的误差"), self.inside),
            (pick("change of the map left in place", "不移动特征图时的变化"), self.invariance),
            (pick("change of its mean", "其均值的变化"), self.pooled),
        ]
        shown = [(name, numbers.number(value, 2)) for name, value in rows]
        shown.append(
            (pick("wrong columns, left and right", "左右两侧出错的列数"), f"{left}, {right}")
        )
        yield TextTable("", ("", ""), shown)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the first channel before and after, and where the two disagree.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.look.canvas import drawing, headline
        from convscope.look.panels import add_bar, draw_values, value_range

        exact = self.equivariance < ROUNDING
        borders = self.inside < ROUNDING
        with drawing(path, 11.0, 4.2) as figure:
            if exact:
                text = pick(
                    "The map moves with the image, everywhere",
                    "特征图随图像一起平移，处处如此",
                )
            elif borders:
                text = pick(
                    "The map moves with the image, except at the borders",
                    "特征图随图像一起平移，边界附近除外",
                )
            else:
                text = pick("The map does not move with the image", "特征图没有随图像一起平移")
            headline(figure, text)
            one, two, three = figure.subplots(1, 3)
            low, high = value_range(np.stack([self.before[0], self.after[0]]))
            draw_values(one, self.before[0], low, high)
            one.set_title(pick("map", "特征图"))
            draw_values(two, self.after[0], low, high)
            two.set_title(pick(f"image moved by {self.shift}", f"图像平移 {self.shift} 后"))
            drawn = draw_values(three, self.error, 0.0, max(float(np.nanmax(self.error)), 1e-6))
            three.set_title(
                pick(f"error, map moved by {self.map_shift}", f"误差（特征图移 {self.map_shift}）")
            )
            add_bar(figure, drawn, three)
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold, without the maps."""
        return {
            "shift": self.shift,
            "map_shift": self.map_shift,
            "equivariance": self.equivariance,
            "inside": self.inside,
            "invariance": self.invariance,
            "pooled": self.pooled,
            "strips": list(self.strips),
        }


def measure_shift_response(
    network: nn.Module, image: NDArray[Any], shift: int, *, room: int | None = None
) -> ShiftResponse:
    """Move an image to the right, and compare the map of it with the map that was moved.

    The image moves as before a camera: both times the network sees a window of the same size, and
    new pixels come in at the left. With `room=0` it moves around instead: what leaves at the right
    comes in at the left, as it must for a network with circular padding.

    By how many columns the map moved is not computed from strides, but found: the number, from 0
    to `shift`, for which both maps agree best. So the measurement favours the network. It is done
    in double precision, and the network is left as found.

    Args:
        network: A layer or network whose output is a map (N, channels, height, width).
        image: (channels, height, width), wider than high if `room` isn't 0.
        shift: Pixels, from 0 on.
        room: Columns at the left that come in as the image moves. None: `shift`.

    Raises:
        UsageError: The image isn't larger than the shift, or the output is no map.
    """
    import copy

    import torch

    room = shift if room is None else room
    pixels = np.asarray(image, dtype=np.float64)
    if pixels.ndim != 3 or not 0 <= shift < pixels.shape[2] - room or 0 < room < shift:
        raise UsageError(
            "image must be (channels, height, width), with more columns than the image moves; got "
            f"the shape {pixels.shape} for a shift of {shift} and room for {room}."
        )
    moved = np.roll(pixels, shift, axis=2)
    double = copy.deepcopy(network).double().eval()
    with torch.no_grad():
        pair = torch.from_numpy(np.stack([pixels[:, :, room:], moved[:, :, room:]]))
        output = double(pair)
    if output.ndim != 4:
        raise UsageError(
            "The network must give a map (N, channels, height, width); it gave the shape "
            f"{tuple(output.shape)}. Leave out what comes after the last convolution."
        )
    before, after = output.numpy()
    scale = float(np.sqrt((before**2).mean())) or 1.0
    differences = [_difference(before, after, by, around=room == 0) for by in range(shift + 1)]
    errors = [_rms(each) / scale for each in differences]
    best = int(np.argmin(errors))
    width = before.shape[2]
    error = np.full(before.shape[1:], np.nan)
    compared = abs(differences[best]).mean(axis=0) / scale
    error[:, width - compared.shape[1] :] = compared
    columns = abs(differences[best]).max(axis=(0, 1)) > ROUNDING * scale
    quarter = len(columns) // 4
    middle = differences[best][..., quarter : len(columns) - quarter]
    return ShiftResponse(
        shift, best, errors[best], _rms(middle) / scale, _rms(after - before) / scale,
        _rms((after - before).mean(axis=(1, 2))) / (_rms(before.mean(axis=(1, 2))) or 1.0),
        (_reach(columns), _reach(columns[::-1])), before, after, error,
    )  # fmt: skip


def _difference(before: Maps, after: Maps, by: int, *, around: bool) -> Maps:
    """What the map of the moved image has more than the moved map, where both are."""
    if around:
        return after - np.roll(before, by, axis=2)
    return after[..., by:] - before[..., : before.shape[2] - by]


def _rms(values: Maps) -> float:
    return float(np.sqrt((values**2).mean()))


def _reach(wrong: NDArray[np.bool_]) -> int:
    """How far from its start to its middle a row is wrong."""
    found = np.flatnonzero(wrong[: (len(wrong) + 1) // 2])
    return int(found[-1]) + 1 if len(found) else 0
