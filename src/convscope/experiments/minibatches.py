"""The order in which images are met: epochs, minibatches, shuffling, and the smaller last batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from convscope.data.load import load
from convscope.errors import UsageError
from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DRAWN = 3  # steps of each epoch in the figure


@dataclass(frozen=True)
class BatchOrder(Printed):
    """Which images each step of each epoch takes. It prints as a table and draws the first steps.

    Attributes:
        batches: For each epoch, the numbers of the images of each batch.
        images: The images, (N, height, width), values from 0 to 1.
    """

    batches: tuple[tuple[tuple[int, ...], ...], ...]
    images: np.ndarray = field(repr=False)

    def epoch(self, number: int) -> list[int]:
        """The images of an epoch, counted from 0, in the order in which they are met."""
        return [image for batch in self.batches[number] for image in batch]

    @property
    def last_size(self) -> int:
        """How many images the last batch of an epoch has."""
        return len(self.batches[0][-1])

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        yield TextTable(
            pick(f"Batches of {len(self.images)} images", f"{len(self.images)} 幅图像的小批量"),
            (
                pick("epoch", "轮"),
                pick("steps", "步数"),
                pick("first batch", "第一个小批量"),
                pick("last batch", "最后一个小批量"),
            ),
            [
                (f"{place}", f"{len(epoch)}", ", ".join(map(str, epoch[0])),
                 ", ".join(map(str, epoch[-1])))
                for place, epoch in enumerate(self.batches, start=1)
            ],
            frozenset({0, 2, 3}),
        )  # fmt: skip

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the images of the first three steps of each epoch.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        steps = min(DRAWN, len(self.batches[0]))
        size = len(self.batches[0][0])
        with drawing(path, 10.0, 0.8 + 1.0 * len(self.batches)) as figure:
            headline(
                figure,
                pick(
                    "Each epoch meets every image once, in another order",
                    "每一轮都遇到每幅图像一次，但次序不同",
                ),
            )
            rows = np.asarray(figure.subfigures(len(self.batches), steps, squeeze=False))
            for place, epoch in enumerate(self.batches):
                for step in range(steps):
                    part = rows[place, step]
                    part.suptitle(
                        pick(
                            f"epoch {place + 1}, step {step + 1}",
                            f"第 {place + 1} 轮，第 {step + 1} 步",
                        ),
                        fontsize=10,
                    )
                    for axes, image in zip(
                        part.subplots(1, size, squeeze=False)[0], epoch[step], strict=False
                    ):
                        axes.imshow(self.images[image], cmap="gray", vmin=0, vmax=1)
                        axes.set(xticks=[], yticks=[])
                        axes.grid(False)
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"batches": [[[*batch] for batch in epoch] for epoch in self.batches]}


def follow_batches(
    count: int = 50, *, batch_size: int = 4, epochs: int = 2, seed: int = 0
) -> BatchOrder:
    """Shuffle the first digits anew for each epoch and cut them into batches.

    Args:
        count: How many images.
        batch_size: Images of a step; the last batch of an epoch takes what is left.
        epochs: How often every image is met.
        seed: Of the shuffling.

    Raises:
        UsageError: A number is below 1.
    """
    for name, value in (("count", count), ("batch_size", batch_size), ("epochs", epochs)):
        if value < 1:
            raise UsageError(f"{name} must be at least 1; given {value}.")
    images = np.array(load("digits", "train").images[:count], float).reshape(-1, 8, 8) / 255
    random = torch.Generator().manual_seed(seed)
    orders = [torch.randperm(len(images), generator=random) for _ in range(epochs)]
    batches = tuple(
        tuple(tuple(batch.tolist()) for batch in order.split(batch_size))  # type: ignore[no-untyped-call]
        for order in orders
    )
    return BatchOrder(batches, images)
