"""Which augmentation helps depends on the data: flips and crops on digits and on clothes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from convscope.data.augmentation import crop, flip
from convscope.data.load import load
from convscope.errors import unknown_name
from convscope.experiments.brief_training import train_briefly
from convscope.experiments.paired_difference import PairedDifference, measure_difference
from convscope.experiments.plain_sgd import measure_accuracy
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import percent, write_as
from convscope.look.palette import FAINT, MARKERS, SERIES
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHANGES = ("none", "flip", "crop")


class AugmentationSetting(NamedTuple):
    """What is learned, and for how long.

    Attributes:
        data: The data set.
        learned: Images to learn from.
        tested: Test images, at most.
        padding: Pixels that a crop shifts by, at most.
        epochs: How often every image is seen.
        channels: Of the first convolution.
    """

    data: str
    learned: int
    tested: int
    padding: int
    epochs: int
    channels: int


SETTINGS = {
    "few digits": AugmentationSetting("digits", 100, 359, 1, 300, 16),
    "digits": AugmentationSetting("digits", 300, 359, 1, 100, 8),
    "clothes": AugmentationSetting("fashion-mnist", 500, 2000, 2, 60, 8),
}


@dataclass(frozen=True)
class AugmentationComparison(Printed):
    """Test accuracy by setting and augmentation, a number for each seed.

    Attributes:
        accuracies: By setting ("few digits", "digits", "clothes") and change ("none", "flip",
            "crop"), shares of 1.
    """

    accuracies: Mapping[str, Mapping[str, tuple[float, ...]]]

    def difference(self, setting: str, change: str) -> PairedDifference:
        """Accuracy with a change minus that without, in percentage points, over seeds in pairs."""
        by_change = self.accuracies[setting]
        one, other = ([100 * each for each in by_change[name]] for name in (change, "none"))
        return measure_difference(one, other)

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        names, sets = _changes(), _settings()
        yield TextTable(
            pick("Mean test accuracy", "平均测试准确率"),
            ("", *(names[each] for each in CHANGES)),
            [
                (sets[data], *(percent(float(np.mean(by[each]))) for each in CHANGES))
                for data, by in self.accuracies.items()
            ],
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw what flips and crops gain and lose on each data set, with its 95 % interval.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        names, sets = _changes(), _settings()
        with drawing(path, 8.5, 3.4) as figure:
            headline(
                figure,
                pick(
                    "Augmentation isn't always a gain: it depends on the data",
                    "增广并非总有好处：要看数据",
                ),
            )
            axes = figure.subplots()
            axes.axvline(0, color=FAINT, linewidth=1)
            lines = [(data, change) for data in self.accuracies for change in CHANGES[1:]]
            for row, (data, change) in enumerate(lines):
                found = self.difference(data, change)
                place = CHANGES.index(change)
                axes.errorbar(
                    found.mean, row, xerr=[[found.mean - found.low], [found.high - found.mean]],
                    fmt=MARKERS[place], color=SERIES[place - 1], capsize=5, markersize=8,
                )  # fmt: skip
                axes.text(
                    1.01, row, write_as(found.mean, "+.1f"), va="center",
                    color=SERIES[place - 1], transform=axes.get_yaxis_transform(),
                )  # fmt: skip
            labels = [pick(f"{sets[d]}, {names[c]}", f"{sets[d]}，{names[c]}") for d, c in lines]
            axes.set_yticks(range(len(lines)), labels)
            axes.set_ylim(len(lines) - 0.5, -0.5)
            axes.grid(visible=False, axis="y")
            axes.set_xlabel(
                pick("gain in test accuracy, percentage points", "测试准确率的变化（百分点）")
            )
            seeds = len(next(iter(self.accuracies.values()))["none"])
            footnote(
                figure,
                pick(
                    f"against no augmentation; mean of {seeds} pairs of seeds, 95 % interval",
                    f"与不做增广相比；{seeds} 对种子的平均与 95 % 置信区间",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            data: {change: [*each] for change, each in by.items()}
            for data, by in self.accuracies.items()
        }


def _changes() -> dict[str, str]:
    return {
        "none": pick("none", "无"),
        "flip": pick("flips", "翻转"),
        "crop": pick("crops", "裁剪"),
    }


def _settings() -> dict[str, str]:
    return {
        "few digits": pick("100 digits", "100 个数字"),
        "digits": pick("300 digits", "300 个数字"),
        "clothes": pick("500 clothes", "500 幅服装"),
    }


def train_augmented(setting: str, change: str, seed: int) -> dict[str, Any]:
    """Train a small convolutional network on few images, changed at random at each step.

    Two 3×3 convolutions with ReLU and pooling and a dense layer (`build_small_convolutions`); Adam.
    Of a seed all changes get the same images to learn from.

    Args:
        setting: "few digits" (100 images, 300 epochs), "digits" (300, 100 epochs) or "clothes" (500
            of Fashion-MNIST, 60 epochs).
        change: "none", "flip" (half of the images mirrored left to right) or "crop" (moved by up
            to 1 pixel of 8, or 2 of 28, black coming in).
        seed: Of the images, their order, the changes and the first weights.

    Returns:
        A row with what was given, "train_accuracy" (on the unchanged images) and "accuracy" (on
        test images).

    Raises:
        UsageError: There is no such change or setting, or the data isn't there.
    """
    if setting not in SETTINGS:
        raise unknown_name("setting", setting, SETTINGS)
    chosen = SETTINGS[setting]
    change_batch = change_of(change, chosen.padding)
    images, labels = _images(chosen.data, "train")
    picked = np.random.default_rng(seed).permutation(len(images))[: chosen.learned]
    images, labels = images[picked], labels[picked]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_small_convolutions(images.shape[-1], channels=chosen.channels)
    train_briefly(
        network, images, labels, epochs=chosen.epochs, rate=0.01, seed=seed, change=change_batch
    )
    unseen, truth = _images(chosen.data, "test")
    return {
        "setting": setting,
        "change": change,
        "seed": seed,
        "train_accuracy": measure_accuracy(network, images, labels),
        "accuracy": measure_accuracy(network, unseen[: chosen.tested], truth[: chosen.tested]),
    }


def change_of(name: str, padding: int = 1) -> Callable[[Tensor, torch.Generator], Tensor] | None:
    """What `train_briefly` takes to change its batches; None for "none".

    Args:
        name: "none", "flip", "crop" or "flip and crop".
        padding: Pixels that a crop shifts by, at most, each way.

    Raises:
        UsageError: There is no such change.
    """
    known = (*CHANGES, "flip and crop")
    if name not in known:
        raise unknown_name("augmentation", name, known)
    if name == "none":
        return None

    def change(images: Tensor, random: torch.Generator) -> Tensor:
        draws = np.random.default_rng(int(torch.randint(2**31, (), generator=random)))
        if "flip" in name:
            images = flip(images, draws)
        return crop(images, padding, draws) if "crop" in name else images

    return change


def read_augmentations(rows: Iterable[Mapping[str, Any]]) -> AugmentationComparison:
    """Put rows of `train_augmented` beside one another.

    Args:
        rows: Of every change for the same seeds.
    """
    by_name: dict[str, dict[str, list[float]]] = {}
    for row in sorted(rows, key=lambda each: each["seed"]):
        by_change = by_name.setdefault(row["setting"], {})
        by_change.setdefault(row["change"], []).append(row["accuracy"])
    return AugmentationComparison(
        {
            setting: {change: tuple(each) for change, each in by_name[setting].items()}
            for setting in SETTINGS
            if setting in by_name
        }
    )


def _images(data: str, split: str) -> tuple[Tensor, Tensor]:
    """Black is 0, so that what crops bring in is black; float32 (N, 1, size, size)."""
    loaded = load(data, split)
    pixels = torch.from_numpy(np.array(loaded.images)).float() / 255
    return pixels, torch.from_numpy(np.array(loaded.labels)).long()


def build_small_convolutions(
    size: int, *, channels: int = 8, dropout: float = 0.0
) -> nn.Sequential:
    """Two 3×3 convolutions with ReLU and pooling, then a dense layer, for (N, 1, size, size).

    Args:
        size: Height and width of the images, at least 4.
        channels: Of the first convolution; the second has twice as many.
        dropout: Probability of dropout before the dense layer.
    """
    return nn.Sequential(
        nn.Conv2d(1, channels, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(channels, 2 * channels, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(dropout), nn.Linear(2 * channels * (size // 4) ** 2, 10),
    )  # fmt: skip
