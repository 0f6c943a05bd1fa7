"""The looks at a training's checkpoints that were taken while Studio is open, to go back over them.

A training keeps its two newest checkpoints; what a look showed is small, and kept here.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from convscope.studio.refusals import refuse

MOST = 48
"""Looks at one training that are kept; beyond, every other one is let go."""
MOST_RUNS = 8
"""Trainings whose looks are kept."""


class KeptLooks:
    """Keeps looks by run and step. All calls come from one thread."""

    def __init__(self) -> None:
        self._runs: OrderedDict[str, dict[int, dict[str, Any]]] = OrderedDict()

    def keep(self, run: str, look: dict[str, Any]) -> None:
        """Keep a look; those of later steps are of a course that the training left.

        Args:
            run: Name of the run.
            look: As `show_checkpoint` gives it.
        """
        kept = self._runs.pop(run, {})
        kept = {step: each for step, each in kept.items() if step < look["step"]}
        if len(kept) >= MOST:
            kept = {step: kept[step] for step in list(kept)[::2]}
        self._runs[run] = {**kept, look["step"]: look}
        while len(self._runs) > MOST_RUNS:
            self._runs.popitem(last=False)

    def find(self, run: str, step: int) -> dict[str, Any]:
        """The look at a step.

        Raises:
            Refused: None is kept.
        """
        found = self._runs.get(run, {}).get(step)
        if found is None:
            raise refuse("refused.train.look", run=run, step=step)
        return found

    def history(self, run: str) -> list[dict[str, Any]]:
        """The steps that were looked at, each with its dead units, the earliest first."""
        return [
            {"step": step, "dead": look["dead"]["dead"], "units": look["dead"]["units"]}
            for step, look in self._runs.get(run, {}).items()
        ]
