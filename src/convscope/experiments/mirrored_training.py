"""The same network trained with true convolutions and with cross-correlations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.data.load import load
from convscope.errors import UsageError
from convscope.look import numbers
from convscope.look.language import pick
from convscope.look.palette import BLUE, VERMILION
from convscope.look.printed import Paragraph, Part, Printed, TextTable

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure
    from torch import nn

CLASSES = 10
BATCH = 64
RATE = 0.1


@dataclass(frozen=True)
class MirroredTraining(Printed):
    """Two trainings beside one another: cross-correlation, and true convolution.

    Attributes:
        mirrored: Whether the convolution's first kernels were the other's, turned by 180°; else
            they were the same.
        outputs: Largest difference between the logits of both at each step, on the batch.
        kernels: Largest difference at the end between the kernels of one and those of the other
            turned by 180°.
        accuracies: Test accuracy of cross-correlation and convolution at the end.
        images: Test images.
    """

    mirrored: bool
    outputs: tuple[float, ...] = field(repr=False)
    kernels: float
    accuracies: tuple[float, float]
    images: int

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        start = (
            pick("mirrored first kernels", "初始核互为镜像")
            if self.mirrored
            else pick("the same first kernels", "初始核相同")
        )
        yield Paragraph(
            pick(
                f"Convolution and cross-correlation, {start}, {len(self.outputs)} steps",
                f"卷积与互相关，{start}，{len(self.outputs)} 步",
            ),
            "bold",
        )
        rows = [
            (
                pick("outputs differ by at most", "输出最大相差"),
                numbers.number(max(self.outputs), 2),
            ),
            (
                pick("kernels differ, one turned", "核（旋转其一后）相差"),
                numbers.number(self.kernels, 2),
            ),
            (
                pick("test accuracy", "测试准确率"),
                " / ".join(numbers.percent(each) for each in self.accuracies),
            ),
        ]
        yield TextTable("", ("", ""), rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the difference of the outputs over the steps.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        return mirrored_figure((self,), path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "mirrored": self.mirrored,
            "outputs": list(self.outputs),
            "kernels": self.kernels,
            "accuracies": list(self.accuracies),
            "images": self.images,
        }


def mirrored_figure(
    trainings: tuple[MirroredTraining, ...], path: str | Path | None = None
) -> Figure:
    """Draw the difference of the outputs over the steps, for one or several trainings.

    Args:
        trainings: What `train_mirrored` gave.
        path: The PNG to write; None only gives the figure.
    """
    from convscope.look.canvas import drawing, headline

    with drawing(path, 8.5, 4.2) as figure:
        headline(
            figure,
            pick(
                "From mirrored starts, convolution and cross-correlation stay equal",
                "初始核互为镜像时，卷积与互相关的输出始终相等",
            ),
        )
        axes = figure.subplots()
        for each in trainings:
            name = (
                pick("mirrored start", "镜像的初始核")
                if each.mirrored
                else pick("same start", "相同的初始核")
            )
            colour = BLUE if each.mirrored else VERMILION
            axes.plot(each.outputs, color=colour, label=name)
        axes.set_xlabel(pick("step", "步"))
        axes.set_ylabel(pick("Largest difference of outputs", "输出的最大差"))
        axes.legend(loc="center right")
    return figure


def train_mirrored(*, mirrored: bool = True, steps: int = 120, seed: int = 0) -> MirroredTraining:
    """Train one small network twice on the digits: with cross-correlations, and convolutions.

    Both see the same batches and start from the same dense layer. Two convolutions of 3×3 (8 and 16
    kernels) with ReLU, and a dense layer; plain gradient descent, in double precision, so that what
    is equal stays equal to about 15 digits.

    Args:
        mirrored: Whether the convolutions start from the other's kernels turned by 180°, or from
            the same kernels.
        steps: Training steps with 64 images each.
        seed: Of the weights and batches.

    Raises:
        UsageError: steps is below 1.
    """
    from convscope.experiments.brief_training import on_one_thread

    if steps < 1:
        raise UsageError(f"steps must be at least 1; given {steps}.")
    with on_one_thread():
        return _train_both(mirrored=mirrored, steps=steps, seed=seed)


def _train_both(*, mirrored: bool, steps: int, seed: int) -> MirroredTraining:
    import torch
    from torch import nn

    digits, test = load("digits", "train"), load("digits", "test")
    pixels, labels = _tensor(digits.images), torch.from_numpy(digits.labels).long()
    correlating, convolving = _build(seed, turned=False), _build(seed, turned=True)
    if mirrored:
        for layer in _convolutions(convolving):
            layer.weight.data = layer.weight.data.flip(2, 3)
    pair = (correlating, convolving)
    optimizers = [torch.optim.SGD(network.parameters(), RATE) for network in pair]
    random, outputs = np.random.default_rng(seed), []
    for _ in range(steps):
        batch = torch.from_numpy(random.integers(len(pixels), size=BATCH))
        logits = []
        for network, optimizer in zip(pair, optimizers, strict=True):
            logits.append(network(pixels[batch]))
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(logits[-1], labels[batch])
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        outputs.append(float((logits[0] - logits[1]).detach().abs().max()))
    kernels = max(
        float((a.weight - b.weight.flip(2, 3)).detach().abs().max())
        for a, b in zip(*map(_convolutions, pair), strict=True)
    )
    with torch.no_grad():
        answers = [network(_tensor(test.images)).argmax(1).numpy() for network in pair]
    one, other = (float((answer == test.labels).mean()) for answer in answers)
    return MirroredTraining(mirrored, tuple(outputs), kernels, (one, other), len(test.labels))


def _build(seed: int, *, turned: bool) -> nn.Sequential:
    """The network for 8×8 digits; with true convolutions if `turned`."""
    import torch
    from torch import nn

    class TrueConvolution(nn.Conv2d):
        """A convolution layer as mathematics means it.

        Turning the kernel is the same as turning the image and what comes out. That way no sum is
        the very one of the other network, and what agrees doesn't agree by construction.
        """

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            """(N, c_in, H, W) → (N, c_out, H − k + 1, W − k + 1)."""
            return turn(nn.functional.conv2d(turn(x), self.weight, self.bias))

    kind = TrueConvolution if turned else nn.Conv2d
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = nn.Sequential(
            kind(1, 8, 3), nn.ReLU(), kind(8, 16, 3), nn.ReLU(), nn.Flatten(),
            nn.Linear(16 * 4 * 4, CLASSES),
        )  # fmt: skip
    return network.double()


def turn(images: torch.Tensor) -> torch.Tensor:
    """Images or kernels (…, height, width), each turned by 180°."""
    return images.flip(-2, -1)


def _convolutions(network: nn.Module) -> list[nn.Conv2d]:
    from torch import nn

    return [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]


def _tensor(images: Any) -> torch.Tensor:
    import torch

    return torch.from_numpy(images.astype(np.float64) / 255)
