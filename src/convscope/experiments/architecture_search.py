"""A search for an architecture: depth, width and kernel size, under a budget.

The budget counts multiply–adds of training instead of seconds, so that a search comes out the same
on every machine. Source of the random one: Bergstra and Bengio, "Random search for hyper-parameter
optimization", 2012.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from convscope.data.splits import split_stratified
from convscope.definitions.counting import convolution_macs, convolution_parameters
from convscope.errors import UsageError, unknown_name
from convscope.experiments.brief_training import train_briefly
from convscope.experiments.plain_stack import build_plain_stack
from convscope.experiments.short_training import all_digits, measure_accuracy
from convscope.look.language import pick
from convscope.look.numbers import percent, quantity
from convscope.look.printed import Paragraph, Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIDE, PARTS, CLASSES = 8, 4, 10  # of the digits; parts of the map that the dense layer gets
VALIDATED, TESTED = 0.3, 0.3  # shares of the digits
EPOCHS, RATE = 10, 0.005
BUDGET = 60e9  # multiply–adds of all trainings
MOST_MACS = 500_000  # of a network, for one image
BACKWARD = 2  # times the forward pass
PATIENCE = 200  # proposals in a row that can't be tried


@dataclass(frozen=True)
class Architecture:
    """A stack of equal convolutions, as `build_plain_stack` builds it, for images (1, 8, 8).

    Attributes:
        layers: How many convolutions.
        channels: Of each.
        kernel: Height and width of each.
    """

    layers: int
    channels: int
    kernel: int

    @property
    def macs(self) -> int:
        """Multiply–adds for one image, forward."""
        window, map_ = (self.kernel,) * 2, (SIDE, SIDE)
        inputs = [1, *[self.channels] * (self.layers - 1)]
        convolutions = sum(convolution_macs(c, self.channels, window, map_) for c in inputs)
        return convolutions + PARTS * self.channels * CLASSES

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        window, inputs = (self.kernel,) * 2, [1, *[self.channels] * (self.layers - 1)]
        convolutions = sum(convolution_parameters(c, self.channels, window) for c in inputs)
        return convolutions + (PARTS * self.channels + 1) * CLASSES

    def __str__(self) -> str:
        return f"{self.layers} × {self.kernel}×{self.kernel}, {self.channels}"


@dataclass(frozen=True)
class Try:
    """An architecture that was trained.

    Attributes:
        architecture: What was built.
        validation: Accuracy on the images by which the search chooses.
        test: Accuracy on images that the search never asks for.
    """

    architecture: Architecture
    validation: float
    test: float


@dataclass(frozen=True)
class ArchitectureSearch(Printed):
    """What a search tried, in its order.

    Attributes:
        tries: The networks that were trained.
        budget: Multiply–adds of training that were allowed.
        spent: Multiply–adds of training that were needed.
    """

    tries: tuple[Try, ...]
    budget: float
    spent: float

    @property
    def best(self) -> Try:
        """The try of the highest validation accuracy; of equals the cheapest."""
        return max(self.tries, key=lambda each: (each.validation, -each.architecture.macs))

    @property
    def middle_test(self) -> float:
        """Test accuracy that half of the tries reach: what a network drawn blindly may give."""
        return float(np.median([each.test for each in self.tries]))

    def shown(self) -> Iterator[Part]:
        """The five best tries, and what they cost."""
        ranked = sorted(self.tries, key=lambda each: (-each.validation, each.architecture.macs))
        yield TextTable(
            pick(
                f"{len(self.tries)} networks tried; the best by validation accuracy",
                f"试了 {len(self.tries)} 个网络；按验证准确率排在前面的",
            ),
            (
                pick("layers × kernel, channels", "层数 × 核，通道数"),
                pick("parameters", "参数"), "MACs",
                pick("validation", "验证"), pick("test", "测试"),
            ),
            [
                (str(each.architecture), f"{each.architecture.parameters:,}",
                 quantity(each.architecture.macs), percent(each.validation),
                 percent(each.test))
                for each in ranked[:5]
            ],
        )  # fmt: skip
        yield Paragraph(
            pick(
                f"training took {quantity(self.spent)} of {quantity(self.budget)} multiply–adds",
                f"训练用去 {quantity(self.budget)} 次乘加预算中的 {quantity(self.spent)} 次",
            ),
            "dim",
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """The accuracy of every try over its cost, and the best.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.search_figure import search_figure

        return search_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "tries": [asdict(each) for each in self.tries],
            "budget": self.budget,
            "spent": self.spent,
        }


def search_architectures(
    *,
    seed: int = 0,
    budget: float = BUDGET,
    most_macs: int = MOST_MACS,
    sampler: str = "random",
    epochs: int = EPOCHS,
) -> ArchitectureSearch:
    """Try networks on the digits until the next one would exceed the budget.

    Of the 1,797 digits each network learns from 40 percent; 30 choose, 30 test the chosen. What
    was tried before isn't tried again, and what costs too much isn't tried at all.

    Args:
        seed: Of the proposals, of what is held out, and of every training.
        budget: Multiply–adds of all trainings, where a step takes three times its forward pass.
        most_macs: What a network may cost, for one image.
        sampler: "random" draws depth, width and kernel size evenly; "tpe" proposes what has done
            well so far (Bergstra and others, "Algorithms for hyper-parameter optimization", 2011)
            and needs Optuna.
        epochs: How often each network sees its images.

    Raises:
        UsageError: There is no such sampler, or the budget doesn't pay a single network.
        ConvscopeError: Optuna is missing.
    """
    from convscope.experiments.architecture_samplers import SAMPLERS

    if sampler not in SAMPLERS:
        raise unknown_name("sampler", sampler, SAMPLERS)
    images, labels = all_digits()
    learn, chosen_by, tested_by = _split(labels.numpy(), seed)
    propose, tell = SAMPLERS[sampler](seed)
    found: dict[Architecture, Try] = {}
    spent, refused = 0.0, 0
    while refused < PATIENCE:
        architecture = Architecture(*propose())
        if architecture in found or architecture.macs > most_macs:
            refused += 1
            tell(found[architecture].validation if architecture in found else None)
            continue
        cost = (1 + BACKWARD) * architecture.macs * epochs * len(learn)
        if spent + cost > budget:
            break
        refused, spent = 0, spent + cost
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = build_plain_stack(**asdict(architecture))
        train_briefly(network, images[learn], labels[learn], epochs=epochs, rate=RATE, seed=seed)
        shares = [measure_accuracy(network, images[p], labels[p]) for p in (chosen_by, tested_by)]
        found[architecture] = Try(architecture, *shares)
        tell(shares[0])
    if not found:
        raise UsageError(
            f"A budget of {budget:g} multiply–adds, with at most {most_macs:g} for an image, "
            "doesn't pay a single training."
        )
    return ArchitectureSearch(tuple(found.values()), budget, spent)


def _split(labels: np.ndarray, seed: int) -> Sequence[torch.Tensor]:
    """Positions of images to learn from, to choose by, and to test."""
    rest, tested = split_stratified(labels, TESTED, seed)
    learned, chosen_by = split_stratified(labels[rest], VALIDATED / (1 - TESTED), seed)
    return [torch.from_numpy(p) for p in (rest[learned], rest[chosen_by], tested)]
