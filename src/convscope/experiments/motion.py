"""Three dimensions: a kernel over time sees motion, one over single images can't."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.definitions.arrays import FloatArray
from convscope.definitions.cross_correlation import cross_correlation_2d, cross_correlation_3d
from convscope.errors import UsageError
from convscope.look import numbers
from convscope.look.language import pick
from convscope.look.palette import BLUE, VERMILION
from convscope.look.printed import Paragraph, Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOT = 2  # pixels a side
KERNEL = 3  # frames, rows and columns


@dataclass(frozen=True)
class MotionResponses(Printed):
    """The largest answers of two kernels to films of a moving dot.

    Attributes:
        videos: For each film ("right", "left", "still"), the frames (time, height, width).
        volume: For each film, the largest answer of the 3-D kernel.
        image: For each film, the largest answer of the 2-D kernel, frame by frame.
        slices: Largest difference between the 3-D cross-correlation and the sum of 2-D ones, one
            for each slice of the kernel.
    """

    videos: dict[str, FloatArray] = field(repr=False)
    volume: dict[str, float]
    image: dict[str, float]
    slices: float

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        yield Paragraph(pick("Largest answer to a moving dot", "对移动光点的最大响应"), "bold")
        headings = (
            pick("the dot moves", "光点"),
            pick("3-D kernel", "三维核"),
            pick("2-D kernel", "二维核"),
        )
        rows = [
            (
                pick(name, DIRECTIONS[name]), numbers.number(self.volume[name], 3),
                numbers.number(self.image[name], 3),
            )
            for name in self.videos
        ]  # fmt: skip
        yield TextTable("", headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the films as time over space, and the answers as bars.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.look.canvas import drawing, headline
        from convscope.look.panels import draw_image

        with drawing(path, 11.0, 3.9) as figure:
            headline(
                figure,
                pick(
                    "A 3-D kernel tells right from left, a 2-D kernel can't",
                    "三维核分得清向左还是向右，二维核分不清",
                ),
            )
            *films, bars = figure.subplots(1, len(self.videos) + 1, width_ratios=[1, 1, 1, 1.6])
            for axes, (name, video) in zip(films, self.videos.items(), strict=True):
                over_time = video.max(axis=1)  # (time, width)
                draw_image(axes, (255 * over_time[None]).astype(np.uint8))
                axes.set_title(pick(name, DIRECTIONS[name]))
                axes.set_xlabel(pick("column", "列"))
                axes.set_ylabel(pick("time ↓", "时间 ↓"))
            places = np.arange(len(self.videos))
            for offset, answers, colour, name in (
                (-0.2, self.volume, BLUE, pick("3-D kernel", "三维核")),
                (0.2, self.image, VERMILION, pick("2-D kernel", "二维核")),
            ):
                bars.bar(places + offset, [*answers.values()], 0.4, color=colour, label=name)
            bars.set_xticks(places, [pick(name, DIRECTIONS[name]) for name in self.videos])
            bars.set_title(pick("largest answer", "最大响应"))
            bars.set_ylim(top=1.45 * max([*self.volume.values(), *self.image.values()]))
            bars.legend(loc="upper right", ncols=2, fontsize=9)
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold, without the films."""
        return {"volume": self.volume, "image": self.image, "slices": self.slices}


DIRECTIONS = {"right": "向右", "left": "向左", "still": "静止"}


def measure_motion(frames: int = 8, side: int = 12) -> MotionResponses:
    """Film a dot that moves right, moves left or stands still, and slide two kernels over it.

    Both kernels are a picture of the dot: the 3-D one of a dot that moves right for three frames,
    the 2-D one of the dot in one frame. Each has mean 0 and length 1.

    Args:
        frames: Length of the films, at least 3.
        side: Height and width of the frames; the dot must have room to move.

    Raises:
        UsageError: The film is too short or the frame too small.
    """
    if frames < KERNEL or side < frames + DOT + 1:
        raise UsageError(
            f"A film needs at least {KERNEL} frames, and frames with room for the dot to move, at "
            f"least {frames + DOT + 1} pixels; given {frames} frames of {side} pixels."
        )
    right = _film(frames, side)
    videos = {"right": right, "left": right[::-1].copy(), "still": right[:1].repeat(frames, axis=0)}
    moving, dot = _normal(right[:KERNEL, 4:8, 1:7]), _normal(right[0, 4:8, 1:5])
    volume, image, slices = {}, {}, 0.0
    for name, video in videos.items():
        y = cross_correlation_3d(video[None, None], moving[None, None])[0, 0]
        volume[name] = float(y.max())
        image[name] = float(cross_correlation_2d(video[:, None], dot[None, None]).max())
        parts = cross_correlation_2d(video[:, None], moving[:, None])  # (time, slice, …)
        added = sum(
            parts[each : each + len(y), each] for each in range(KERNEL)
        )  # slice `each` of the kernel meets the frame `each` later
        slices = max(slices, float(abs(y - added).max()))
    return MotionResponses(videos, volume, image, slices)


def _film(frames: int, side: int) -> FloatArray:
    """A white dot on black that moves right by a pixel each frame: (time, height, width)."""
    film = np.zeros((frames, side, side))
    for time in range(frames):
        film[time, 5 : 5 + DOT, 2 + time : 2 + time + DOT] = 1
    return film


def _normal(kernel: FloatArray) -> FloatArray:
    centred = kernel - kernel.mean()
    return np.asarray(centred / np.linalg.norm(centred))
