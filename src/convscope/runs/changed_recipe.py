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


def check_recipe_change(folder: Path, began: Mapping[str, Any] | None, now: Recipe) -> None:
    """Refuse to go on with a run whose recipe would now make another run.

    Args:
        folder: Of the run.
        began: The fields of the recipe that the run began with; None for runs of before they were
            kept, of which nothing can be said.
        now: The recipe as it is.

    Raises:
        UsageError: Names every field that was changed and mustn't be.
    """
    try:
        first = now if began is None else Recipe.model_validate(began)
    except pydantic.ValidationError:
        return  # of other fields than recipes have now
    changed = find_differing_fields([first, now], CHANGEABLE)
    if changed:
        listed = ", ".join(
            f"{name} ({_shown(before)} → {_shown(after)})"
            for name, (before, after) in changed.items()
        )
        raise UsageError(
            f"The recipe of run {str(folder)!r} was changed since the run began: {listed}. A run "
            f"goes on only with another {', '.join(CHANGEABLE[:-1])} or {CHANGEABLE[-1]}. Undo the "
            f"change in {folder / 'recipe.toml'}, or start a new run: convscope train NETWORK DATA "
            f"--recipe {folder / 'recipe.toml'} --out NEW_FOLDER."
        )


def _shown(value: Any) -> str:
    return "unset" if value is None else str(value)
