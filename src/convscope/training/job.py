"""What a recipe comes down to on given data: the network, the images, their size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from convscope.data.batch_part import BatchPart
from convscope.data.batches import WHOLE, Batches, Normalization
from convscope.data.image_set import ImageSet
from convscope.data.load import NAMED, Data, load_splits
from convscope.data.reading import FULL_RANGE
from convscope.errors import UsageError
from convscope.networks.catalog import entry
from convscope.networks.initialization import initialize
from convscope.runs.begin_from import begin_from, describe_origin
from convscope.runs.build_for_images import build_for_images
from convscope.runs.model_file import ModelCard
from convscope.runs.origin import Origin
from convscope.runs.recipe import Recipe
from convscope.runs.source import find_source
from convscope.runtime.execution import Execution
from convscope.training.data_dependent import initialize_by_images


@dataclass(frozen=True)
class Job:
    """A network and the images to train it on.

    Attributes:
        network: With fresh weights, on the CPU.
        recipe: How to train it.
        splits: "train", and "validation" or "test" or both.
        card: What the model file says besides the weights.
        notes: What a person should know about the choices made.
        part: What this process takes of every batch, where several train the network.
    """

    network: nn.Module
    recipe: Recipe
    splits: dict[str, ImageSet]
    card: ModelCard
    notes: tuple[str, ...]
    part: BatchPart = WHOLE

    @property
    def normalization(self) -> Normalization:
        """How pixels are scaled."""
        return Normalization(self.card.mean, self.card.std)

    def training_batches(self, execution: Execution) -> Batches:
        """The training images, shuffled and augmented."""
        return Batches(
            self.splits["train"],
            self.recipe.batch_size,
            normalization=self.normalization,
            train=True,
            seed=self.recipe.seed,
            size=self.card.size,
            fit=self.card.fit,
            augmentation=self.recipe.augmentation,
            balance=self.recipe.balance,
            part=self.part,
            device=execution.device,
            memory_format=execution.memory_format,
        )

    @property
    def monitor_name(self) -> str:
        """What is evaluated after every epoch: "validation" to choose by, or else "test"."""
        return "validation" if "validation" in self.splits else "test"

    def monitor_batches(self, execution: Execution) -> Batches:
        """The images evaluated after every epoch."""
        return self.batches_of(self.monitor_name, execution)

    def batches_of(self, split: str, execution: Execution) -> Batches:
        """The images of a split as for evaluation: in their order, unchanged."""
        return Batches(
            self.splits[split],
            self.recipe.batch_size,
            normalization=self.normalization,
            train=False,
            size=self.card.size,
            fit=self.card.fit,
            device=execution.device,
            memory_format=execution.memory_format,
        )


def prepare(
    network: str | nn.Module, data: Data, recipe: Recipe, origin: Origin | None = None
) -> Job:
    """Load the images and build the network for them, with fresh weights.

    Args:
        network: Name in the catalog, or a module.
        data: What to train on.
        recipe: Decides size, validation, normalization, initialization and seed.
        origin: What the run began from, as its model file is to say.

    Raises:
        UsageError: Something doesn't exist or doesn't fit; says what and the fix.
    """
    splits = load_images(network, data, recipe)
    train = splits["train"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        size, module, arguments, notes = build_for_images(
            network, train.image_shape, len(train.classes), recipe
        )
        if recipe.initialization not in ("default", "data-dependent"):
            initialize(module, recipe.initialization)
    normalization = _normalization(train, recipe)
    card = ModelCard(
        network=network if isinstance(network, str) else "",
        network_arguments=arguments,
        classes=train.classes,
        channels=train.image_shape[0],
        size=size,
        mean=normalization.mean,
        std=normalization.std,
        trained_on=recipe.data,
        fit=recipe.fit,
        grey_range=train.grey_range or FULL_RANGE,
        origin=origin,
    )
    job = Job(module, recipe, splits, card, notes)
    if recipe.initialization == "data-dependent":
        _initialize_by_images(job)
    return job


def load_images(network: str | nn.Module, data: Data, recipe: Recipe) -> dict[str, ImageSet]:
    """The images of a job, divided.

    Args:
        network: Decides the size that files are read in, where the recipe doesn't.
        data: As for `prepare`.
        recipe: As for `prepare`.

    Raises:
        UsageError: They don't exist, or are no use.
    """
    image_size = entry(network).image[1] if isinstance(network, str) else None
    is_folder = isinstance(data, str | Path) and str(data) not in NAMED
    splits = load_splits(
        data,
        size=(recipe.size or image_size) if is_folder else None,
        channels=recipe.channels,
        validation=recipe.validation,
        reading=recipe.reading,
        fold=recipe.fold,
    )
    _check_splits(splits, recipe)
    return splits


def fill_from_source(job: Job) -> Job:
    """The job, its network filled with the weights that its recipe says to begin from.

    Raises:
        UsageError: They don't fit the network, or there are none.
        ConvscopeError: They are damaged, or can't be fetched.
    """
    origin = begin_from(
        job.network,
        find_source(job.recipe.from_, job.card.network or job.network),
        image_shape=(job.card.channels, job.card.size, job.card.size),
        classes=job.card.classes,
        arguments=job.card.network_arguments,
    )
    card = job.card.model_copy(update={"origin": origin})
    return replace(job, card=card, notes=(*job.notes, describe_origin(origin)))


def _initialize_by_images(job: Job) -> None:
    """Let the first batch of the training decide the first weights."""
    plain = Execution(torch.device("cpu"), "float32")
    images, _ = next(job.training_batches(plain).epoch(0))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(job.recipe.seed)
        initialize_by_images(job.network, images)


def _normalization(train: ImageSet, recipe: Recipe) -> Normalization:
    channels = train.image_shape[0]
    given = recipe.normalization
    if given == "unit":
        return Normalization((0.0,) * channels, (1.0,) * channels)
    if given == "standard":
        return Normalization.of(train)
    if len(given.mean) == channels:
        return Normalization(given.mean, given.std)
    if len(given.mean) == 1:
        return Normalization(given.mean * channels, given.std * channels)
    raise UsageError(
        f"The recipe's normalization is for {len(given.mean)} channels, and the images have "
        f"{channels}. Set channels={len(given.mean)}, or another normalization."
    )


def _check_splits(splits: dict[str, ImageSet], recipe: Recipe) -> None:
    if len(splits) == 1:
        advice = (
            "Give a share of them for it (--set validation=0.1) or test images."
            if recipe.validation == 0
            else "No class has two that could be parted (copies stay together): add images."
        )
        raise UsageError(
            f"There are only training images, so nothing to evaluate the network on. {advice}"
        )
    if recipe.early_stop is not None and "validation" not in splits:
        raise UsageError(
            "early_stop needs validation images, and there are none. Set validation=0.1 too."
        )
