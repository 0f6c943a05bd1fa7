"""Which recipe a run follows when it is given a network, data and changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from convscope.data.given import check_is_data
from convscope.data.load import NAMED, Data
from convscope.data.shards import name_source
from convscope.errors import UsageError
from convscope.files import file_name
from convscope.networks.catalog import entry
from convscope.runs import recipe as recipes
from convscope.runs.own_module import check_is_module
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run
from convscope.runs.source import find_source


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
        recipe: As for `train`. With a source of weights (`from_`), size, channels, normalization
            and the builder's arguments are the source's, unless given here or in `changes`.
        changes: Fields of the recipe to change.

    Raises:
        UsageError: There is no such recipe, a field isn't accepted, or the network or the data is
            of a kind that can't be used.
    """
    if isinstance(network, str):
        entry(network)  # complains if there is none
    else:
        check_is_module(network)
    if data is not None:
        check_is_data(data)
    names = {"network": network if isinstance(network, str) else "", "data": ""}
    if changes.get("images"):
        changes = {**changes, "images": str(Path(changes["images"]).expanduser().resolve())}
    if isinstance(data, str | Path):
        # The run must find a folder again, from wherever it is resumed or evaluated.
        names["data"] = str(data) if str(data) in NAMED else str(Path(data).expanduser().resolve())
    changes = _with_resolved_source(changes)
    own: set[str] = set()  # fields that a recipe of the person's own decides
    if isinstance(recipe, Recipe):
        found, own = recipe, recipe.model_fields_set
    elif recipe is not None and Path(recipe).suffix == ".toml":
        found = recipes.read(recipe)
        own = found.model_fields_set
    else:
        usual = "transfer" if changes.get("from_") else recipes.default_style(names["network"])
        found = recipes.named(str(recipe or usual), names["network"], names["data"])
    found = found.replace(**names)
    source = changes.get("from_", found.from_)
    if source:
        settings = find_source(source, network).settings()
        found = found.replace(**{name: settings[name] for name in settings.keys() - own})
    found = found.replace(**changes)
    if found.stages.head_epochs and not found.from_:
        raise UsageError(
            "This recipe trains a new layer on top of weights that have learned something. Say "
            "which: --from SOURCE (published, a run or a file); or take another: --recipe fast."
        )
    return found


def _with_resolved_source(changes: dict[str, Any]) -> dict[str, Any]:
    """The changes; a source that is a run or a path by its full path, as the data."""
    given = changes.get("from_")
    if not given or given == "published":
        return changes
    if isinstance(given, Run):
        given = given.folder
    if not isinstance(given, str | Path):
        raise UsageError(
            'from_ takes "published", a run, a model.safetensors or a file of weights; given a '
            f"{type(given).__name__}."
        )
    return changes | {"from_": str(Path(given).expanduser().resolve())}


def run_name(network: str | nn.Module, recipe: Recipe) -> str:
    """What a run is called unless told otherwise, as in "lenet-digits"."""
    data = file_name(name_source(Path(recipe.data))) if recipe.data else "arrays"
    return f"{recipe.network or type(network).__name__}-{data}"
