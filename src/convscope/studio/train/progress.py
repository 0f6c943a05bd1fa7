"""How a training is going: from its process, its run folder, and what the command printed."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from convscope.errors import ConvscopeError
from convscope.files import read_bytes
from convscope.runs.forecast import read_forecast
from convscope.runs.metrics_file import MetricsFollower
from convscope.runs.recipe import Recipe, read_of_run
from convscope.studio.train.trainings import StartedTraining, TrainingList

T = TypeVar("T")

STATES = (
    "starting", "running", "evaluating", "ended", "paused", "failed", "killed", "deleted",
)  # fmt: skip
"""What a training can be: before its first step, training, being evaluated at the end; it has
ended, was stopped with a checkpoint, failed and said why, was ended from outside without a word,
or its folder isn't there any more."""
MOST_LOG = 4000
"""Letters of what the command printed that are shown."""


class ProgressReader:
    """Says how trainings are going; of their metrics it reads what is new.

    Args:
        trainings: Knows where their files are.
    """

    def __init__(self, trainings: TrainingList) -> None:
        self._trainings = trainings
        self._seen: dict[str, _Seen] = {}
        self._files = _ReadFiles()
        self._lock = threading.Lock()

    def read(self, training: StartedTraining) -> dict[str, Any]:
        """A training as the page shows it; what isn't known yet is None."""
        folder = self._trainings.folder(training.run)
        printed = _printed(self._trainings.log(training.run))
        with self._lock:
            seen = self._seen.setdefault(training.run, _Seen(folder / "metrics.jsonl"))
            seen.look()
            last, epoch, error, damaged = seen.last, seen.epoch, seen.error, seen.damaged
            recipe = self._files.read(folder / "recipe.toml", _recipe)
            forecast = self._files.read(folder / "forecast.json", _forecast) or []
        ended_with = _last_message(printed)
        epochs = None if recipe is None else recipe.epochs
        is_last_epoch = epochs is not None and epoch.get("epoch") == epochs
        state = _state(training, folder, ended_with)
        if state == "running":
            state = "evaluating" if is_last_epoch else "running" if last else "starting"
        message = ended_with if state in ("failed", "paused") else None
        return {
            "run": training.run,
            "state": state,
            "message": error if state == "failed" and error else message,
            "printed": printed[-MOST_LOG:],
            "since": training.since,
            "now": time.time(),
            "damaged": damaged,
            "step": last.get("step"),
            "epoch": epoch.get("epoch", 0),
            "seconds": _number(epoch.get("seconds")),
            "epochs": epochs,
            "minutes": None if recipe is None else recipe.minutes,
            "network": None if recipe is None else recipe.network,
            "data": None if recipe is None else Path(recipe.data).name,
            "batch_size": None if recipe is None else recipe.batch_size,
            "precision": None if recipe is None else recipe.precision,
            "forecast": forecast,
            "checkpoint": newest_checkpoint(folder),
            "can_look": (folder / "model.safetensors").is_file(),
            "can_resume": (folder / "environment.json").is_file(),
            "accuracy": self._accuracy(folder) if state == "ended" else None,
        }

    def _accuracy(self, folder: Path) -> dict[str, Any] | None:
        with self._lock:
            return self._files.read(folder / "evaluation.json", _accuracy)


class _ReadFiles:
    """Reads a file again only when it has changed: who watches asks every second."""

    def __init__(self) -> None:
        self._kept: dict[Path, tuple[tuple[int, int, int], Any]] = {}

    def read(self, file: Path, read: Callable[[Path], T]) -> T | None:
        """What `read` gives of the file; None if it isn't there."""
        try:
            facts = file.stat()
        except OSError:
            self._kept.pop(file, None)
            return None  # not written yet, or deleted
        mark = facts.st_ino, facts.st_mtime_ns, facts.st_size
        if file not in self._kept or self._kept[file][0] != mark:
            self._kept[file] = mark, read(file)
        found: T = self._kept[file][1]
        return found


class _Seen:
    """What matters of the metrics of a run that were read so far."""

    def __init__(self, file: Path) -> None:
        self._follower = MetricsFollower(file)
        self._forget()

    def _forget(self) -> None:
        self.last: dict[str, Any] = {}
        self.epoch: dict[str, Any] = {}
        self.error = ""
        self.damaged = 0

    def look(self) -> None:
        """Read what is new."""
        while True:
            part = self._follower.read()
            if part.is_anew:
                self._forget()
            self.damaged += part.damaged
            for row in part.rows:
                if row["kind"] == "error":
                    self.error = str(row.get("message", ""))
                    continue
                self.error = ""  # it went on after that
                self.last = row
                if row["kind"] == "epoch":
                    self.epoch = row
            if part.is_whole:
                return


def newest_checkpoint(folder: Path) -> int | None:
    """The step of a run's newest checkpoint; None: there is none."""
    found = sorted((folder / "checkpoints").glob("step-*.json"))
    number = found[-1].stem.removeprefix("step-") if found else ""
    return int(number) if number.isdecimal() else None


def _state(training: StartedTraining, folder: Path, ended_with: str) -> str:
    if not folder.is_dir():
        return "deleted"
    if training.is_going_on:
        return "running"
    if ended_with.startswith("Stopped"):
        return "paused"
    if ended_with:
        return "failed"
    return "ended" if _is_newer(folder / "evaluation.json", training.since) else "killed"


def _is_newer(file: Path, since: float) -> bool:
    try:
        return file.stat().st_mtime >= since - 1  # file systems count in steps of up to a second
    except OSError:
        return False


def _printed(log: Path) -> str:
    try:
        return read_bytes(log).decode("utf-8", "replace")
    except OSError:
        return ""


def _last_message(printed: str) -> str:
    """The one line with which a command says why it ended; "" if it didn't."""
    lines = printed.rstrip().splitlines()
    return lines[-1].removeprefix("convscope: ") if lines and _is_message(lines[-1]) else ""


def _is_message(line: str) -> bool:
    return line.startswith("convscope: ")


def _recipe(file: Path) -> Recipe | None:
    try:
        return read_of_run(file)
    except ConvscopeError:
        return None  # damaged, or just deleted


def _forecast(file: Path) -> list[dict[str, Any]]:
    try:
        return [row.model_dump() for row in read_forecast(file.parent)]
    except (ConvscopeError, OSError):
        return []


def _accuracy(file: Path) -> dict[str, Any] | None:
    from convscope.runs.run import Run

    try:
        evaluated = Run(file.parent).read_evaluation()
        counts = [each["count"] for each in evaluated.get("per_class", ())]
        guesses = bool(counts) and evaluated["interval"][0] <= max(counts) / sum(counts)
    except (ConvscopeError, OSError, ValueError, LookupError, TypeError, ZeroDivisionError):
        return None
    known = {name: evaluated[name] for name in ("accuracy", "interval", "split")}
    return {**known, "guesses": guesses}  # no better than always naming the largest class


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and math.isfinite(value)
    return float(value) if isinstance(value, int | float) and is_number else None
