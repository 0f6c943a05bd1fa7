"""What is to be forecast: a network, images and a recipe, without anything measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path

import torch
from torch import nn

from convscope.data.facts import DataFacts, collect_facts
from convscope.data.load import NAMED, Data
from convscope.errors import UsageError
from convscope.networks.catalog import entry
from convscope.networks.network import Network
from convscope.runs.build_for_images import build_for_images
from convscope.runs.own_module import has_lazy_layers
from convscope.runs.recipe import Recipe
from convscope.runtime.convolution_plan import record_layers
from convscope.runtime.device import choose_device
from convscope.runtime.execution import Execution
from convscope.runtime.matrix_convolution import ConvolutionLayer
from convscope.runtime.module_copy import copy_module
from convscope.runtime.trial import fitting_layout, no_bfloat16, why_step_fails


@dataclass(frozen=True)
class Workload:
    """What is to be forecast.

    Attributes:
        name: Name of the network.
        data: What the images are called, in words.
        network: The network itself, on any device, also "meta". It isn't touched.
        stored_shape: (C, H, W) of the images as the data has them.
        size: Height and width they are resized to.
        counts: Number of images in each split.
        recipe: How they are trained on; `epochs` or `minutes` decide how long.
        execution: Device, precision, threads and algorithms.
        convolutions: The network's convolutions, as one image after the other passes through.
        no_bfloat16: Why the network can't be trained in bfloat16; "" if it can, as far as is known.
        notes: What to know of a module that isn't in the catalog.
        classes: Number of classes; None where it isn't known.
    """

    name: str
    data: str
    network: nn.Module = field(repr=False)
    stored_shape: tuple[int, int, int]
    size: int
    counts: Mapping[str, int]
    recipe: Recipe
    execution: Execution
    convolutions: frozenset[ConvolutionLayer] = field(default=frozenset(), repr=False)
    no_bfloat16: str = ""
    notes: tuple[str, ...] = ()
    classes: int | None = None

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) as the network gets the images."""
        return (self.stored_shape[0], self.size, self.size)

    @property
    def data_set_bytes(self) -> int:
        """Memory that the images of all splits take: a byte for each pixel and channel."""
        return sum(self.counts.values()) * prod(self.stored_shape)

    @property
    def is_compiled(self) -> bool:
        """Whether the network is one that `torch.compile` has made."""
        return hasattr(self.network, "_orig_mod")

    @property
    def plain_network(self) -> nn.Module:
        """The network; of a compiled one the original, which can be followed."""
        return getattr(self.network, "_orig_mod", self.network)


def make_workload(
    network: str | nn.Module,
    data: Data | None,
    recipe: Recipe,
    image_shape: tuple[int, int, int] | None = None,
) -> Workload:
    """Build the network for the images, in float32 and without algorithms chosen by measuring.

    Args:
        network: Name in the catalog, or a module.
        data: The images, as `train` takes them; None, with `image_shape`: 60,000 of that shape.
        recipe: How the network is to be trained.
        image_shape: (C, H, W), where there is no data.

    Raises:
        UsageError: There is no such network or data, or the network doesn't take the images.
    """
    facts = _facts(network, data, recipe, image_shape)
    if recipe.channels is not None:
        facts = replace(facts, shape=(recipe.channels, *facts.shape[1:]))
    classes = None if data is None else facts.classes
    plain = getattr(network, "_orig_mod", network)  # running a compiled one would compile it
    if isinstance(plain, nn.Module) and has_lazy_layers(plain):
        network = plain = copy_module(plain)  # which is to get its shapes; the caller's isn't
    layers: set[ConvolutionLayer] = set()
    with torch.device("meta") if isinstance(network, str) else torch.device("cpu"):
        with record_layers(layers):  # as the network is tried on images of this size
            size, module, _, notes = build_for_images(plain, facts.shape, classes, recipe)
        if isinstance(module, Network) and size not in (recipe.size, facts.shape[1]):
            layers.clear()  # of images that were too small
            with record_layers(layers):
                module.check_image_size(size, size)
    execution, missing = _try(module, size, recipe, facts)
    return Workload(
        name=network if isinstance(network, str) else type(plain).__name__,
        data=_name(data, facts.shape),
        network=network if isinstance(network, nn.Module) else module,
        stored_shape=facts.shape,
        size=size,
        counts=facts.counts,
        recipe=recipe,
        execution=execution,
        convolutions=frozenset(layers),
        no_bfloat16=missing,
        notes=() if isinstance(network, str) else notes,
        classes=classes,
    )


def _try(module: nn.Module, size: int, recipe: Recipe, facts: DataFacts) -> tuple[Execution, str]:
    """How a network can be computed, and why not in bfloat16; a module of one's own is tried."""
    execution = Execution(choose_device(recipe.device), "float32", recipe.threads)
    if isinstance(module, Network):
        return execution, ""
    images, labels = torch.zeros(2, facts.shape[0], size, size), torch.zeros(2, dtype=torch.int64)
    layout = fitting_layout(module, images, labels, execution.device)
    execution = replace(execution, layout=layout)
    if recipe.precision == "float32" or execution.device.type == "mps":
        return execution, ""
    short = replace(execution, precision="bfloat16")
    reason = why_step_fails(module, images, labels, short)
    if reason is not None and recipe.precision == "bfloat16":
        raise no_bfloat16(module, reason)
    return execution, reason or ""


def _facts(
    network: str | nn.Module,
    data: Data | None,
    recipe: Recipe,
    image_shape: tuple[int, int, int] | None,
) -> DataFacts:
    if data is not None:
        size = recipe.size
        if size is None and isinstance(network, str) and str(data) not in NAMED:
            size = entry(network).image[1]
        return collect_facts(
            data,
            size=size,
            validation=recipe.validation,
            reading=recipe.reading,
            fold=recipe.fold,
        )
    if image_shape is None:
        raise UsageError("Give data, or image_shape=(channels, height, width).")
    return DataFacts(image_shape, {"train": 60_000, "test": 10_000}, 10)


def _name(data: Data | None, shape: tuple[int, int, int]) -> str:
    if isinstance(data, str | Path):
        return str(data)
    return f"{'60,000 images' if data is None else 'images'} of {'×'.join(map(str, shape))}"
