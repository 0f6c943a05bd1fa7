"""Everything a run is at a moment: how far it is, and its tensors. Goes into checkpoints."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from torch import nn

from convscope.errors import ConvscopeError, first_invalid
from convscope.runs.checkpoint import Checkpoint
from convscope.runs.optimization import parameter_names
from convscope.runs.run_facts import Count, Finite, Seconds
from convscope.runtime.weight_average import WeightAverage


@dataclass
class Progress:
    """How far a run is. With the seed, it decides all randomness to come.

    Attributes:
        epoch: Epochs finished.
        step: Steps finished, counted from the start of the run.
        step_in_epoch: Steps finished of the epoch under way.
        total_steps: Steps that the whole run will take.
        seconds: Time spent so far, evaluation and checkpoints included, over all restarts.
        training_seconds: Time spent in steps of the epoch under way.
        evaluation_seconds: Time the last evaluation took.
        loss_sum: Sum of the loss over the images seen in this epoch.
        correct: Images of this epoch that were classified correctly when they were seen.
        seen: Images seen in this epoch.
        best_accuracy: Best accuracy after an epoch so far; -1 before the first.
        best_loss: The least loss among the epochs with that accuracy.
        best_epoch: The epoch (from 1) that reached it.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    epoch: Count = 0
    step: Count = 0
    step_in_epoch: Count = 0
    total_steps: Count = 0
    seconds: Seconds = 0.0
    training_seconds: Seconds = 0.0
    evaluation_seconds: Seconds = 0.0
    loss_sum: Finite = 0.0
    correct: Count = 0
    seen: Count = 0
    best_accuracy: Annotated[float, Field(ge=-1, le=1)] = -1.0
    best_loss: float = 0.0
    best_epoch: Count = 0

    def count(self, loss: float, correct: int, images: int, seconds: float) -> None:
        """Add a finished step."""
        self.step += 1
        self.step_in_epoch += 1
        self.loss_sum += loss * images
        self.correct += correct
        self.seen += images
        self.seconds += seconds
        self.training_seconds += seconds

    def spend(self, since: float, now: float) -> float:
        """Count the time between two moments; returns the second, from which to count on."""
        self.seconds += now - since
        return now

    def is_best(self, accuracy: float, loss: float) -> bool:
        """Whether the epoch under way is the best so far; remembers it if so."""
        if (accuracy, -loss) <= (self.best_accuracy, -self.best_loss):
            return False
        self.best_accuracy, self.best_loss, self.best_epoch = accuracy, loss, self.epoch + 1
        return True

    def end_epoch(self) -> dict[str, float]:
        """Begin the next epoch; returns the means over the one that ended."""
        means = {
            "train_loss": self.loss_sum / self.seen,
            "train_accuracy": self.correct / self.seen,
            "images_per_second": self.seen / self.training_seconds,
        }
        self.epoch += 1
        self.step_in_epoch = self.seen = self.correct = 0
        self.loss_sum = self.training_seconds = 0.0
        return means


@dataclass
class TrainingState:
    """What training changes.

    Attributes:
        network: The module that is trained.
        optimizer: Over its parameters.
        average: The moving average of its weights, where the recipe has one.
        progress: How far the run is.
    """

    network: nn.Module
    optimizer: torch.optim.Optimizer
    average: WeightAverage | None
    progress: Progress

    @property
    def evaluated(self) -> nn.Module:
        """The network that is evaluated and kept: the average where there is one."""
        return self.average.network if self.average else self.network

    def tensors(self) -> dict[str, torch.Tensor]:
        """All tensors by name, `network.…`, `average.…`, `optimizer.PARAMETER/SLOT`."""
        tensors = {f"network.{name}": t for name, t in self.network.state_dict().items()}
        if self.average:
            average = self.average.network.state_dict()
            tensors |= {f"average.{name}": t for name, t in average.items()}
        names = parameter_names(self.network, self.optimizer)
        for index, slots in self.optimizer.state_dict()["state"].items():
            for slot, value in slots.items():
                if value is not None:
                    tensors[f"optimizer.{names[index]}/{slot}"] = value
        return tensors

    def plain(self) -> dict[str, Any]:
        """The progress as values that JSON can hold."""
        return dataclasses.asdict(self.progress)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Become what was saved.

        Raises:
            ConvscopeError: It is of another network or optimizer, or holds other figures.
        """
        try:
            self._restore(checkpoint)
        except (KeyError, ValueError, RuntimeError) as error:
            reason = first_invalid(error) if isinstance(error, ValidationError) else str(error)
            raise ConvscopeError(
                "The newest checkpoint doesn't fit this run: it is damaged, or of another network, "
                f"optimizer or version ({' '.join(reason.split())[:300]}). Remove it to go on from "
                "the one before, or train again."
            ) from None

    def _restore(self, checkpoint: Checkpoint) -> None:
        progress = _PROGRESS.validate_json(json.dumps(checkpoint.state), strict=True)
        tensors = checkpoint.tensors
        self.network.load_state_dict(_part(tensors, "network."))
        if self.average:
            self.average.network.load_state_dict(_part(tensors, "average."))
        numbers = {n: i for i, n in enumerate(parameter_names(self.network, self.optimizer))}
        parameters = dict(self.network.named_parameters())
        slots: dict[int, dict[str, torch.Tensor]] = {}
        for name, value in _part(tensors, "optimizer.").items():
            parameter, slot = name.rsplit("/", 1)
            like = parameters[parameter]
            if value.shape == like.shape:
                # Fused optimizers walk through both in memory, so the strides must be the same.
                value = torch.empty_like(like, dtype=value.dtype).copy_(value)
            slots.setdefault(numbers[parameter], {})[slot] = value
        self.optimizer.load_state_dict(self.optimizer.state_dict() | {"state": slots})
        self.progress = progress


_PROGRESS = TypeAdapter(Progress)


def _part(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
