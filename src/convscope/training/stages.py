"""The stages of a run as the loop meets them: what learns in an epoch, and what it is shown."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor, nn

from convscope.data.batches import WHOLE
from convscope.data.feature_batches import FeatureBatches
from convscope.look.numbers import duration
from convscope.runs.optimization import learning_rate
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run
from convscope.runs.stages import PARTS, count_head_epochs, count_unfrozen_parts, list_layers
from convscope.runtime.execution import Execution
from convscope.runtime.training_mode import into_training_mode
from convscope.training.features import compute_features, ends_with
from convscope.training.job import Job
from convscope.training.live_view import LiveView


class EpochBatches(Protocol):
    """What an epoch is made of: images or their features, with labels."""

    def __len__(self) -> int:
        """Steps in an epoch."""

    def epoch(self, epoch: int, first_step: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of an epoch, from a step on."""


@dataclass(frozen=True)
class Stage:
    """What some epochs train, and on what.

    Attributes:
        layer: Path of the layer that is given the batches; empty: the network itself.
        train: Batches to train on.
        monitor: Batches to evaluate on.
        first_step: Of the run, at which the schedule of the learning rate begins.
        last_step: At which it ends; None: with the run.
    """

    layer: str
    train: EpochBatches
    monitor: EpochBatches
    first_step: int = 0
    last_step: int | None = None

    def part(self, network: nn.Module) -> nn.Module:
        """What of a network is given the batches."""
        return network.get_submodule(self.layer)

    def rate(self, recipe: Recipe, step: int, total_steps: int) -> float:
        """The learning rate of a step of the run: each stage goes through the schedule anew."""
        last = total_steps if self.last_step is None else self.last_step
        return learning_rate(recipe, step - self.first_step, max(1, last - self.first_step))


class StagedNetwork:
    """A network that is led through the stages of its recipe; one stage, where it has none.

    Args:
        network: Is trained; lies on the device.
        job: Recipe, images, and what the network began from.
        execution: How this machine computes.
        run: Features are kept in its folder while they are needed.
        view: Told of what takes a while.
    """

    def __init__(
        self, network: nn.Module, job: Job, execution: Execution, run: Run, view: LiveView
    ) -> None:
        self._network, self._job, self._execution, self._view = network, job, execution, view
        self._folder = run.folder / "features"
        origin = job.card.origin
        names = origin.new if origin is not None else ()
        self._new = tuple(dict.fromkeys(name.rpartition(".")[0] for name in names))
        self._head_epochs = count_head_epochs(job.recipe) if self._new else 0
        into_training_mode(network)
        self._modes = {module: module.training for module in network.modules()}
        self._trained = {p for p in network.parameters() if p.requires_grad}
        self._layers = list_layers(network)
        self._train = job.training_batches(execution)
        self._monitor = job.monitor_batches(execution)
        first_step = self._head_epochs * len(self._train)
        self._whole = Stage("", self._train, self._monitor, first_step)
        self._head: Stage | None = None

    def enter(self, epoch: int) -> Stage:
        """Freeze what doesn't learn in an epoch, counted from 0, and give what the rest is shown.

        Raises:
            ConvscopeError: There is no room for the features of the frozen part.
        """
        self._freeze(count_unfrozen_parts(self._job.recipe, epoch) if self._new else PARTS)
        if epoch >= self._head_epochs:
            self._forget_features()
            return self._whole
        self._head = self._head or self._make_head()
        return self._head

    def leave(self) -> None:
        """Let everything learn again that did before, and remove what was kept."""
        self._freeze(PARTS)
        self._forget_features()

    def _forget_features(self) -> None:
        self._head = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def _freeze(self, parts: int) -> None:
        """Let the new layers and this many parts below the last layer learn, in training mode."""
        for layer in self._layers:
            learns = layer.path in self._new or (parts > 0 and layer.part <= parts)
            for module in layer.modules:
                module.training = self._modes[module] and learns
            for parameter in layer.modules[0].parameters(recurse=False):
                parameter.requires_grad_(learns and parameter in self._trained)

    def _make_head(self) -> Stage:
        """The stage of the new layer: on features, if nothing comes after it."""
        stage = replace(self._whole, first_step=0, last_step=self._whole.first_step)
        images, _ = next(iter(self._monitor.epoch(0)))
        (*others, layer) = self._new
        if others or not ends_with(self._network, layer, images, self._execution):
            self._view.message(
                "The frozen layers are computed anew in every step: what is new isn't a single "
                "layer at the end"
            )
            return stage
        begun, copies = time.perf_counter(), self._job.recipe.stages.copies
        plain = self._job.batches_of("train", self._execution)
        changed = [self._train.in_order(copy) for copy in range(copies)]
        train = self._make_features("train", layer, [plain.in_order(0), *changed])
        monitor_name = self._job.monitor_name
        monitor = self._make_features(monitor_name, layer, [self._monitor.in_order(0)])
        self._view.message(
            f"Features of the frozen layers, for every image as it is and {copies} times changed "
            f"at random: computed in {duration(time.perf_counter() - begun)}"
        )
        return replace(stage, layer=layer, train=train, monitor=monitor)

    def _make_features(
        self, split: str, layer: str, passes: Sequence[Iterator[tuple[Tensor, Tensor]]]
    ) -> FeatureBatches:
        """Batches of what the new layer is given for the images of a split."""
        images, recipe = self._job.splits[split], self._job.recipe
        features = compute_features(
            self._network,
            layer,
            passes,
            len(images),
            self._execution,
            self._folder / f"{split}.npy",
        )
        return FeatureBatches(
            features,
            torch.from_numpy(images.labels),
            recipe.batch_size,
            train=split == "train",
            seed=recipe.seed,
            balance=recipe.balance,
            part=self._job.part if split == "train" else WHOLE,
            device=self._execution.device,
        )
