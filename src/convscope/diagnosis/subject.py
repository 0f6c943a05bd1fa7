"""A run as it is examined: its network as it began and as it is now, its images, its records."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from convscope.data.batches import Batches
from convscope.data.image_set import ImageSet
from convscope.data.load import Data
from convscope.errors import ConvscopeError
from convscope.networks.weights import load_weights
from convscope.runs.begin_from import read_origin
from convscope.runs.checkpoint import Checkpoint, latest_checkpoint
from convscope.runs.not_kept import check_given
from convscope.runs.optimization import make_optimizer
from convscope.runs.own_module import check_is_module
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run
from convscope.runs.stages import first_whole_epoch
from convscope.runtime.choose_execution import choose_execution
from convscope.runtime.device import choose_device, processor, synchronize
from convscope.runtime.execution import Execution, Precision
from convscope.runtime.module_copy import copy_module
from convscope.runtime.training_mode import into_training_mode
from convscope.runtime.training_step import training_step
from convscope.training.job import Job, fill_from_source, prepare

BATCHES = (16, 32, 64, 128)  # images that may go through the network together here
STEP_SECONDS = 0.1  # that a training step on such a batch may take, if it isn't the smallest


@dataclass(frozen=True)
class Subject:
    """What is examined. Nothing of it belongs to the process that may still be training.

    Attributes:
        run: The folder; only read.
        job: Recipe, images, card; its network has the weights the run began with.
        newest: The network with the newest weights that were kept, on the device.
        step: Steps taken up to those weights.
        total_steps: Steps of the whole run, as far as is known.
        knows_first: Whether `job.network` really has the first weights: a module of one's own may
            have been given with those it has now.
        execution: How training computes here.
        batch_size: Images of a batch in this examination; fewer than in training where a step
            on that many takes long.
        epochs: Lines of metrics.jsonl, one for each epoch.
        steps: Lines of metrics.jsonl within epochs.
        error: What ended the run, if it failed and hasn't been resumed.
        failed_step: Steps taken before it failed; None if it didn't.
        has_other_images: Whether the training images aren't those that the run began with.
    """

    run: Run
    job: Job
    newest: nn.Module
    step: int
    total_steps: int | None
    knows_first: bool
    execution: Execution
    batch_size: int
    epochs: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    error: str | None
    failed_step: int | None
    has_other_images: bool

    @property
    def recipe(self) -> Recipe:
        """How the run trains."""
        return self.job.recipe

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.job.card.classes

    @property
    def train(self) -> ImageSet:
        """The training images."""
        return self.job.splits["train"]

    @property
    def monitor(self) -> ImageSet:
        """The images that the run evaluates after every epoch."""
        return self.job.splits[self.job.monitor_name]

    @property
    def steps_per_epoch(self) -> int:
        """Steps of an epoch of training, at the recipe's batch size."""
        return len(self.job.training_batches(self.execution))

    @property
    def is_partly_frozen(self) -> bool:
        """Whether no epoch has ended yet in which all layers learn, by the recipe's stages."""
        origin = self.job.card.origin
        return bool(origin and origin.new) and len(self.epochs) <= first_whole_epoch(self.recipe)

    def first(self) -> nn.Module:
        """A copy of the network with the weights it began with, on the device."""
        return self.execution.place(copy_module(self.job.network))

    def in_training_mode(self, network: nn.Module) -> nn.Module:
        """A copy in training mode, except that no dropout disturbs what is measured."""
        copied = into_training_mode(copy_module(network))
        for module in copied.modules():
            if isinstance(module, nn.modules.dropout._DropoutNd):
                module.eval()
        return copied

    def training_batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches as training gets them, shuffled and augmented, without an end."""
        batches = self._batches(self.train, train=True)
        epoch = 0
        while True:
            yield from batches.epoch(epoch)
            epoch += 1

    def plain_batches(self, images: ImageSet) -> Batches:
        """Batches as for evaluation: in the order of the set, not augmented."""
        return self._batches(images, train=False)

    def _batches(self, images: ImageSet, *, train: bool) -> Batches:
        return Batches(
            images,
            self.batch_size,
            normalization=self.job.normalization,
            train=train,
            seed=self.recipe.seed,
            size=self.job.card.size,
            fit=self.job.card.fit,
            augmentation=self.recipe.augmentation,
            balance=self.recipe.balance,
            device=self.execution.device,
            memory_format=self.execution.memory_format,
        )

    def __str__(self) -> str:
        recipe = self.recipe
        name = recipe.network or type(self.newest).__name__
        total = f" of {self.total_steps:,}" if self.total_steps else ""
        epochs = f" ({len(self.epochs)} epochs finished)" if self.epochs else ""
        begun = f", begun from {recipe.from_}" if recipe.from_ else ""
        at = f"at step {self.step:,}{total}{epochs}"
        return f"{self.run.folder}: {name} on {self.train.name}{begun}, {at}"


def examine(
    run: Run, *, module: nn.Module | None = None, data: Data | None = None, device: str = "auto"
) -> Subject:
    """Read a run, finished, stopped, failed or under way.

    Args:
        run: What to examine.
        module: The module, if the run trains one of your own; is copied.
        data: The images, if they came from arrays, or if the folder has moved.
        device: Where to compute.

    Raises:
        UsageError: The run needs `module` or `data`, or one of them doesn't fit.
    """
    recipe = run.recipe
    check_given(run, "convscope.diagnose", module, data)
    # A copy, because preparing gives a module fresh weights if the recipe says so.
    origin = read_origin(run) if run.environment_file.exists() else None
    job = prepare(_copied(module) or recipe.network, data or recipe.data, recipe, origin)
    job, has_first = _with_first_weights(job)
    metrics = run.metrics()
    epochs = [line for line in metrics if line["kind"] == "epoch"]
    newest, step, total_steps = _newest(run, job, epochs)
    environment = run.environment if run.environment_file.exists() else {}
    known = environment.get("data_fingerprint")
    execution = _execution(job, environment, choose_device(device))
    failure = metrics[-1] if metrics and metrics[-1]["kind"] == "error" else None
    return Subject(
        run=run,
        job=job,
        newest=execution.place(newest),
        step=step,
        total_steps=total_steps,
        knows_first=has_first
        and (module is None or step == 0 or not _are_alike(newest, job.network)),
        execution=execution,
        batch_size=_batch_size(job, execution),
        epochs=epochs,
        steps=[line for line in metrics if line["kind"] == "step"],
        error=failure["message"] if failure else None,
        failed_step=failure["step"] if failure else None,
        has_other_images=known is not None and not job.splits["train"].has_fingerprint(known),
    )


def _with_first_weights(job: Job) -> tuple[Job, bool]:
    """The job, its network as the run began with it; and whether it is so.

    A source may be gone, or may have been trained further.
    """
    if not job.recipe.from_:
        return job, True
    try:
        filled = fill_from_source(job)
    except ConvscopeError:
        return job, False
    known, found = job.card.origin, filled.card.origin
    return filled, known is None or found is None or known.sha256 == found.sha256


def _copied(network: nn.Module | None) -> nn.Module | None:
    if network is None:
        return None
    check_is_module(network)
    return copy_module(network)


def _newest(run: Run, job: Job, epochs: list[dict[str, Any]]) -> tuple[nn.Module, int, int | None]:
    """The network with the newest weights, the steps taken up to them, and those of the run."""
    network = copy_module(job.network)
    checkpoint = _newest_checkpoint(run)
    if checkpoint is not None:
        prefix = "network."
        weights = {n: t for n, t in checkpoint.tensors.items() if n.startswith(prefix)}
        load_weights(network, {n.removeprefix(prefix): t for n, t in weights.items()})
        return network, checkpoint.state["step"], checkpoint.state["total_steps"]
    if run.model_file.exists() and epochs:
        load_weights(network, run.model_file)
        return network, epochs[-1]["step"], None
    return network, 0, None


def _newest_checkpoint(run: Run) -> Checkpoint | None:
    """The newest whole checkpoint.

    A run under way removes old checkpoints as it writes new ones, so one may vanish while it is
    read; then the next is there already.
    """
    for _ in range(2):
        try:
            return latest_checkpoint(run.checkpoints)
        except ConvscopeError:
            continue
    return None


def _execution(job: Job, environment: dict[str, Any], device: torch.device) -> Execution:
    """As training computes, if this is the machine it was measured on; else plain float32.

    Threads are chosen anew: the run may be under way, and then it holds some of the processors.
    """
    here = environment.get("processor") == processor()
    precision: Precision = environment["precision"] if here and device.type == "cpu" else "float32"
    plain = Execution(device, "float32")
    images, labels = next(iter(job.training_batches(plain).epoch(0)))
    most = BATCHES[-1]
    return choose_execution(
        job.network,
        images[:most],
        labels[:most],
        device,
        precision,
        label_smoothing=job.recipe.label_smoothing,
    )


def _batch_size(job: Job, execution: Execution) -> int:
    """The largest of `BATCHES` that the recipe reaches and that takes a step quickly."""
    images, labels = next(iter(job.training_batches(execution).epoch(0)))
    images, labels = images[: BATCHES[0]], labels[: BATCHES[0]]
    network = into_training_mode(execution.place(copy_module(job.network)))
    optimizer = make_optimizer(network, job.recipe)
    times = []
    with execution.using_threads():
        for _ in range(2):  # the first is slower
            start = time.perf_counter()
            training_step(
                network,
                images,
                labels,
                execution,
                optimizer,
                label_smoothing=job.recipe.label_smoothing,
                clip_gradient=job.recipe.clip_gradient,
            )
            synchronize(execution.device)
            times.append(time.perf_counter() - start)
    step = min(times) / len(images)
    quick = [size for size in BATCHES[1:] if size * step <= STEP_SECONDS]
    wanted = [size for size in quick if size <= max(job.recipe.batch_size, BATCHES[1])]
    return max(wanted, default=BATCHES[0])


def _are_alike(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(torch.equal(a.cpu(), b.cpu()) for a, b in pairs)
