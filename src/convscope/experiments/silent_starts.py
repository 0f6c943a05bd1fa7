"""How many class maps and units are silent before the first step, over many starts."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from convscope.data.load import load
from convscope.errors import unknown_name
from convscope.evaluation.logits import evaluation_mode
from convscope.experiments.dead_classes import count_dead_classes
from convscope.experiments.start_names import name_of
from convscope.inspection.parameters.dead_units import find_dead_units
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import number, percent
from convscope.look.palette import GRID, VERMILION
from convscope.look.printed import Part, Printed, TextTable
from convscope.networks.initialization import initialize

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IMAGES = 128


@dataclass(frozen=True)
class SilentStart:
    """One way to start, over several seeds, before the first step.

    Attributes:
        name: What it is called.
        dead_classes: By seed, classes whose logit is 0 for all images.
        dead_units: By seed, share of the units behind a ReLU that no image excites.
        spread: By seed, how far the logits of different images lie apart: their standard deviation
            over the images, mean over the logits.
        classes: How many there are.
    """

    name: str
    dead_classes: tuple[int, ...]
    dead_units: tuple[float, ...]
    spread: tuple[float, ...]
    classes: int

    @property
    def mean_dead_classes(self) -> float:
        """Silent classes of a start, on average."""
        return statistics.fmean(self.dead_classes)

    @property
    def mean_dead_units(self) -> float:
        """Share of dead units of a start, on average."""
        return statistics.fmean(self.dead_units)

    @property
    def median_spread(self) -> float:
        """Half of the starts have logits that lie further apart."""
        return statistics.median(self.spread)


@dataclass(frozen=True)
class SilentStarts(Printed):
    """Several ways to start.

    Attributes:
        starts: One for each.
    """

    starts: tuple[SilentStart, ...]

    def __getitem__(self, name: str) -> SilentStart:
        """The way to start of this name.

        Raises:
            UsageError: There is none.
        """
        for start in self.starts:
            if start.name == name:
                return start
        raise unknown_name("start", name, [start.name for start in self.starts])

    def shown(self) -> Iterator[Part]:
        """A row for each way to start."""
        headings = [
            pick("start", "起点"),
            pick("silent classes, on average", "沉默的类别（平均）"),
            pick("fewest to most", "最少～最多"),
            pick("dead units", "死亡单元"),
            pick("spread of logits over images", "不同图像的输出差异"),
        ]
        rows = [
            [
                name_of(start.name),
                f"{start.mean_dead_classes:.1f}",
                pick(
                    f"{min(start.dead_classes)} to {max(start.dead_classes)}",
                    f"{min(start.dead_classes)}～{max(start.dead_classes)}",
                ),
                percent(start.mean_dead_units, 0),
                number(start.median_spread, 1),
            ]
            for start in self.starts
        ]
        count = len(self.starts[0].dead_classes)
        title = pick(
            f"Before the first step, {count} starts each", f"第一步之前，每种起点 {count} 次"
        )
        yield TextTable(title, headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """A row of squares for each way to start: the share of its class maps that are silent.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        return silent_starts_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"starts": [asdict(start) for start in self.starts]}


def measure_silence(
    starts: Mapping[str, tuple[Callable[[], nn.Module], str]], *, size: int = 28, seeds: int = 20
) -> SilentStarts:
    """Draw the first weights again and again, and count what no image excites.

    128 digits, enlarged, with pixels from 0 to 1; nothing is trained.

    Args:
        starts: By name, what builds the network for images (N, 1, size, size), and a rule of
            `networks.initialization`.
        size: Height and width of the images.
        seeds: How many times the weights are drawn.

    Raises:
        UsageError: There is no such rule.
    """
    images = torch.from_numpy(load("digits", "test", size=size).images[:IMAGES]).float() / 255
    found = []
    for name, (build, initialization) in starts.items():
        dead_classes, dead_units, spread = [], [], []
        for seed in range(seeds):
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                network = build()
                initialize(network, initialization)
            with evaluation_mode(network):
                logits = network(images)
            layers = find_dead_units(network.eval(), images)
            dead = sum(len(layer.dead) for layer in layers)
            dead_units.append(dead / sum(layer.units for layer in layers))
            dead_classes.append(count_dead_classes(network, images))
            spread.append(float(logits.std(0).mean()))
        found.append(
            SilentStart(
                name, tuple(dead_classes), tuple(dead_units), tuple(spread), logits.shape[1]
            )
        )
    return SilentStarts(tuple(found))


def silent_starts_figure(silent: SilentStarts, path: str | Path | None = None) -> Figure:
    """Draw each start as a column of class maps, one panel for each way to start.

    Args:
        silent: What was counted.
        path: The PNG to write; None only gives the figure.
    """
    starts = silent.starts
    with drawing(path, 9.0, 1.3 + 1.15 * len(starts)) as figure:
        worst = max(starts, key=lambda start: start.mean_dead_classes)
        mean, classes = worst.mean_dead_classes, worst.classes
        headline(
            figure,
            pick(
                f"Untrained, and on average {mean:.1f} of {classes} classes are silent already",
                f"还没训练，平均 {classes} 个类别中已有 {mean:.1f} 个沉默",
            ),
        )
        panels = figure.subplots(len(starts), 1, sharex=True, squeeze=False)[:, 0]
        for axes, start in zip(panels, starts, strict=True):
            places = np.arange(1, len(start.dead_classes) + 1)
            axes.bar(places, [start.classes] * len(places), color=GRID, width=0.8)
            axes.bar(places, start.dead_classes, color=VERMILION, width=0.8)
            axes.set_ylim(0, start.classes)
            axes.set_yticks([0, start.classes])
            axes.set_title(name_of(start.name), fontsize=11, loc="left")
            axes.grid(visible=False)
        panels[-1].set_xticks(places)
        panels[-1].set_xlabel(pick("start", "起点（种子）"))
        footnote(
            figure,
            pick(
                "Orange: of ten classes, those whose map is all zeros, so that nothing teaches it.",
                "橙色：十个类别中，类别图对所有图像都是 0 的个数；没有东西能教它们。",
            ),
        )
    return figure
