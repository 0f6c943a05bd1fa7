"""Why validation can look better than training: how the two numbers of a log are made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from matplotlib.ticker import MaxNLocator
from torch import nn

from convscope.errors import UsageError
from convscope.experiments.brief_training import on_one_thread
from convscope.experiments.few_examples import draw_examples, unseen_digits
from convscope.experiments.plain_sgd import measure_accuracy
from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.numbers import number, percent
from convscope.look.palette import FAINT, TRAINING, VALIDATION
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class LoggedAccuracies(Printed):
    """Three accuracies of the same network, epoch by epoch.

    Attributes:
        dropout: Probability of dropout in training.
        logged: Training accuracy as logs give it: of each batch before its step, in training mode,
            averaged over the epoch.
        training: Accuracy on the same images after the epoch, in prediction mode.
        validation: Accuracy on other images after the epoch, in prediction mode.
    """

    dropout: float
    logged: tuple[float, ...]
    training: tuple[float, ...]
    validation: tuple[float, ...]

    @property
    def flattered(self) -> int:
        """Epochs in which validation is above the logged training accuracy."""
        return sum(a > b for a, b in zip(self.validation, self.logged, strict=True))

    @property
    def fair(self) -> int:
        """Epochs in which it is above the training accuracy that was measured in the same way."""
        return sum(a > b for a, b in zip(self.validation, self.training, strict=True))

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        epochs = range(len(self.logged))
        chosen = sorted({0, 1, len(self.logged) // 2, len(self.logged) - 1} & {*epochs})
        names = _names()
        yield TextTable(
            pick(f"Dropout {number(self.dropout)}", f"暂退概率 {number(self.dropout)}"),
            (pick("epoch", "轮"), *(str(each + 1) for each in chosen)),
            [
                (name, *(percent(getattr(self, key)[each]) for each in chosen))
                for key, name in names.items()
            ],
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the three accuracies.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        colours = {"logged": FAINT, "training": TRAINING, "validation": VALIDATION}
        styles = {"logged": "o:", "training": "s-", "validation": "^-"}
        with drawing(path, 8.5, 4.2) as figure:
            headline(
                figure,
                pick(
                    "Validation beats the logged training accuracy: no bug",
                    "验证准确率高于日志里的训练准确率：不是错误",
                ),
            )
            axes = figure.subplots()
            epochs = range(1, len(self.logged) + 1)
            for key, name in _names().items():
                values = [100 * each for each in getattr(self, key)]
                axes.plot(epochs, values, styles[key], color=colours[key], markersize=5, label=name)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.set_xlabel(pick("epoch", "轮"))
            axes.set_ylabel(pick("right, %", "认对的比例（%）"))
            axes.legend(loc="lower right")
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            key: [*value] if isinstance(value, tuple) else value
            for key, value in vars(self).items()
        }


def _names() -> dict[str, str]:
    return {
        "logged": pick("training, as logged", "训练（日志中的）"),
        "training": pick("training, measured afterwards", "训练（事后测的）"),
        "validation": pick("validation", "验证"),
    }


def follow_logs(
    dropout: float = 0.7, *, epochs: int = 10, rate: float = 0.2, seed: int = 0
) -> LoggedAccuracies:
    """Train a hidden layer of 128 ReLUs on 1,000 digits by SGD and log it in the usual way.

    Args:
        dropout: Probability of dropout behind the hidden layer; 0 for none.
        epochs: How often every image is seen, in batches of 50.
        rate: Learning rate.
        seed: Of images, first weights, order and what is dropped.

    Raises:
        UsageError: `dropout` is out of its range, or there is no epoch.
    """
    if not 0 <= dropout < 1 or epochs < 1:
        raise UsageError(
            f"dropout is at least 0 and below 1, epochs at least 1; given {dropout} and {epochs}."
        )
    images, labels = draw_examples(1000, seed=seed)
    logged, training, validation = [], [], []
    with torch.random.fork_rng(devices=[]), on_one_thread():
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Linear(64, 128), nn.ReLU(), nn.Dropout(dropout), nn.Linear(128, 10)
        )
        optimizer = torch.optim.SGD(network.parameters(), lr=rate)
        for _ in range(epochs):
            network.train()
            right = 0
            for batch in torch.split(torch.randperm(len(images)), 50):
                logits = network(images[batch])
                right += int((logits.argmax(1) == labels[batch]).sum())
                loss = F.cross_entropy(logits, labels[batch])
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
            logged.append(right / len(images))
            training.append(measure_accuracy(network, images, labels))
            validation.append(measure_accuracy(network, *unseen_digits()))
    return LoggedAccuracies(dropout, tuple(logged), tuple(training), tuple(validation))
