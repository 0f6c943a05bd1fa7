"""A study of Optuna as rows of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pydantic

from convscope.tuning.study import Outcome, Retest, TriedRecipe

RETESTED = "convscope retest "
"""Begins the name of an attribute of a study; the trial's number follows."""
_TRIALS = pydantic.TypeAdapter(
    list[TriedRecipe], config=pydantic.ConfigDict(revalidate_instances="always")
)
_RETESTS = pydantic.TypeAdapter(
    list[Retest], config=pydantic.ConfigDict(revalidate_instances="always")
)


def collect_trials(study: Any) -> list[TriedRecipe]:
    """All trials of a study, those of other processes and machines too."""
    return [_row(each) for each in study.get_trials(deepcopy=False)]


def collect_retests(study: Any) -> list[Retest]:
    """What was trained with new seeds, in the order it was."""
    attributes: Mapping[str, str] = study.user_attrs
    found = [json.loads(v) for name, v in attributes.items() if name.startswith(RETESTED)]
    found.sort(key=lambda each: each["at"])
    return [
        Retest(
            number=each["number"],
            validation=tuple(each["validation"]),
            test=tuple(each["test"]),
            split=each["split"],
            folder=each["folder"],
        )
        for each in found
    ]


def check_rows(study: Any, fields: Sequence[str]) -> None:
    """Complain of trials and retests that no search wrote.

    Args:
        study: Optuna's.
        fields: Those that were searched.

    Raises:
        ValueError: A value is of another type, or missing. Others as Optuna has them.
    """
    for each in _TRIALS.validate_python(collect_trials(study)):
        if each.outcome == "measured" and not each.values.keys() >= {*fields}:
            raise ValueError(f"trial {each.number} has no value of some field")
    _RETESTS.validate_python(collect_retests(study))


def _row(trial: Any) -> TriedRecipe:
    attributes = trial.user_attrs
    seconds = attributes.get("seconds", 0.0)
    return TriedRecipe(
        number=trial.number,
        outcome=_outcome(trial),
        reason=attributes.get("reason", "") if trial.state.is_finished() else "",
        values=trial.params or trial.system_attrs.get("fixed_params", {}),
        curve=tuple(value for _, value in sorted(trial.intermediate_values.items())),
        seconds=seconds,
    )


def _outcome(trial: Any) -> Outcome:
    states = {"COMPLETE": "measured", "FAIL": "stopped"}
    name = trial.state.name
    if name == "PRUNED":
        return cast("Outcome", trial.user_attrs.get("outcome", "pruned"))
    return cast("Outcome", states.get(name, "unfinished"))
