"""A process that forecasts trainings, one line of JSON after the other.

It is a process of its own, since recording a training step and timing its operations takes seconds
in which Studio is to answer others. It ends when its input does, and so with Studio. A step that
was recorded serves all batch sizes and lengths of a run.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from convscope.studio.notes import send_notes

if TYPE_CHECKING:
    from convscope.planning.plan import Plan

KEPT = 4
"""Recorded networks that are kept."""
WITHOUT = ("learning_rate", "seed")
"""Dials that change neither time nor memory."""
LENGTH = ("epochs", "minutes")

_plans: dict[str, Plan] = {}


def forecast(asked: dict[str, Any]) -> dict[str, Any]:
    """The forecast of a training.

    Args:
        asked: Its network, data, recipe ("" for the usual one) and changed fields.

    Raises:
        ConvscopeError: It can't be forecast, or a field isn't accepted.
    """
    from convscope.planning.plan import plan
    from convscope.runs.choose_recipe import choose_recipe

    network, data, recipe = asked["network"], asked["data"], asked["recipe"] or None
    changes = {name: value for name, value in asked["changes"].items() if name not in WITHOUT}
    step = {name: value for name, value in changes.items() if name not in LENGTH}
    chosen = choose_recipe(network, data, recipe, dict(asked["changes"]))
    step.pop("batch_size", None)
    key = json.dumps([network, data, recipe, step], sort_keys=True)
    if key not in _plans:
        while len(_plans) >= KEPT:
            del _plans[next(iter(_plans))]
        _plans[key] = plan(network, data, recipe, **changes)
    recorded = _plans[key]
    length = chosen.epochs, chosen.minutes
    if length != (recorded.recipe.epochs, recorded.recipe.minutes):
        recorded = recorded.replace(epochs=chosen.epochs, minutes=chosen.minutes)
    found = recorded.forecast(chosen.batch_size)
    # A recipe that builds on other weights is none without them.
    source = {name: value for name, value in changes.items() if name == "from_"}
    usual = choose_recipe(network, data, recipe, source)
    return {
        "forecast": {
            **found.as_dict(),
            "words": found.in_words(),
            "notes": send_notes(found.notes),
        },
        "usual": usual.as_dict(),
        "size": recorded.workload.size,
    }


def main(respond: Callable[[dict[str, Any]], dict[str, Any]] = forecast) -> None:
    """Answer until the input ends.

    Args:
        respond: Gives the answer to a question.
    """
    from convscope.errors import ConvscopeError

    # Nothing but answers may go where they are read.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        try:
            answer = respond(json.loads(line))
        except ConvscopeError as error:
            answer = {"error": str(error)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
