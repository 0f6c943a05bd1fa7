"""What a trained network says of images that it can't know, and how sure it seems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from convscope.data.image_set import ImageSet
from convscope.errors import UsageError
from convscope.evaluation.calibration import calibrate_probabilities
from convscope.evaluation.logits import compute_logits
from convscope.evaluation.unknown import is_unknown
from convscope.experiments.photographs import NAMES, SIDES, photograph
from convscope.look.canvas import drawing, headline
from convscope.look.language import Words, pick
from convscope.look.numbers import percent
from convscope.look.palette import GREEN, VERMILION
from convscope.look.printed import Part, Printed, TextTable
from convscope.runs.run import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SURE = 0.99
BATCH = 64
WORDS = {
    "digits": Words("digits", "数字"),
    "photographs": Words("photographs", "照片小块"),
    "noise": Words("noise", "噪声"),
    "inverted": Words("inverted", "黑白颠倒"),
    "upside down": Words("upside down", "上下颠倒"),
}
GREY = np.array([0.299, 0.587, 0.114])  # of red, green and blue in a grey value (ITU-R BT.601)


def name_set(name: str) -> str:
    """The name of a set of images in the current language, where there is one."""
    return str(WORDS.get(name, name))


class Confidence(NamedTuple):
    """How sure a network is of a set of images.

    Attributes:
        name: What the images are.
        images: How many there are.
        accuracy: Share that is given its label; what is on foreign images has none, so it means
            nothing there.
        median: The median of the calibrated probability of the class that was said.
        sure: Share of the images of which that probability is 0.99 or more.
        sure_right: Share of these that is right; 1 where there are none.
        unknown: Share of the images that the model calls unknown.
    """

    name: str
    images: int
    accuracy: float
    median: float
    sure: float
    sure_right: float
    unknown: float


@dataclass(frozen=True)
class Confidences(Printed):
    """How sure a network is of several sets of images.

    Attributes:
        sets: One for each.
    """

    sets: tuple[Confidence, ...]

    def __getitem__(self, name: str) -> Confidence:
        return next(each for each in self.sets if each.name == name)

    def shown(self) -> Iterator[Part]:
        """A row for each set."""
        headings = (
            pick("images", "图像"),
            pick("number", "数量"),
            pick("median probability", "概率中位数"),
            pick("0.99 or more", "不低于 0.99"),
            pick("called unknown", "判为未知"),
        )
        rows = [
            [name_set(each.name), str(each.images), f"{each.median:.2f}", percent(each.sure),
             percent(each.unknown)]
            for each in self.sets
        ]  # fmt: skip
        yield TextTable("", headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw beside each other how many images it is sure of, and how many it calls unknown.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 9.5, 1.9 + 0.75 * len(self.sets)) as figure:
            headline(
                figure,
                pick(
                    "A class for everything, often with certainty; “unknown” has to be asked for",
                    "什么图像都给一个类别，还常常十拿九稳；“未知”要另外判定",
                ),
            )
            axes = figure.subplots()
            axes.set_axisbelow(True)
            for row, each in enumerate(self.sets):
                for shift, share, colour in (
                    (-0.2, each.sure, VERMILION),
                    (0.2, each.unknown, GREEN),
                ):
                    axes.barh(row + shift, share, color=colour, height=0.36)
                    axes.annotate(
                        percent(share, 0), (share, row + shift), xytext=(4, 0),
                        textcoords="offset points", va="center", fontsize=10,
                    )  # fmt: skip
            labels = (
                pick("probability 0.99 or more", "概率不低于 0.99"),
                pick("called unknown", "判为未知"),
            )
            for colour, label in zip((VERMILION, GREEN), labels, strict=True):
                axes.barh([0], [0], color=colour, label=label)
            axes.set_yticks(range(len(self.sets)), [name_set(each.name) for each in self.sets])
            axes.invert_yaxis()
            axes.set_xlim(0, 1.08)
            axes.set_xticks([0, 0.25, 0.5, 0.75, 1.0], ["0 %", "25 %", "50 %", "75 %", "100 %"])
            axes.set_xlabel(pick("share of the images", "占图像的比例"))
            axes.grid(visible=False, axis="y")
            axes.tick_params(axis="y", length=0)
            figure.legend(loc="outside lower right", ncols=2, fontsize=10)
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"sets": [each._asdict() for each in self.sets]}


def measure_confidence(run: Run, sets: Mapping[str, ImageSet]) -> Confidences:
    """Measure how sure a trained network is of several sets of images.

    Args:
        run: A finished run; its temperature calibrates the probabilities, its threshold decides
            what is unknown.
        sets: Images by name, as the run takes them.
    """
    model = run.model()
    found = []
    for name, images in sets.items():
        logits = compute_logits(model, images, batch_size=BATCH, device=torch.device("cpu"))
        said = calibrate_probabilities(logits.values, model.card).max(dim=1)
        sure, right = said.values >= SURE, said.indices == logits.labels
        found.append(
            Confidence(
                name,
                len(images),
                logits.accuracy,
                float(said.values.median()),
                float(sure.float().mean()),
                float(right[sure].float().mean()) if bool(sure.any()) else 1.0,
                float(is_unknown(logits.values, model.card).float().mean()),
            )
        )
    return Confidences(tuple(found))


def photograph_patches(
    count: int = 400, side: int = 16, *, zoom: int = 4, seed: int = 0, classes: int = 10
) -> ImageSet:
    """Cut grey pieces out of two photographs, at random places: images of nothing in particular.

    Args:
        count: How many, half of each photograph.
        side: Height and width of a piece, in pixels.
        zoom: A pixel is the mean of so many times so many of the photograph.
        seed: Decides the places.
        classes: The labels are all 0, of so many classes, for a set must have some.

    Raises:
        UsageError: The pieces are larger than the photographs.
    """
    if side * zoom >= SIDES[0]:
        raise UsageError(f"side · zoom must be below {SIDES[0]}; given {side} · {zoom}.")
    random = np.random.default_rng(seed)
    pieces = []
    for name in NAMES:
        grey = np.tensordot(GREY, photograph(name, SIDES[0]), axes=1)
        for _ in range(count // len(NAMES)):
            top, left = random.integers(0, SIDES[0] - side * zoom, 2)
            piece = grey[top : top + side * zoom, left : left + side * zoom]
            piece = piece.reshape(side, zoom, side, zoom).mean(axis=(1, 3))
            pieces.append(piece.round().astype(np.uint8)[None])
    labels = np.zeros(len(pieces), np.int64)
    return ImageSet(np.stack(pieces), labels, [str(each) for each in range(classes)])


def noise_patches(
    count: int = 400, side: int = 16, *, seed: int = 0, classes: int = 10
) -> ImageSet:
    """Grey images in which every pixel is drawn by itself, any of 256 values.

    Args:
        count: How many.
        side: Height and width, in pixels.
        seed: Decides all pixels.
        classes: As for `photograph_patches`.
    """
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 1, side, side), np.uint8)
    labels = np.zeros(count, np.int64)
    return ImageSet(pixels, labels, [str(each) for each in range(classes)])


def invert_images(images: ImageSet) -> ImageSet:
    """Turn black into white and white into black, as with ink on paper in place of chalk."""
    return ImageSet(255 - images.images, images.labels, images.classes, name=images.name)


def turn_upside_down(images: ImageSet) -> ImageSet:
    """Mirror images from top to bottom."""
    mirrored = np.ascontiguousarray(images.images[:, :, ::-1])
    return ImageSet(mirrored, images.labels, images.classes, name=images.name)
