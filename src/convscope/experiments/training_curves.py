"""Train a network and keep its curves in memory: no folder, no report, the same numbers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from convscope.data.load import Data
from convscope.errors import UsageError
from convscope.evaluation.logits import compute_batch_logits
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.look.printed import Paragraph, Part, Printed, TextTable
from convscope.runs.optimization import learning_rate, make_optimizer, set_learning_rate
from convscope.runs.recipe import Recipe
from convscope.runtime.device import seed_random_numbers
from convscope.runtime.execution import Execution
from convscope.runtime.training_mode import into_training_mode
from convscope.runtime.training_step import take_step, training_loss
from convscope.training.job import prepare
from convscope.training.loop import step_seed

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class TrainingCurves(Printed):
    """What was measured while a network was trained, one number an epoch.

    Attributes:
        network: The trained module.
        train_loss: Mean cross-entropy of the training images as they were met, in nats.
        train_accuracy: Share of them that were classified correctly then.
        held_out: "validation" or "test": the images of `accuracy`.
        accuracy: Share of these classified correctly after the epoch.
        seconds: Processor time of the epoch's steps, of all threads together, without the
            evaluation. With one thread, what the clock says on a machine that has nothing else
            to do.
        steps: Steps in an epoch.
        classes: How many the images have.
    """

    network: nn.Module = field(repr=False)
    train_loss: tuple[float, ...]
    train_accuracy: tuple[float, ...]
    held_out: str
    accuracy: tuple[float, ...]
    seconds: tuple[float, ...]
    steps: int
    classes: int

    @property
    def total_steps(self) -> int:
        """Steps of the whole training."""
        return self.steps * len(self.accuracy)

    @property
    def last_accuracy(self) -> float:
        """The accuracy after the last epoch."""
        return self.accuracy[-1]

    def shown(self) -> Iterator[Part]:
        """The last epoch in a sentence, and all of them as a table."""
        held_out = pick(self.held_out, {"test": "测试", "validation": "验证"}[self.held_out])
        share, steps = percent(self.last_accuracy), f"{self.total_steps:,}"
        yield Paragraph(
            pick(
                f"{share} of the {held_out} images right after {steps} steps",
                f"{steps} 步之后，{held_out}图像的正确率为 {share}",
            ),
            "bold",
        )
        headings = [
            pick("epoch", "轮"),
            pick("training loss", "训练损失"),
            pick("training accuracy", "训练准确率"),
            pick(f"{held_out} accuracy", f"{held_out}准确率"),
        ]
        columns = zip(self.train_loss, self.train_accuracy, self.accuracy, strict=True)
        rows = [
            [str(number), f"{loss:.3f}", percent(share), percent(accuracy)]
            for number, (loss, share, accuracy) in enumerate(columns, 1)
        ]
        yield TextTable("", headings, rows, left=frozenset())

    def figure(self, path: str | Path | None = None) -> Figure:
        """Training loss, training accuracy and test accuracy over the epochs.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.training_curves_figure import training_curves_figure

        return training_curves_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold: all but the network."""
        return {
            name: [*value] if isinstance(value, tuple) else value
            for name, value in vars(self).items()
            if name != "network"
        }


def measure_curves(
    network: str | Callable[[], nn.Module], data: Data, recipe: Recipe
) -> TrainingCurves:
    """Train as `cs.train` does, in float32 on the processor, and keep nothing but the curves.

    A loss that isn't finite ends the training: the epochs that are left have the loss NaN and the
    accuracy of the network as it is then.

    Args:
        network: Name in the catalog, or a function that builds a module; it is called after
            torch's generator has been given the recipe's seed.
        data: As for `cs.train`.
        recipe: As for `cs.train`; its `epochs` are taken, not its `minutes`.

    Raises:
        UsageError: Network, data and recipe don't fit.
    """
    job = prepare(_build(network, recipe.seed), data, recipe)
    execution = Execution(torch.device("cpu"), "float32", recipe.threads)
    trained = execution.place(job.network)
    optimizer = make_optimizer(trained, recipe)
    batches, held_out = job.training_batches(execution), job.monitor_batches(execution)
    epochs = recipe.epochs or 1
    losses, shares, accuracies, seconds = [], [], [], []
    diverged = False
    with execution.using_threads(), torch.random.fork_rng(devices=[]):
        for epoch in range(epochs):
            into_training_mode(trained)
            loss_sum = seen = correct = 0.0
            clock = time.process_time()
            for step, (images, labels) in enumerate([] if diverged else batches.epoch(epoch)):
                seed_random_numbers(execution.device, step_seed(recipe.seed, epoch, step))
                number = epoch * len(batches) + step
                rate = learning_rate(recipe, number, epochs * len(batches))
                set_learning_rate(optimizer, rate)
                loss, logits = training_loss(
                    trained, images, labels, execution, label_smoothing=recipe.label_smoothing
                )
                loss_sum += loss.item() * len(images)
                correct += (logits.argmax(1) == labels).sum().item()
                seen += len(images)
                if not math.isfinite(loss_sum):
                    diverged = True
                    break
                take_step(loss, trained, optimizer, clip_gradient=recipe.clip_gradient)
            seconds.append(time.process_time() - clock)
            losses.append(math.nan if diverged else loss_sum / seen)
            shares.append(math.nan if diverged else correct / seen)
            logits_after = compute_batch_logits(trained, held_out, precision="float32")
            accuracies.append(logits_after.accuracy)
    return TrainingCurves(
        network=trained,
        train_loss=tuple(losses),
        train_accuracy=tuple(shares),
        held_out=job.monitor_name,
        accuracy=tuple(accuracies),
        seconds=tuple(seconds),
        steps=len(batches),
        classes=len(job.card.classes),
    )


def _build(network: str | Callable[[], nn.Module], seed: int) -> str | nn.Module:
    if isinstance(network, str):
        return network
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return network()


def weight_difference(first: nn.Module, second: nn.Module) -> float:
    """The largest difference between the weights of two networks of the same layers.

    Args:
        first: A network.
        second: One with parameters of the same names and shapes.

    Returns:
        0 if they are the same bit for bit.

    Raises:
        UsageError: Names or shapes differ.
    """
    one, other = dict(first.named_parameters()), dict(second.named_parameters())
    shapes = [{name: tuple(p.shape) for name, p in each.items()} for each in (one, other)]
    if shapes[0] != shapes[1]:
        raise UsageError("The two networks have other parameters, so they can't be compared.")
    return max(float((one[name] - other[name]).detach().abs().max()) for name in one)
