"""Stages of a training that begins from weights which have learned something.

First only the new layer learns, then the layers below it are unfrozen, a third after another from
the top, each third at a smaller rate than the one above (Howard and Ruder 2018, "Universal language
model fine-tuning for text classification", sections 3.2 and 3.3; fastai's `fine_tune` does nearly
the same). What is decided here depends on the recipe and the number of the epoch alone, so that a
run that goes on is in the same stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from convscope.runs.recipe import Recipe

PARTS = 3  # the layers below the last in as many equal parts


@dataclass(frozen=True)
class Layer:
    """A layer with weights, and what stands between it and the next.

    Attributes:
        path: As in `named_modules`.
        modules: The layer, then modules without weights up to the next layer, such as a dropout.
        part: 0 for the last layer, 1 for the part below it, up to `PARTS` for the first layers.
    """

    path: str
    modules: tuple[nn.Module, ...]
    part: int


def list_layers(network: nn.Module) -> list[Layer]:
    """The layers of a network with weights of their own, in the order it names them, by part."""
    found: list[tuple[str, list[nn.Module]]] = []
    for path, module in network.named_modules():
        if next(module.parameters(recurse=False), None) is not None:
            found.append((path, [module]))
        elif found and next(module.children(), None) is None:
            found[-1][1].append(module)
    below = len(found) - 1
    return [
        Layer(path, tuple(modules), 0 if row == below else PARTS - row * PARTS // below)
        for row, (path, modules) in enumerate(found)
    ]


def count_head_epochs(recipe: Recipe) -> int:
    """Epochs in which only the new layer learns: at most half of those that there are."""
    wanted = recipe.stages.head_epochs
    return wanted if recipe.epochs is None else min(wanted, max(1, recipe.epochs // 2))


def count_unfrozen_parts(recipe: Recipe, epoch: int) -> int:
    """How many of the `PARTS` below the last layer learn in an epoch.

    Args:
        recipe: With `stages`; without, all learn from the start.
        epoch: Counted from 0.
    """
    stages = recipe.stages
    if not stages.head_epochs:
        return PARTS
    since = epoch - count_head_epochs(recipe)
    return 0 if since < 0 else min(PARTS, 1 + since // stages.epochs_per_third)


def first_whole_epoch(recipe: Recipe) -> int:
    """The first epoch, from 0, in which everything learns."""
    if not recipe.stages.head_epochs:
        return 0
    return count_head_epochs(recipe) + (PARTS - 1) * recipe.stages.epochs_per_third


def describe_stages(recipe: Recipe, new: Sequence[str]) -> str:
    """The stages in a sentence, for a person; nothing for a recipe without them.

    Args:
        recipe: Of the run.
        new: Names of the tensors that began anew.
    """
    stages = recipe.stages
    if not stages.head_epochs:
        return ""
    decay = f"each third at {stages.rate_decay:g} times the rate of the one above"
    if not new:
        return f"The classes are the source's, so all layers learn from the start, {decay}."
    head = count_head_epochs(recipe)
    return (
        f"Epochs 1 to {head}: only the new layer, from features of the rest that are computed once "
        f"(each image as it is, and {stages.copies} times changed at random); then a third more of "
        f"the layers every {stages.epochs_per_third} "
        f"{'epoch' if stages.epochs_per_third == 1 else 'epochs'}, from the top, {decay}. Frozen "
        "layers keep the source's batch-norm statistics; unfrozen ones learn new ones."
    )
