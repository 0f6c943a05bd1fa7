"""How long a training run will take, and whether it will fit, before it begins."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from convscope.data.facts import DataFacts, data_facts
from convscope.data.load import NAMED, Data
from convscope.errors import ConvscopeError, UsageError
from convscope.planning.forecast import Forecast, Forecaster, Workload
from convscope.planning.recomputed_blocks import plan_recomputation
from convscope.planning.step import without_memory
from convscope.runs.choose_recipe import choose_recipe
from convscope.runs.fitting import fit_network
from convscope.runs.optimization import make_optimizer
from convscope.runs.recipe import Recipe
from convscope.runtime.convolution_plan import make_plan, record_layers
from convscope.runtime.device import choose_device
from convscope.runtime.execution import Execution, Precision, autocast
from convscope.runtime.matrix_convolution import Layer

PLAN_SECONDS = 0.5  # for measuring which convolutions matrices do faster; training takes longer


def plan(
    network: str | nn.Module,
    data: Data | None = None,
    *,
    recipe: str | Path | Recipe | None = None,
    picture_shape: tuple[int, int, int] | None = None,
    **changes: Any,
) -> Forecast:
    """Forecast the time and peak memory of a training run on this machine.

    Args:
        network: Name in the catalog, or a module of your own.
        data: Name of a data set, folder or zip of pictures, or arrays. None, with
            `picture_shape`: 60,000 pictures of that shape.
        recipe: As for `train`.
        picture_shape: (C, H, W), where there is no data.
        **changes: Fields of the recipe to change, such as `batch_size=64`.

    Raises:
        UsageError: A name or field isn't accepted, or the network doesn't take the pictures.
        ConvscopeError: The network can't be followed without real numbers.
    """
    return forecasters(network, data, recipe=recipe, picture_shape=picture_shape, **changes)[0].at(
        choose_recipe(network, data, recipe, changes).batch_size
    )


def forecasters(
    network: str | nn.Module,
    data: Data | None = None,
    *,
    recipe: str | Path | Recipe | None = None,
    picture_shape: tuple[int, int, int] | None = None,
    **changes: Any,
) -> list[Forecaster]:
    """What forecasts a run at any batch size: one for each precision, the faster one first.

    Args:
        network: As for `plan`.
        data: As for `plan`.
        recipe: As for `plan`.
        picture_shape: As for `plan`.
        **changes: As for `plan`.

    Raises:
        UsageError: As for `plan`.
        ConvscopeError: As for `plan`.
    """
    chosen = choose_recipe(network, data, recipe, changes)
    facts = _facts(data, picture_shape, chosen, network)
    plain = getattr(network, "_orig_mod", network)  # running a compiled one would compile it
    with torch.device("meta") if isinstance(network, str) else torch.device("cpu"):
        size, module, _, _ = fit_network(plain, facts.shape, facts.classes, chosen)
    module = network if isinstance(network, nn.Module) else module
    device = choose_device(chosen.device)
    precisions: tuple[Precision, ...] = (
        ("bfloat16", "float32") if chosen.precision == "auto" else (chosen.precision,)
    )
    name = network if isinstance(network, str) else type(plain).__name__
    found = []
    for precision in precisions:
        execution = Execution(device, precision, chosen.threads)
        matrices = _matrix_convolutions(module, facts.shape[0], size, chosen.batch_size, execution)
        execution = replace(execution, plan=matrices)
        workload = Workload(name, module, facts.shape, size, facts.counts, chosen, execution)
        try:
            found.append(Forecaster(_with_blocks(workload)))
        except (RuntimeError, TypeError, ValueError) as error:
            raise ConvscopeError(
                f"{name} can't be forecast: it asks for the values of tensors, or fails on "
                f"pictures of shape {workload.picture_shape}: {' '.join(str(error).split())[:200]}"
            ) from error
    if len(found) > 1:
        found.sort(key=lambda each: each.at(chosen.batch_size).step.value)
    return found


def _facts(
    data: Data | None,
    picture_shape: tuple[int, int, int] | None,
    recipe: Recipe,
    network: str | nn.Module,
) -> DataFacts:
    if data is not None:
        size = recipe.size
        if size is None and isinstance(network, str) and str(data) not in NAMED:
            from convscope.networks.catalog import entry

            size = entry(network).picture[1]
        return data_facts(data, size=size, validation=recipe.validation)
    if picture_shape is None:
        raise UsageError("Give data, or picture_shape=(channels, height, width).")
    return DataFacts(picture_shape, {"train": 60_000, "test": 10_000}, 10)


def _with_blocks(workload: Workload) -> Workload:
    """With the blocks to recompute, where the recipe leaves the choice to the plan."""
    if workload.recipe.recompute != "auto":
        return workload
    chosen = plan_recomputation(
        getattr(workload.network, "_orig_mod", workload.network),
        workload.picture_shape,
        workload.execution,
        partial(make_optimizer, recipe=workload.recipe),
    )
    return replace(workload, recipe=workload.recipe.replace(recompute=chosen.blocks))


def _matrix_convolutions(
    network: nn.Module, channels: int, size: int, batch_size: int, execution: Execution
) -> dict[str, Any]:
    """Which convolutions training would compute as matrix products."""
    if execution.device.type != "cpu":
        return {}
    layers: set[Layer] = set()
    with FakeTensorMode(allow_non_fake_inputs=True), torch.no_grad():
        copied = without_memory(getattr(network, "_orig_mod", network)).train()
        pictures = torch.empty(2, channels, size, size)
        try:
            with autocast(execution.device, execution.precision), record_layers(layers):
                copied(pictures)
        except RuntimeError:  # is said when the step is recorded
            return {}
    with execution.using_threads():
        return dict(make_plan(layers, batch_size, PLAN_SECONDS))
