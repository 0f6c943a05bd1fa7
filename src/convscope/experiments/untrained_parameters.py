"""Which parameters of a network can't learn, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope.data.load import load
from convscope.look.language import pick
from convscope.look.printed import Paragraph, Part, Printed, TextTable
from convscope.runtime.module_output import main_logits

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ParameterPath:
    """Whether the loss can reach a parameter.

    Attributes:
        name: Its path in the network.
        gradient_norm: Norm of its gradient; 0 where there is none.
        is_reached: Whether the graph leads from the loss to it; if not, it was detached, or isn't
            used.
    """

    name: str
    gradient_norm: float
    is_reached: bool


@dataclass(frozen=True)
class ParameterPaths(Printed):
    """All parameters of a network on one batch.

    Attributes:
        paths: One for each parameter.
    """

    paths: tuple[ParameterPath, ...]

    @property
    def detached(self) -> tuple[str, ...]:
        """Names of those that the loss can't reach, whatever the images."""
        return tuple(path.name for path in self.paths if not path.is_reached)

    @property
    def at_zero(self) -> tuple[str, ...]:
        """Names of those that it reaches, with a gradient of 0 on these images."""
        return tuple(
            path.name for path in self.paths if path.is_reached and path.gradient_norm == 0
        )

    def shown(self) -> Iterator[Part]:
        """A row for each parameter."""
        yield Paragraph(
            pick(
                f"{len(self.detached)} detached, {len(self.at_zero)} at zero on these images",
                f"{len(self.detached)} 个与损失断开，{len(self.at_zero)} 个在这些图像上梯度为零",
            ),
            "bold",
        )
        headings = [
            pick("parameter", "参数"),
            pick("gradient norm", "梯度的范数"),
            pick("the loss", "损失"),
        ]
        rows = [
            [
                path.name,
                f"{path.gradient_norm:.3g}",
                pick("reaches it", "可达") if path.is_reached else pick("can't reach it", "不可达"),
            ]
            for path in self.paths
        ]
        yield TextTable("", headings, rows, left=frozenset({0, 2}))

    def figure(self, path: str | Path | None = None) -> Figure:
        """The gradient norm of each parameter; those without a path stand out.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.gradient_figures import parameter_paths_figure

        return parameter_paths_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"paths": [asdict(path) for path in self.paths]}


def find_untrained(network: nn.Module, images: Tensor, labels: Tensor) -> ParameterPaths:
    """Find the parameters whose gradient is 0 or missing, on one batch.

    A gradient of 0 alone doesn't say why: behind dead ReLUs it is 0, too, and other images would
    change that. So the graph itself is asked whether it leads to the parameter.

    Args:
        network: Its own gradients are left as they were.
        images: (N, C, H, W), as the network takes them.
        labels: (N,) class numbers.
    """
    loss = F.cross_entropy(main_logits(network(images)), labels)
    names, parameters = zip(*network.named_parameters(), strict=True)
    gradients: tuple[Tensor | None, ...] = (None,) * len(parameters)
    if loss.requires_grad:
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
    return ParameterPaths(
        tuple(
            ParameterPath(name, 0.0 if each is None else float(each.norm()), each is not None)
            for name, each in zip(names, gradients, strict=True)
        )
    )


class DetachingDense(nn.Module):
    """A dense layer with ReLU that uses the numbers of its weights, and so never learns.

    `.data` gives a tensor outside of the graph: the output is right, the gradient is gone.

    Args:
        inputs: Numbers that go in.
        units: Numbers that come out.
    """

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, units) / inputs**0.5)
        self.bias = nn.Parameter(torch.zeros(units))

    def forward(self, values: Tensor) -> Tensor:
        """From (N, inputs) to (N, units)."""
        return F.relu(values @ self.weight.data + self.bias.data)


class BrokenNetwork(nn.Module):
    """A network for 1×8×8 images in which some parameters don't learn, for two reasons.

    `dense` detaches its weights. `branch` is before a ReLU that no image opens, since its bias is
    far below 0: its gradient is 0, but the loss can reach it.

    Args:
        seed: Decides the weights.
    """

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.conv = nn.Conv2d(1, 4, 3)
            self.dense = DetachingDense(144, 32)
            self.branch = nn.Linear(144, 32)
            self.head = nn.Linear(32, 10)
        nn.init.constant_(self.branch.bias, -50.0)

    def forward(self, images: Tensor) -> Tensor:
        """From (N, 1, 8, 8) to (N, 10)."""
        values = F.relu(self.conv(images)).flatten(1)
        logits: Tensor = self.head(self.dense(values) + F.relu(self.branch(values)))
        return logits


def digits_batch(count: int = 64) -> tuple[Tensor, Tensor]:
    """Some of the digits: images (count, 1, 8, 8), float32 from 0 to 1, and labels (count,).

    Args:
        count: How many.
    """
    digits = load("digits")
    images = torch.from_numpy(digits.images[:count]).float() / 255
    return images, torch.from_numpy(digits.labels[:count])
