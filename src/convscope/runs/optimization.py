"""Optimizer and learning rate, as a recipe asks for them."""

from __future__ import annotations

import math

import torch
from torch import nn

from convscope.runs.recipe import Recipe
from convscope.runs.stages import list_layers


def make_optimizer(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The optimizer of the recipe over all parameters of the network.

    Weight decay is applied to matrices and kernels only: pulling biases and the scales of batch
    normalization towards 0 constrains nothing and costs accuracy (He et al. 2019, "Bag of
    tricks", section 3.1). The lower a layer, the smaller its share of the learning rate, where the
    recipe's `stages.rate_decay` is below 1.
    """
    groups = [
        {"params": chosen, "weight_decay": decay, "rate_factor": factor}
        for factor, parameters in _by_rate(network, recipe).items()
        for chosen, decay in (
            ([p for p in parameters if p.ndim > 1], recipe.weight_decay),
            ([p for p in parameters if p.ndim <= 1], 0.0),
        )
        if chosen
    ]
    rate = recipe.learning_rate
    if recipe.optimizer == "adam":
        return torch.optim.Adam(groups, rate, fused=True)
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(groups, rate, fused=True)
    nesterov = recipe.optimizer == "nesterov"
    return torch.optim.SGD(groups, rate, recipe.momentum, nesterov=nesterov, fused=True)


def _by_rate(network: nn.Module, recipe: Recipe) -> dict[float, list[nn.Parameter]]:
    """The parameters by their share of the learning rate, the largest share first."""
    trained = {p: 1.0 for p in network.parameters() if p.requires_grad}
    if recipe.stages.rate_decay < 1:
        for layer in list_layers(network):
            for parameter in layer.modules[0].parameters(recurse=False):
                if parameter in trained:
                    trained[parameter] = recipe.stages.rate_decay**layer.part
    factors = sorted(set(trained.values()), reverse=True)
    return {each: [p for p, factor in trained.items() if factor == each] for each in factors}


def learning_rate(recipe: Recipe, step: int, total_steps: int) -> float:
    """The rate for a step, so that it depends on nothing but how far the run is.

    Args:
        recipe: Gives the largest rate, the warm-up and the schedule.
        step: Steps taken so far, 0 for the first.
        total_steps: Steps of the whole run.
    """
    done = (step + 0.5) / total_steps  # the middle of the step: never exactly 0, nor the full way
    if done < recipe.warmup:
        return recipe.learning_rate * done / recipe.warmup
    left = max(0.0, (1 - done) / (1 - recipe.warmup))
    if recipe.schedule == "linear":
        return recipe.learning_rate * left
    if recipe.schedule == "cosine":
        return recipe.learning_rate * (1 - math.cos(math.pi * left)) / 2
    return recipe.learning_rate


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Use this rate from the next step on, for lower layers as much of it as is theirs."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["rate_factor"]


def parameter_names(network: nn.Module, optimizer: torch.optim.Optimizer) -> list[str]:
    """Names of the optimizer's parameters, in its own order (that of its `state_dict`)."""
    names = {parameter: name for name, parameter in network.named_parameters()}
    return [names[p] for group in optimizer.param_groups for p in group["params"]]
