"""Colours in another order: what a network makes of blue, green, red for red, green, blue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from convscope.data.image_set import ImageSet
from convscope.evaluation.logits import compute_logits
from convscope.experiments.photographs import NAMES
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.look.palette import GREEN, VERMILION
from convscope.look.printed import Paragraph, Part, Printed
from convscope.runs.run import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BATCH = 64
SPLIT = 400  # column of the photographs: left of it the training images, right of it the others
ZOOM = 2


def colour_patches(
    side: int = 16, *, training: int = 600, test: int = 300, seed: int = 0
) -> dict[str, ImageSet]:
    """Cut colour pieces out of two photographs, a pavilion and a flower: which is it from?

    Training images are from the left part of both, test images from the right.

    Args:
        side: Height and width in pixels, each the mean of 2×2 of the photograph.
        training: How many training images, half of each class.
        test: How many test images.
        seed: Decides the places.

    Returns:
        "train" and "test".
    """
    from sklearn.datasets import load_sample_image

    random = np.random.default_rng(seed)
    wide = side * ZOOM
    sets = {}
    for split, count in (("train", training), ("test", test)):
        pieces, labels = [], []
        for label, name in enumerate(NAMES):
            whole = load_sample_image(f"{name}.jpg").transpose(2, 0, 1)
            part = whole[:, :, :SPLIT] if split == "train" else whole[:, :, SPLIT:]
            for _ in range(count // len(NAMES)):
                top = random.integers(0, part.shape[1] - wide)
                left = random.integers(0, part.shape[2] - wide)
                piece = part[:, top : top + wide, left : left + wide]
                small = piece.reshape(3, side, ZOOM, side, ZOOM).mean(axis=(2, 4))
                pieces.append(np.ascontiguousarray(small.round().astype(np.uint8)))
                labels.append(label)
        stacked = np.ascontiguousarray(np.stack(pieces))
        sets[split] = ImageSet(stacked, np.array(labels), NAMES, split=split)
    return sets


def reverse_channels(images: ImageSet) -> ImageSet:
    """Turn red, green, blue into blue, green, red, as some libraries read files."""
    reversed_order = np.ascontiguousarray(images.images[:, ::-1])
    return ImageSet(reversed_order, images.labels, images.classes, name=images.name)


@dataclass(frozen=True)
class ChannelOrders(Printed):
    """How many images are right in the channels' order, and in the other.

    Attributes:
        images: How many test images there are.
        accuracy: Share that is right with red, green, blue, as it was trained.
        reversed_accuracy: Share that is right with blue, green, red.
        sure: Mean probability of the class that is said, with blue, green, red.
        examples: uint8 (2, 4, 3, side, side): four images in the one order and in the other.
    """

    images: int
    accuracy: float
    reversed_accuracy: float
    sure: float
    examples: np.ndarray[Any, Any]

    def shown(self) -> Iterator[Part]:
        """One line."""
        yield Paragraph(
            pick(
                f"{self.images} test images: {percent(self.accuracy)} right with red, green, blue; "
                f"{percent(self.reversed_accuracy)} with blue, green, red, said with a mean "
                f"probability of {self.sure:.2f}",
                f"{self.images} 幅测试图像：按红、绿、蓝时准确率 {percent(self.accuracy)}；"
                f"按蓝、绿、红时 {percent(self.reversed_accuracy)}，"
                f"而给出的概率平均为 {self.sure:.2f}",
            )
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """Show four images in both orders, with what becomes of the accuracy.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 8.0, 4.9) as figure:
            headline(
                figure,
                pick(
                    "Red and blue exchanged: no error message, only wrong answers",
                    "红蓝互换：没有报错，只有错误的答案",
                ),
            )
            count = self.examples.shape[1]
            rows = figure.subplots(2, count)
            words = (
                pick("red, green, blue", "红、绿、蓝"),
                pick("blue, green, red", "蓝、绿、红"),
            )
            shares = (self.accuracy, self.reversed_accuracy)
            for row, images in enumerate(self.examples):
                for place, image in enumerate(images):
                    axes = rows[row, place]
                    axes.imshow(image.transpose(1, 2, 0))
                    axes.set_axis_off()
                rows[row, 0].set_title(
                    pick(
                        f"{words[row]}: {percent(shares[row], 0)} right",
                        f"{words[row]}：准确率 {percent(shares[row], 0)}",
                    ),
                    color=(GREEN, VERMILION)[row],
                )
            footnote(
                figure,
                pick(
                    "pieces of two photographs; the network says which of the two",
                    "两张照片的小块；网络要说出是哪一张",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold: all but the images."""
        found = asdict(self)
        del found["examples"]
        return found


def compare_channel_orders(run: Run, images: ImageSet) -> ChannelOrders:
    """Evaluate a network on images in the order of their channels, and in the reverse order.

    Args:
        run: A run on colour images.
        images: Labelled colour images as the run takes them.
    """
    model = run.model()
    other = reverse_channels(images)
    before, after = (
        compute_logits(model, each, batch_size=BATCH, device=torch.device("cpu"))
        for each in (images, other)
    )
    places = _most_changed(images)
    return ChannelOrders(
        len(images),
        before.accuracy,
        after.accuracy,
        float(after.probabilities.max(dim=1).values.mean()),
        np.stack([images.images[places], other.images[places]]),
    )


def _most_changed(images: ImageSet) -> list[int]:
    """Places of two images of each class in which red and blue differ most."""
    change = np.abs(images.images[:, 0].astype(float) - images.images[:, 2]).mean(axis=(1, 2))
    order = np.argsort(-change)
    return [
        int(place) for label in np.unique(images.labels)[:2]
        for place in order[images.labels[order] == label][:2]
    ]  # fmt: skip
