"""Which recipe a run follows when it is given a network, data and changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from convscope.data.given import check_is_data
from convscope.data.label_table import SUFFIXES, name_table
from convscope.data.load import NAMED, Data
from convscope.files import file_name
from convscope.runs import recipe as recipes
from convscope.runs.own_module import check_is_module
from convscope.runs.recipe import Recipe


def choose_recipe(
    network: str | nn.Module,
    data: Data | None,
    recipe: str | Path | Recipe | None,
    changes: dict[str, Any],
) -> Recipe:
    """The recipe that `train` follows when it is given these arguments.

    Args:
        network: A name, or a module of somebody's own, whose name in the recipe is empty.
        data: Its name or path; "" in the recipe for anything else.
        recipe: As for `train`.
        changes: Fields of the recipe to change.

    Raises:
        UsageError: There is no such recipe, a field isn't accepted, or the network or the data is
            of a kind that can't be used.
    """
    if not isinstance(network, str):
        check_is_module(network)
    if data is not None:
        check_is_data(data)
    names = {"network": network if isinstance(network, str) else "", "data": ""}
    if changes.get("images"):
        changes = {**changes, "images": str(Path(changes["images"]).expanduser().resolve())}
    if isinstance(data, str | Path):
        # The run must find a folder again, from wherever it is resumed or evaluated.
        names["data"] = str(data) if str(data) in NAMED else str(Path(data).expanduser().resolve())
    if isinstance(recipe, Recipe):
        return recipe.replace(**names, **changes)
    if recipe is None:
        recipe = recipes.default_style(names["network"])
    if Path(recipe).suffix == ".toml":
        return recipes.read(recipe).replace(**names, **changes)
    return recipes.named(str(recipe), names["network"], names["data"]).replace(**changes)


def run_name(network: str | nn.Module, recipe: Recipe) -> str:
    """What a run is called unless told otherwise, as in "lenet-digits"."""
    path = Path(recipe.data)
    stem = name_table(path) if path.suffix.casefold() in SUFFIXES else path.stem
    data = file_name(stem) if recipe.data else "arrays"
    return f"{recipe.network or type(network).__name__}-{data}"
