"""What a recipe comes down to on given data: the network, the pictures, their size."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from convscope.data.batches import Batches, Normalization
from convscope.data.image_set import ImageSet
from convscope.data.load import NAMED, Data, load_splits
from convscope.errors import UsageError
from convscope.networks.catalog import build, entry
from convscope.networks.initialization import initialize
from convscope.runs.model_file import ModelCard
from convscope.runs.recipe import Recipe
from convscope.runtime.execution import Execution

FINGERPRINT_PICTURES = 1000


@dataclass(frozen=True)
class Job:
    """A network and the pictures to train it on.

    Attributes:
        network: With fresh weights, on the CPU.
        recipe: How to train it.
        splits: "train", and "validation" or "test" or both.
        card: What the model file says besides the weights.
        notes: What a person should know about the choices made.
    """

    network: nn.Module
    recipe: Recipe
    splits: dict[str, ImageSet]
    card: ModelCard
    notes: tuple[str, ...]

    @property
    def normalization(self) -> Normalization:
        """How pixels are scaled."""
        return Normalization(self.card.mean, self.card.std)

    def training_batches(self, execution: Execution) -> Batches:
        """The training pictures, shuffled and augmented."""
        return Batches(
            self.splits["train"],
            self.recipe.batch_size,
            normalization=self.normalization,
            train=True,
            seed=self.recipe.seed,
            size=self.card.size,
            augmentation=self.recipe.augmentation,
            device=execution.device,
            memory_format=execution.memory_format,
        )

    @property
    def monitor_name(self) -> str:
        """What is evaluated after every epoch: "validation" to choose by, or else "test"."""
        return "validation" if "validation" in self.splits else "test"

    def monitor_batches(self, execution: Execution) -> Batches:
        """The pictures evaluated after every epoch."""
        return Batches(
            self.splits[self.monitor_name],
            self.recipe.batch_size,
            normalization=self.normalization,
            train=False,
            size=self.card.size,
            device=execution.device,
            memory_format=execution.memory_format,
        )

    def fingerprint(self) -> str:
        """A digest that changes when the training pictures do.

        All labels and class names go in, and a thousand pictures evenly spread.
        """
        train = self.splits["train"]
        digest = hashlib.blake2b(repr((train.classes, train.images.shape)).encode(), digest_size=16)
        digest.update(train.labels.tobytes())
        stride = max(1, len(train) // FINGERPRINT_PICTURES)
        digest.update(train.images[::stride].tobytes())
        return digest.hexdigest()


def prepare(network: str | nn.Module, data: Data, recipe: Recipe) -> Job:
    """Load the pictures and build the network for them.

    Args:
        network: Name in the catalog, or a module.
        data: What to train on.
        recipe: Decides size, validation, normalization, initialization and seed.

    Raises:
        UsageError: Something doesn't exist or doesn't fit; says what and the fix.
    """
    picture_size = entry(network).picture[1] if isinstance(network, str) else None
    is_folder = isinstance(data, str | Path) and str(data) not in NAMED
    splits = load_splits(
        data,
        size=(recipe.size or picture_size) if is_folder else None,
        validation=recipe.validation,
    )
    _check_splits(splits, recipe)
    train = splits["train"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        size, module, arguments, notes = _fit_network(network, train, recipe)
        if recipe.initialization != "default":
            initialize(module, recipe.initialization)
    channels = train.picture_shape[0]
    if recipe.normalization == "unit":
        normalization = Normalization((0.0,) * channels, (1.0,) * channels)
    else:
        normalization = Normalization.of(train)
    card = ModelCard(
        network=network if isinstance(network, str) else "",
        network_arguments=arguments,
        classes=train.classes,
        channels=channels,
        size=size,
        mean=normalization.mean,
        std=normalization.std,
        trained_on=recipe.data,
    )
    return Job(module, recipe, splits, card, notes)


def _fit_network(
    network: str | nn.Module, train: ImageSet, recipe: Recipe
) -> tuple[int, nn.Module, dict[str, Any], tuple[str, ...]]:
    """The picture size, the network for it, its builder's arguments, and notes."""
    channels, height, width = train.picture_shape
    if recipe.size is None and height != width:
        raise UsageError(
            f"The pictures are {height}×{width}; training takes square ones. Give --size, to "
            "which the shorter side is resized (the middle is cut out)."
        )
    size = recipe.size or height
    if isinstance(network, nn.Module):
        _check_module(network, (channels, size, size), len(train.classes))
        return size, network, {}, ()
    arguments: dict[str, Any] = dict(recipe.network_arguments)
    if recipe.dropout is not None:
        if "dropout" not in entry(network).arguments:
            raise UsageError(f"{network} has no dropout to set. Leave --set dropout out.")
        arguments["dropout"] = recipe.dropout
    try:
        return size, *_build(network, channels, len(train.classes), size, arguments), ()
    except UsageError:
        usual = entry(network).picture[1]
        if recipe.size is not None or usual <= size:
            raise
        native = entry(network).native
        note = f"Pictures are enlarged from {size} to {usual} pixels, for which {network} is made."
        if native is not None:
            note += f" For small pictures as they are, there is {native}."
        return usual, *_build(network, channels, len(train.classes), usual, arguments), (note,)


def _build(
    network: str, channels: int, classes: int, size: int, arguments: dict[str, Any]
) -> tuple[nn.Module, dict[str, Any]]:
    """The network for pictures of this size, and all of its builder's arguments."""
    if entry(network).takes_size:
        arguments = {**arguments, "size": size}
    module = build(network, channels, classes, **arguments)
    module.check_picture_size(size, size)
    return module, arguments


def _check_module(module: nn.Module, shape: tuple[int, int, int], classes: int) -> None:
    """Complain early about a module that doesn't map these pictures to as many logits."""
    was_training = module.training
    try:
        with torch.no_grad():
            output = module.eval()(torch.zeros(2, *shape))
    except (RuntimeError, ValueError) as error:
        raise UsageError(
            f"The module {type(module).__name__} fails on pictures of shape (2, "
            f"{', '.join(map(str, shape))}): {' '.join(str(error).split())}"
        ) from error
    finally:
        module.train(was_training)
    if not torch.is_tensor(output) or output.shape != (2, classes):
        got = tuple(output.shape) if torch.is_tensor(output) else type(output).__name__
        raise UsageError(
            f"The module {type(module).__name__} gives {got} for 2 pictures; training needs logits "
            f"of shape (2, {classes}), one for each class of the data."
        )


def _check_splits(splits: dict[str, ImageSet], recipe: Recipe) -> None:
    if len(splits) == 1:
        raise UsageError(
            "There are only training pictures, so nothing to judge the network on. Give a share "
            "of them for it (--set validation=0.1) or test pictures."
        )
    if recipe.early_stop is not None and "validation" not in splits:
        raise UsageError(
            "early_stop needs validation pictures, and there are none. Set validation=0.1 too."
        )
