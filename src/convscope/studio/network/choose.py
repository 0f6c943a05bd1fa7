"""The networks that may be opened, by name."""

from __future__ import annotations

import shlex
from pathlib import Path

from convscope.errors import ConvscopeError
from convscope.studio.refusals import refuse
from convscope.studio.run_folders import DEPTHS, list_runs, name_below
from convscope.web.failures import Refused

WEIGHTS = "*.safetensors"
CHECKPOINTS = "checkpoints"


def list_stored(runs: Path) -> dict[str, Path]:
    """Runs and model files of a folder, by the names that the page gives them."""
    found = list_runs(runs)
    for depth in DEPTHS:
        for weights in sorted(runs.glob(f"{depth}{WEIGHTS}")):
            if not (weights.parent / "recipe.toml").is_file():
                found[name_below(weights, runs)] = weights
    return found


def list_checkpoints(runs: Path) -> dict[str, Path]:
    """The checkpoints that runs have kept, as "first@step-00000120", each run's newest first."""
    found: dict[str, Path] = {}
    for name, path in list_stored(runs).items():
        for file in sorted((path / CHECKPOINTS).glob(f"step-{WEIGHTS}"), reverse=True):
            found[f"{name}@{file.stem}"] = file
    return found


def find_network(name: str, runs: Path) -> str | Path:
    """What a name stands for: itself if it is in the catalog, else a run or model file.

    Args:
        name: "catalog:lenet", "stored:first", or "stored:first@step-00000120" for a checkpoint.
        runs: The folder that was opened.

    Raises:
        Refused: There is no such network.
    """
    from convscope.networks.catalog import list_networks

    kind, _, rest = name.partition(":")
    if kind == "catalog" and rest in list_networks():
        return rest
    if kind == "stored":
        stored = list_stored(runs)
        if rest in stored:
            return stored[rest]
        checkpoints = list_checkpoints(runs) if "@" in rest else {}
        if rest in checkpoints:
            return checkpoints[rest]
    raise refuse("refused.network.name", name=name)


def refuse_to_open(name: str, network: str | Path, error: Exception) -> Refused:
    """Why a network that was found can't be opened, and where else to look at one's own.

    Args:
        name: As the page names it, as for `find_network`.
        network: What `find_network` gave for it.
        error: What opening it raised.
    """
    plain = name.partition(":")[2]
    if isinstance(network, Path):
        path = network.parents[1] if network.parent.name == CHECKPOINTS else network
        if _is_own_module(path):
            return refuse("refused.network.own", name=plain, path=shlex.quote(str(path)))
    return refuse("refused.network.open", name=plain, reason=str(error))


def _is_own_module(path: Path) -> bool:
    """Whether a run or a model file holds the weights of a module that isn't in the catalog."""
    from convscope.runs.model_file import read_card
    from convscope.runs.run import Run

    try:
        return not read_card(Run(path).model_file if path.is_dir() else path).network
    except (ConvscopeError, OSError):
        return False
