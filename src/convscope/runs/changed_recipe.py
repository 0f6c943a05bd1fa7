"""What of a run's recipe may be changed before the run goes on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pydantic

from convscope.errors import UsageError
from convscope.runs.differences import find_differing_fields
from convscope.runs.recipe import Recipe

TIMES = ("epochs", "minutes", "early_stop", "checkpoint_minutes")
CHANGEABLE = (*TIMES, "unknown_rate", "images", "data")
"""Fields that decide how long a run goes on, how it is used and where its images are, which are
compared themselves; not what it computes."""


FORCEABLE = (
    *("augmentation", "clip_gradient", "dropout", "label_smoothing", "learning_rate", "momentum"),
    *("schedule", "seed", "threads", "warmup", "weight_decay"),
)
"""Fields that make another run, but one that can go on from the same weights, images and step."""


def check_recipe_change(
    folder: Path, began: Mapping[str, Any] | None, now: Recipe, *, force: bool = False
) -> dict[str, tuple[Any, Any]]:
    """Refuse to go on with a run whose recipe would now make another run.

    Args:
        folder: Of the run.
        began: The fields of the recipe that the run began with; None for runs of before they were
            kept, of which nothing can be said.
        now: The recipe as it is.
        force: Accept changes of the fields in `FORCEABLE`.

    Returns:
        The changes that were accepted for `force`: by field, the value before and now.

    Raises:
        UsageError: Names every field that was changed and mustn't be.
    """
    try:
        first = now if began is None else Recipe.model_validate(began)
    except pydantic.ValidationError:
        return {}  # of other fields than recipes have now
    changed = {
        name: (before, after)
        for name, (before, after) in find_differing_fields([first, now], CHANGEABLE).items()
    }
    hard = {name: each for name, each in changed.items() if name.split(".")[0] not in FORCEABLE}
    if force and not hard:
        return changed
    if changed:
        advice = "" if hard else "To go on all the same, and have it recorded: --force. "
        raise UsageError(
            f"The recipe of run {str(folder)!r} was changed since the run began: "
            f"{list_changes(hard if force else changed)}. A run goes on only with another "
            f"{', '.join(CHANGEABLE[:-1])} or {CHANGEABLE[-1]}"
            f"{', and with --force another ' + ', '.join(FORCEABLE) if force else ''}. {advice}"
            f"Undo the change in {folder / 'recipe.toml'}, or start a new run: convscope train "
            f"NETWORK DATA --recipe {folder / 'recipe.toml'} --out NEW_FOLDER."
        )
    return {}


def list_changes(changed: Mapping[str, tuple[Any, Any]]) -> str:
    """Changes of fields, as in "seed (0 → 3), ema (unset → 0.99)"."""
    return ", ".join(
        f"{name} ({_shown(before)} → {_shown(after)})" for name, (before, after) in changed.items()
    )


def _shown(value: Any) -> str:
    return "unset" if value is None else str(value)
