"""The networks that may be opened, by name."""

from __future__ import annotations

from pathlib import Path

from convscope.studio.refusals import refuse
from convscope.studio.run_folders import DEPTHS, list_runs, name_below

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
