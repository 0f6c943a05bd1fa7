"""Can a convolutional network say where something is? It is trained to, with several paddings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convscope.data.load import load
from convscope.errors import UsageError
from convscope.look import numbers
from convscope.look.language import pick
from convscope.look.printed import Paragraph, Part, Printed, TextTable
from convscope.runs.interval import wilson_interval

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure
    from torch import nn

CANVAS, DIGIT = 16, 8  # pixels a side
CENTRE = (CANVAS - DIGIT) // 2
PLACES = [place for place in range(CANVAS - DIGIT + 1) if place != CENTRE]  # of its first pixel
QUARTERS = 4
CHANNELS = 8
BATCH = 64
RATE = 0.01
PADDINGS = {
    "circular": ("circular", "循环填充"),
    "zeros": ("zeros", "零填充"),
    "reflect": ("reflect", "反射填充"),
    "replicate": ("replicate", "复制填充"),
    "none": ("no padding", "不填充"),
}


@dataclass(frozen=True)
class PositionAnswers:
    """What one network learned to say.

    Attributes:
        padding: The padding mode of its convolutions; "none": no padding.
        layers: How many 3×3 convolutions it has, so that it sees `layers` pixels to each side.
        right: Right answers on test images.
        images: Test images: unseen digits, the same number at each place.
        by_place: Share of right answers by the digit's place, (rows, columns).
        spread: Largest difference between the logits that one digit gets at two places.
    """

    padding: str
    layers: int
    right: int
    images: int
    by_place: NDArray[np.float64] = field(repr=False)
    spread: float

    @property
    def accuracy(self) -> float:
        """Share of right answers; 0.25 is guessing."""
        return self.right / self.images

    @property
    def interval(self) -> tuple[float, float]:
        """95 % confidence interval of the accuracy."""
        return wilson_interval(self.right, self.images)


@dataclass(frozen=True)
class PositionTest(Printed):
    """Networks that were trained to say in which quarter of the image a digit is.

    Attributes:
        answers: One for each network.
        steps: Training steps of each.
    """

    answers: tuple[PositionAnswers, ...]
    steps: int

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        yield Paragraph(
            pick(
                f"In which quarter is the digit? {self.answers[0].images:,} test images, "
                "guessing gives 25 %",
                f"数字在哪个象限？{self.answers[0].images:,} 幅测试图像，瞎猜的准确率是 25 %",
            ),
            "bold",
        )
        headings = (
            pick("padding", "填充"),
            pick("layers", "层数"),
            pick("accuracy", "准确率"),
            pick("95 % interval", "95 % 置信区间"),
            pick("logits differ by place", "不同位置的输出之差"),
        )
        rows = [
            (
                pick(*PADDINGS[each.padding]), str(each.layers), numbers.percent(each.accuracy),
                "{} – {}".format(*(numbers.percent(end) for end in each.interval)),
                numbers.number(each.spread, 2),
            )
            for each in self.answers
        ]  # fmt: skip
        yield TextTable("", headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw for each network where it knows where the digit is.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.look.canvas import drawing, footnote, headline
        from convscope.look.panels import add_bar, draw_values

        with drawing(path, 2.7 * len(self.answers) + 1.0, 4.1) as figure:
            headline(
                figure,
                pick(
                    "The border tells a network where the digit is; without one it guesses",
                    "边界告诉网络数字在哪里；没有边界就只能猜",
                ),
            )
            footnote(
                figure,
                pick(
                    "each square: share of right answers for a digit that stands there",
                    "每一格：数字位于该处时的正确率",
                ),
            )
            row = figure.subplots(1, len(self.answers), squeeze=False)[0]
            for axes, each in zip(row, self.answers, strict=True):
                drawn = draw_values(axes, each.by_place, 0.0, 1.0)
                name = pick(*PADDINGS[each.padding])
                plural = "s" * (each.layers > 1)
                axes.set_title(
                    pick(f"{name}, {each.layers} layer{plural}", f"{name}，{each.layers} 层"),
                    fontsize=11,
                )
                axes.set_xlabel(
                    pick(
                        f"{numbers.percent(each.accuracy, 0)} right",
                        f"准确率 {numbers.percent(each.accuracy, 0)}",
                    )
                )
            add_bar(figure, drawn, row[-1])
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "steps": self.steps,
            "networks": [
                {
                    "padding": each.padding,
                    "layers": each.layers,
                    "accuracy": each.accuracy,
                    "interval": list(each.interval),
                    "spread": each.spread,
                    "by_place": each.by_place.tolist(),
                }
                for each in self.answers
            ],
        }


def learn_position(
    networks: Sequence[tuple[str, int]] = (("circular", 3), ("zeros", 1), ("zeros", 3)),
    *,
    steps: int = 300,
    seed: int = 0,
) -> PositionTest:
    """Train networks to say in which quarter of a 16×16 image an 8×8 digit stands.

    Each network is so many 3×3 convolutions with ReLU, the largest value of each channel over all
    places (global max pooling) and a dense layer. Nothing but the border can tell it where the
    digit is. Test images show digits that it hasn't seen, at every place but the middle ones, which
    belong to no quarter.

    The question and the experiment follow Kayhan and van Gemert, "On translation invariance in
    CNNs", CVPR 2020, and Islam, Jia and Bruce, "How much position information do convolutional
    neural networks encode?", ICLR 2020.

    Args:
        networks: The padding mode ("zeros", "circular", "reflect", "replicate", or "none") and the
            number of convolutions of each.
        steps: Training steps with 64 images each.
        seed: Of the weights, digits and places.

    Raises:
        UsageError: There are no networks, or a padding mode is unknown.
    """
    from convscope.experiments.brief_training import on_one_thread

    if not networks or any(mode not in PADDINGS or layers < 1 for mode, layers in networks):
        raise UsageError(
            f"networks must be pairs of a padding mode ({', '.join(PADDINGS)}) and a number of "
            f"layers from 1 on; got {list(networks)}."
        )
    with on_one_thread():
        answers = tuple(_train_and_ask(mode, layers, steps, seed) for mode, layers in networks)
    return PositionTest(answers, steps)


def _build(mode: str, layers: int) -> nn.Sequential:
    from torch import nn

    parts: list[nn.Module] = []
    padding: dict[str, Any] = {} if mode == "none" else {"padding": 1, "padding_mode": mode}
    for number in range(layers):
        channels = CHANNELS if number else 1
        parts += [nn.Conv2d(channels, CHANNELS, 3, **padding), nn.ReLU()]
    parts += [nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(CHANNELS, QUARTERS)]
    return nn.Sequential(*parts)


def _train_and_ask(mode: str, layers: int, steps: int, seed: int) -> PositionAnswers:
    import torch
    from torch import nn

    random = np.random.default_rng(seed)
    digits = load("digits", "train").images
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _build(mode, layers)
    optimizer = torch.optim.Adam(network.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for _ in range(steps):
        chosen = digits[random.integers(len(digits), size=BATCH)]
        places = random.choice(PLACES, size=(BATCH, 2))
        loss = nn.functional.cross_entropy(network(_place(chosen, places)), _quarters(places))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return _ask(network.eval(), mode, layers)


def _ask(network: nn.Module, mode: str, layers: int, digits: int = 4) -> PositionAnswers:
    """Show each of a few test digits at all places."""
    import torch

    shown = load("digits", "test").images[:digits]
    places = np.array([(y, x) for y in PLACES for x in PLACES])
    right, spread = np.zeros(len(places)), 0.0
    with torch.no_grad():
        for digit in shown:
            logits = network(_place(np.repeat(digit[None], len(places), axis=0), places))
            right += (logits.argmax(1) == _quarters(places)).numpy()
            spread = max(spread, float((logits.max(0).values - logits.min(0).values).max()))
    by_place = (right / digits).reshape(len(PLACES), len(PLACES))
    return PositionAnswers(mode, layers, int(right.sum()), digits * len(places), by_place, spread)


def _place(digits: NDArray[np.uint8], places: NDArray[np.int64]) -> torch.Tensor:
    """Write digits (N, 1, 8, 8), black (−1) on white (1): float32 (N, 1, 16, 16)."""
    import torch

    images = np.ones((len(digits), 1, CANVAS, CANVAS), dtype=np.float32)
    for image, digit, (y, x) in zip(images, digits, places, strict=True):
        image[:, y : y + DIGIT, x : x + DIGIT] -= digit / 127.5
    return torch.from_numpy(images)


def _quarters(places: NDArray[np.int64]) -> torch.Tensor:
    """0 upper left, 1 upper right, 2 lower left, 3 lower right."""
    import torch

    low = places > CENTRE
    return torch.from_numpy(2 * low[:, 0] + low[:, 1].astype(np.int64))
