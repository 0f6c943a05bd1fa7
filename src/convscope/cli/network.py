"""What names a network and its first weights on the command line; also a file of one's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from convscope.cli.complete import complete_source
from convscope.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

    from convscope.runs.model import Model

FromOption = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="SOURCE",
        help="Begin with weights that have learned something: published (by torchvision, on "
        "ImageNet), a run, a model.safetensors or a file of weights.",
        autocompletion=complete_source,
    ),
]

NetworkOption = Annotated[
    str | None,
    typer.Option(
        "--network",
        metavar="FILE.py:NAME",
        help="For a run of a network of your own: the file and class that it was trained with.",
    ),
]


def open_network(
    network: str,
    data: str | None = None,
    changes: Mapping[str, Any] | None = None,
    recipe: str | None = None,
) -> str | nn.Module:
    """The name as it is, or the network that a file makes for these images.

    Args:
        network: A name of the catalog, a run, or "FILE.py:NAME", whose file is run.
        data: What it is to be trained on, from which channels and classes are known.
        changes: Fields of a recipe, or size, channels and classes themselves.
        recipe: The recipe that they change. Its seed decides the first weights of the network in
            the file, as it does of those in the catalog.

    Raises:
        UsageError: The file, or the network in it, fails.
    """
    from convscope.runs.network_file import load_network_file, names_network_file

    if not names_network_file(network):
        return network
    import torch

    given = {} if changes is None else dict(changes)
    torch.manual_seed(_seed(recipe, given))
    return load_network_file(network, lambda: _facts(data, given))


def open_maker(
    network: str, data: str, changes: Mapping[str, Any]
) -> str | Callable[[], nn.Module]:
    """The name as it is, or what makes the network of a file anew for every seed.

    Args:
        network: As for `open_network`, like all that follows.
        data: What it is to be trained on.
        changes: Fields of a recipe.
    """
    from convscope.runs.network_file import load_network_file, names_network_file

    if not names_network_file(network):
        return network
    return lambda: load_network_file(network, lambda: _facts(data, dict(changes)))


def open_module(network: str | None, run: Path) -> nn.Module | None:
    """The module to fill of a run of one's own network; None where none was named.

    Args:
        network: "FILE.py:NAME", or None.
        run: The run, or its model file, whose classes and channels it is made for.

    Raises:
        UsageError: It isn't a file's, or it fails; or there is no such run.
    """
    from convscope.runs.model_file import read_card
    from convscope.runs.network_file import load_network_file
    from convscope.runs.run import Run

    def facts() -> dict[str, int]:
        file = Run(run).model_file if run.is_dir() else run
        if not file.exists():  # stopped before its first epoch ended
            recipe = Run(run).recipe
            return _facts(recipe.data or None, recipe.as_dict())
        card = read_card(file)
        return {"channels": card.channels, "classes": len(card.classes), "size": card.size}

    return None if network is None else load_network_file(network, facts)


def _seed(recipe: str | None, changes: Mapping[str, Any]) -> int:
    from convscope.runs.recipe import Recipe, read

    if "seed" in changes:
        return int(changes["seed"])
    if recipe is not None and Path(recipe).suffix == ".toml":
        return read(recipe).seed
    return int(Recipe.model_fields["seed"].default)


def open_subject(network: str, own: str | None) -> str | Model:
    """The network's name as it is, or the model of a run of one's own, filled into its module.

    Args:
        network: A name of the catalog, a run or its model file.
        own: "FILE.py:NAME" of the run's module, or None.

    Raises:
        UsageError: There is no such run, or the file, or the network in it, fails.
        ConvscopeError: The model file is damaged.
    """
    from convscope.runs.open_model import open_model

    if own is None:
        return network
    run = Path(network)
    if not run.exists():
        raise UsageError(
            f"--network is for a run of a network of your own, and there is no run {network!r}. "
            "Give its folder; or, for the network without weights, leave --network out: "
            f"convscope show {own}"
        )
    return open_model(run, open_module(own, run))


def _facts(data: str | None, given: dict[str, Any]) -> dict[str, int]:
    known: dict[str, int] = {}
    if data is not None:
        from convscope.data.facts import collect_facts

        facts = collect_facts(data, size=given.get("size"))
        known = {"channels": facts.shape[0], "classes": facts.classes, "size": facts.shape[1]}
    own = {name: given[name] for name in ("channels", "classes", "size") if given.get(name)}
    return known | own
