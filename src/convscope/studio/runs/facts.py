"""One run: what it was, what was forecast of it, and what it came to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from convscope.errors import ConvscopeError
from convscope.runs.forecast import read_forecast
from convscope.runs.metrics_file import read_rows
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run
from convscope.studio.refusals import refuse
from convscope.studio.runs.result import read_result, result_as_dict
from convscope.studio.runs.summary import finite, summarize

CARD = "convscope"
"""Name of the card in a model file's header."""
MACHINE = ("convscope", "torch", "python", "processor", "cores", "threads", "device", "precision")
"""What is told of environment.json."""
SETTINGS = (
    "optimizer", "learning_rate", "momentum", "weight_decay", "schedule", "label_smoothing",
    "ema", "early_stop", "minutes", "validation", "seed",
)  # fmt: skip
"""What is told of the recipe besides what the table of runs has."""
Read = TypeVar("Read")


def facts(name: str, folder: Path) -> dict[str, Any]:
    """Everything that the page of one run says, but for its curves.

    A part that is damaged or missing is None, and `problems` says why.

    Args:
        name: As the page names it.
        folder: Its folder.

    Raises:
        Refused: It is no run any more.
    """
    try:
        run = Run(folder)
    except ConvscopeError:
        raise refuse("refused.runs.name", name=name) from None
    problems: list[str] = []
    recipe = _attempt(lambda: run.recipe, problems)
    machine = _attempt(lambda: run.environment, problems) if run.environment_file.exists() else None
    forecast = _attempt(lambda: read_forecast(folder), problems) or ()
    result = _attempt(lambda: read_result(run), problems)
    if read_rows(run.metrics_file, without_steps=True)[1]:
        _attempt(run.metrics, problems)  # says which line is damaged
    return {
        "name": name,
        "path": str(folder),
        "summary": summarize(folder).model_dump(),
        "size": None if recipe is None else recipe.size or _size_of_model(run.model_file),
        "settings": None if recipe is None else _settings(recipe),
        "recipe": None if recipe is None else str(recipe),
        "machine": _machine(machine),
        "forecast": [
            {key: finite(value) if isinstance(value, float) else value
             for key, value in row.model_dump().items()}
            for row in forecast
        ],
        "result": None if result is None else result_as_dict(result),
        "has_report": run.report_file.is_file(),
        "has_predictions": (folder / "predictions.csv").is_file(),
        "has_model": run.model_file.is_file(),
        "problems": problems,
    }  # fmt: skip


def _size_of_model(file: Path) -> int | None:
    """Height and width of the images that a model was trained on, by its card; None: not known.

    Only the header is read, without PyTorch, which would take seconds to load.
    """
    import safetensors

    try:
        with safetensors.safe_open(file, framework="numpy") as opened:
            size = json.loads((opened.metadata() or {})[CARD])["size"]
    except (OSError, safetensors.SafetensorError, ValueError, LookupError, TypeError):
        return None  # none yet, or damaged, which is said where the model is opened
    return size if isinstance(size, int) else None


def _attempt(read: Callable[[], Read], problems: list[str]) -> Read | None:
    try:
        return read()
    except (ConvscopeError, OSError, UnicodeError, ValueError, RecursionError) as error:
        problems.append(str(error))
        return None


def _settings(recipe: Recipe) -> dict[str, Any]:
    """What stands in the recipe, and isn't its usual value of "not used"."""
    values = recipe.as_dict()
    return {name: values[name] for name in SETTINGS if values.get(name) not in (None, 0.0, "")}


def _machine(environment: dict[str, Any] | None) -> dict[str, str]:
    """Texts and whole numbers of environment.json; whatever else stands there isn't shown."""
    known = environment or {}
    return {
        name: str(known[name])[:200] for name in MACHINE if isinstance(known.get(name), str | int)
    }
