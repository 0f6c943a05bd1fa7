"""A run or a model file, wherever either is accepted."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from convscope.runs.model import Model, load_model
from convscope.runs.run import Run


def open_model(run: Run | str | Path, module: nn.Module | None = None) -> Model:
    """A trained network in evaluation mode, with its card.

    Args:
        run: A run, its folder, or a `model.safetensors`.
        module: The module to fill, if the run trained one that isn't in the catalog.

    Raises:
        UsageError: No run, or no model in it.
        ConvscopeError: The model file is damaged.
    """
    found = run_or_model_file(run)
    return found.model(module) if isinstance(found, Run) else load_model(found, module)


def run_or_model_file(run: Run | str | Path) -> Run | Path:
    """The run, or the path of a model file where it is one.

    Raises:
        UsageError: It is neither.
    """
    if isinstance(run, Run):
        return run
    path = Path(run)
    return path if path.is_file() or path.suffix == ".safetensors" else Run(path)
