"""Images together with their inverses: what defeats a linear model, and not one hidden layer.

For a linear model, the logits of an image and of its inverse add up to the same number whatever the
image is: W x + b + W (1 − x) + b = W 1 + 2 b. So it can't favour one class on both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from convscope.data.load import load
from convscope.experiments.brief_training import train_briefly
from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.look.palette import INK, SERIES
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HIDDEN = 64
EPOCHS = 30
CLASSES = 10
SHOWN = 4  # images in the figure


@dataclass(frozen=True)
class InverseResult(Printed):
    """Accuracy on unseen digits, learned without and with inverses. It prints and draws itself.

    Attributes:
        plain: By model, accuracy where it learned and is tested on digits alone.
        both: By model, accuracy where half of all images are inverses.
        images: A few test images (count, 8, 8), values from 0 to 1, for the figure.
        constant: How far the linear model's logits of an image and its inverse, added up, differ
            between images: 0 but for rounding.
    """

    plain: Mapping[str, float]
    both: Mapping[str, float]
    images: np.ndarray
    constant: float

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        names = {
            "linear": pick("linear", "线性模型"),
            "hidden": pick("one hidden layer", "一个隐藏层"),
        }
        yield TextTable(
            pick("Accuracy on unseen images", "未见过的图像上的准确率"),
            ("", pick("digits", "数字"), pick("digits and inverses", "数字及其反色")),
            [(names[name], percent(self.plain[name]), percent(self.both[name])) for name in names],
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw some images with their inverses, and the accuracies beside.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 9.0, 3.6) as figure:
            headline(
                figure,
                pick(
                    "Black on white and white on black: too much for a linear model",
                    "黑底白字加白底黑字：线性模型无能为力",
                ),
            )
            left, right = np.asarray(figure.subfigures(1, 2, width_ratios=[1.1, 1]))
            grid = left.subplots(2, len(self.images))
            for column, image in enumerate(self.images):
                for row, pixels in enumerate((image, 1 - image)):
                    grid[row, column].imshow(pixels, cmap="gray", vmin=0, vmax=1)
                    grid[row, column].set(xticks=[], yticks=[])
                    grid[row, column].spines[:].set_visible(True)
            axes = right.subplots()
            axes.set_axisbelow(True)
            names = (pick("linear", "线性"), pick("one hidden layer", "一个隐藏层"))
            for place, (label, found) in enumerate(
                ((pick("digits", "数字"), self.plain), (pick("and inverses", "及反色"), self.both))
            ):
                bars = axes.bar(
                    np.arange(2) + 0.38 * (place - 0.5),
                    [100 * found["linear"], 100 * found["hidden"]],
                    width=0.36,
                    color=SERIES[place],
                    label=label,
                )
                axes.bar_label(bars, fmt="%.0f")
            guessing = axes.axhline(100 / CLASSES, color=INK, linestyle="--")
            guessing.set_label(pick("guessing", "瞎猜"))
            axes.set_xticks(range(2), names)
            axes.set_ylabel(pick("accuracy (%)", "准确率（%）"))
            axes.set_ylim(0, 140)
            axes.set_yticks(range(0, 101, 20))
            axes.legend(loc="upper left", ncols=2)
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"plain": dict(self.plain), "both": dict(self.both), "constant": self.constant}


def learn_inverses(*, epochs: int = EPOCHS, seed: int = 0) -> InverseResult:
    """Train a linear model and one with a hidden layer of 64 units, without and with inverses.

    Data: scikit-learn's digits (8×8), values from 0 to 1; the inverse of an image is 1 minus it,
    and has its label. Optimizer: Adam at 0.01, falling to 0.

    Args:
        epochs: How often every image is seen.
        seed: Of the first weights and the order of the images.
    """
    (images, labels), (test_images, test_labels) = _digits("train"), _digits("test")
    makers: Mapping[str, Callable[[], nn.Module]] = {
        "linear": lambda: nn.Linear(64, CLASSES),
        "hidden": lambda: nn.Sequential(
            nn.Linear(64, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, CLASSES)
        ),
    }
    plain: dict[str, float] = {}
    both: dict[str, float] = {}
    constant = 0.0
    for name, make in makers.items():
        for found, with_inverses in ((plain, False), (both, True)):
            torch.manual_seed(seed)
            network = make()
            seen, targets = _with_inverses(images, labels) if with_inverses else (images, labels)
            train_briefly(network, seen, targets, epochs=epochs, rate=0.01, seed=seed)
            found[name] = _accuracy(
                network,
                *(_with_inverses(test_images, test_labels) if with_inverses
                  else (test_images, test_labels)),
            )  # fmt: skip
        if name == "linear":
            constant = _spread_of_sums(network, test_images)
    shown = test_images[:SHOWN].reshape(-1, 8, 8).numpy()
    return InverseResult(plain, both, shown, constant)


def _digits(split: str) -> tuple[Tensor, Tensor]:
    digits = load("digits", split)
    pixels = torch.from_numpy(np.array(digits.images)).float().flatten(1) / 255
    return pixels, torch.from_numpy(np.array(digits.labels)).long()


def _with_inverses(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    return torch.cat([images, 1 - images]), torch.cat([labels, labels])


def _accuracy(network: nn.Module, images: Tensor, labels: Tensor) -> float:
    with torch.no_grad():
        return float((network(images).argmax(1) == labels).float().mean())


def _spread_of_sums(network: nn.Module, images: Tensor) -> float:
    with torch.no_grad():
        sums = network.double()(images.double()) + network(1 - images.double())
    return float((sums.amax(0) - sums.amin(0)).max())
