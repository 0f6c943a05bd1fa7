"""How long a training run will take, and whether it will fit, before it begins."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from convscope.data.facts import DataFacts, data_facts
from convscope.data.load import NAMED, Data
from convscope.errors import ConvscopeError, UsageError
from convscope.networks.network import Network
from convscope.planning.forecast import Forecast, Workload
from convscope.planning.forecaster import Forecaster
from convscope.planning.recomputed_blocks import plan_recomputation
from convscope.runs.choose_recipe import choose_recipe
from convscope.runs.fitting import fit_network
from convscope.runs.optimization import make_optimizer
from convscope.runs.recipe import Recipe
from convscope.runtime.convolution_plan import make_plan, record_layers
from convscope.runtime.device import choose_device
from convscope.runtime.execution import Execution, Precision
from convscope.runtime.matrix_convolution import Layer

CHOOSING_SECONDS = 0.3  # for timing operations in each precision, to choose one
PLAN_SECONDS = 0.5  # for measuring which convolutions matrices do faster; training takes longer


def plan(
    network: str | nn.Module,
    data: Data | None = None,
    *,
    recipe: str | Path | Recipe | None = None,
    image_shape: tuple[int, int, int] | None = None,
    **changes: Any,
) -> Forecast:
    """Forecast the time and peak memory of a training run on this machine.

    Args:
        network: Name in the catalog, or a module of your own.
        data: Name of a data set, folder or zip of images, or arrays. None, with
            `image_shape`: 60,000 images of that shape.
        recipe: As for `train`.
        image_shape: (C, H, W), where there is no data.
        **changes: Fields of the recipe to change, such as `batch_size=64`.

    Raises:
        UsageError: A name or field isn't accepted, or the network doesn't take the images.
        ConvscopeError: The network can't be followed without real numbers.
    """
    return forecasters(network, data, recipe=recipe, image_shape=image_shape, **changes)[0].at(
        choose_recipe(network, data, recipe, changes).batch_size
    )


def forecasters(
    network: str | nn.Module,
    data: Data | None = None,
    *,
    recipe: str | Path | Recipe | None = None,
    image_shape: tuple[int, int, int] | None = None,
    **changes: Any,
) -> list[Forecaster]:
    """What forecasts a run at any batch size: one for each precision, the faster one first.

    Args:
        network: As for `plan`.
        data: As for `plan`.
        recipe: As for `plan`.
        image_shape: As for `plan`.
        **changes: As for `plan`.

    Raises:
        UsageError: As for `plan`.
        ConvscopeError: As for `plan`.
    """
    chosen = choose_recipe(network, data, recipe, changes)
    facts = _facts(data, image_shape, chosen, network)
    classes = None if data is None else facts.classes
    plain = getattr(network, "_orig_mod", network)  # running a compiled one would compile it
    layers: set[Layer] = set()
    with torch.device("meta") if isinstance(network, str) else torch.device("cpu"):
        with record_layers(layers):  # as the network is tried on images of this size
            size, module, _, _ = fit_network(plain, facts.shape, classes, chosen)
        if isinstance(module, Network) and size not in (chosen.size, facts.shape[1]):
            layers.clear()  # of images that were too small
            with record_layers(layers):
                module.check_image_size(size, size)
    module = network if isinstance(network, nn.Module) else module
    name = network if isinstance(network, str) else type(plain).__name__
    device = choose_device(chosen.device)
    batch_size = chosen.batch_size

    def forecaster(precision: Precision) -> Forecaster:
        execution = Execution(device, precision, chosen.threads)
        matrices = _matrix_convolutions(layers, batch_size, execution)
        execution = replace(execution, plan=matrices)
        workload = Workload(name, module, facts.shape, size, facts.counts, chosen, execution)
        return Forecaster(_with_blocks(workload))

    try:
        if chosen.precision != "auto":
            found = [forecaster(chosen.precision)]
            _ = found[0].step
            return found
        short, long = forecaster("bfloat16"), forecaster("float32")
        in_bfloat16, in_float32 = (
            short.computing_seconds(batch_size, CHOOSING_SECONDS, in_float32=is_long)
            for is_long in (False, True)
        )
    except (RuntimeError, TypeError, ValueError) as error:
        raise ConvscopeError(
            f"{name} can't be forecast: it asks for the values of tensors, or fails on "
            f"images of shape {(facts.shape[0], size, size)}: "
            f"{' '.join(str(error).split())[:200]}"
        ) from error
    if in_float32 <= in_bfloat16:
        return [long, short]
    short.more_notes = (
        "Training first tries whether bfloat16 does harm to this network. If so, it computes in "
        f"float32, and a step takes about {in_float32 / in_bfloat16:.2g} times as long.",
    )
    return [short, long]


def _facts(
    data: Data | None,
    image_shape: tuple[int, int, int] | None,
    recipe: Recipe,
    network: str | nn.Module,
) -> DataFacts:
    if data is not None:
        size = recipe.size
        if size is None and isinstance(network, str) and str(data) not in NAMED:
            from convscope.networks.catalog import entry

            size = entry(network).image[1]
        return data_facts(data, size=size, validation=recipe.validation, reading=recipe.reading)
    if image_shape is None:
        raise UsageError("Give data, or image_shape=(channels, height, width).")
    return DataFacts(image_shape, {"train": 60_000, "test": 10_000}, 10)


def _with_blocks(workload: Workload) -> Workload:
    """With the blocks to recompute, where the recipe leaves the choice to the plan."""
    if workload.recipe.recompute != "auto":
        return workload
    chosen = plan_recomputation(
        getattr(workload.network, "_orig_mod", workload.network),
        workload.image_shape,
        workload.execution,
        partial(make_optimizer, recipe=workload.recipe),
    )
    return replace(workload, recipe=workload.recipe.replace(recompute=chosen.blocks))


def _matrix_convolutions(
    layers: set[Layer], batch_size: int, execution: Execution
) -> dict[str, Any]:
    """Which convolutions training would compute as matrix products."""
    if execution.device.type != "cpu":
        return {}
    dtype = torch.bfloat16 if execution.precision == "bfloat16" else torch.float32
    with execution.using_threads():
        same = {layer._replace(dtype=dtype) for layer in layers}
        return dict(make_plan(same, batch_size, PLAN_SECONDS))
