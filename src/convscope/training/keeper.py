"""What training leaves on the disk while it goes on: metrics, checkpoints, the model."""

from __future__ import annotations

from typing import Any

from convscope.runs.checkpoint import save_checkpoint
from convscope.runs.model_file import ModelCard, save_model
from convscope.runs.run import Run
from convscope.training.state import TrainingState


class Keeper:
    """Writes into a run's folder, if this process is the one that does.

    Args:
        run: The folder.
        state: What training changes; written as it is when it is asked for.
        card: What the model file says besides the weights.
        writes: Whether anything is written: of several processes, one has the folder.
    """

    def __init__(self, run: Run, state: TrainingState, card: ModelCard, *, writes: bool) -> None:
        self._run, self._state, self._card, self._writes = run, state, card, writes

    def log(self, kind: str, **values: Any) -> None:
        """Add a line to metrics.jsonl."""
        if self._writes:
            self._run.log(kind, **values)

    def checkpoint(self) -> None:
        """Keep everything, to go on from here."""
        if self._writes:
            save_checkpoint(self._run.checkpoints, self._state.tensors(), self._state.plain())

    def model(self) -> None:
        """Keep the network that is evaluated, as the result so far."""
        if self._writes:
            save_model(self._run.model_file, self._state.evaluated, self._card)
