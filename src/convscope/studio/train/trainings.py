"""The trainings that were started from a studio on this folder of runs, kept in a small file.

Of each only the run's folder, its process and when it began are kept; everything else is read from
the run, so that Studio may end at any moment.
"""

from __future__ import annotations

import json
import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pydantic

from convscope.files import file_name, read_bytes, write_text
from convscope.runs.out_folder import reserve_folder
from convscope.studio.refusals import refuse
from convscope.studio.train.processes import ask_to_stop, start_mark, start_process
from convscope.studio.train.settings import (
    TrainingSettings,
    check_settings,
    resume_command,
    train_command,
)

FOLDER = ".studio"
"""In the folder of runs: what Studio keeps there."""
AT_ONCE = 2
"""Most trainings that go on at once."""
LEAST_BYTES = 200 * 2**20
"""Free space on the disk that a training should find."""


class StartedTraining(pydantic.BaseModel, frozen=True):
    """A training that was started here.

    Attributes:
        run: Name of its folder, in the folder of runs.
        number: Of its process.
        mark: When the process began, as `start_mark` says it.
        since: The same by the clock, in seconds since 1970.
    """

    run: str
    number: int
    mark: str
    since: float

    @property
    def is_going_on(self) -> bool:
        """Whether the process is there."""
        return start_mark(self.number) == self.mark


class TrainingList:
    """The trainings of a folder of runs.

    Args:
        runs: The folder; made when the first training starts.
    """

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._lock = threading.Lock()

    @property
    def _file(self) -> Path:
        return self._runs / FOLDER / "trainings.json"

    def log(self, run: str) -> Path:
        """What the command of a run printed."""
        return self._runs / FOLDER / f"{run}.txt"

    def folder(self, run: str) -> Path:
        """The folder of a run that was started here."""
        return self._runs / run

    def all(self) -> list[StartedTraining]:
        """The newest first."""
        try:
            content = json.loads(read_bytes(self._file))
            found = [StartedTraining.model_validate(each) for each in content]
        except (
            OSError,
            ValueError,
            TypeError,
            RecursionError,
        ):  # none yet, or damaged: runs are kept elsewhere
            return []
        return [each for each in found if Path(each.run).name == each.run != ".."]

    def find(self, run: str) -> StartedTraining:
        """The training of a run.

        Raises:
            Refused: None of that name was started here.
        """
        for each in self.all():
            if each.run == run:
                return each
        raise refuse("refused.train.run", status=404, name=run)

    def start(self, settings: TrainingSettings) -> StartedTraining:
        """Start a training in a new run folder.

        Raises:
            Refused: A field isn't accepted, the disk is full, or enough trainings go on.
        """
        data = check_settings(settings)
        with self._lock:
            self._check_room()
            folder = reserve_folder(
                self._runs, f"{settings.network}-{file_name(Path(data).stem, 40)}"
            )
            return self._begin(folder.name, train_command(settings, folder.absolute()))

    def resume(self, run: str) -> StartedTraining:
        """Go on with a run from its newest checkpoint.

        Raises:
            Refused: It goes on already, can't be gone on with, or enough trainings go on.
        """
        with self._lock:
            if self.find(run).is_going_on:
                raise refuse("refused.train.going", name=run)
            folder = self.folder(run)
            if not (folder / "environment.json").is_file():
                raise refuse("refused.train.nothing", name=run)
            self._check_room()
            return self._begin(run, resume_command(folder.absolute()))

    def stop(self, run: str) -> None:
        """Ask a training to write a checkpoint and end; asked again, it doesn't wait for a step."""
        found = self.find(run)
        if found.is_going_on:
            ask_to_stop(found.number)

    def forget(self, run: str) -> None:
        """Take a training that has ended off the list; its run stays where it is.

        Raises:
            Refused: It is still going on.
        """
        with self._lock:
            if self.find(run).is_going_on:
                raise refuse("refused.train.going", name=run)
            self._write([each for each in self.all() if each.run != run])
            self.log(run).unlink(missing_ok=True)
            with suppress(OSError):
                self.folder(run).rmdir()  # reserved, but nothing was written into it

    def _begin(self, run: str, command: list[str]) -> StartedTraining:
        self._file.parent.mkdir(exist_ok=True)
        since = time.time()
        number = start_process(command, self.log(run))
        begun = StartedTraining(run=run, number=number, mark=start_mark(number) or "", since=since)
        self._write([begun, *(each for each in self.all() if each.run != run)])
        return begun

    def _check_room(self) -> None:
        if sum(each.is_going_on for each in self.all()) >= AT_ONCE:
            raise refuse("refused.train.many", most=AT_ONCE)
        self._runs.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self._runs).free
        if free < LEAST_BYTES:
            raise refuse("refused.train.disk", free=free >> 20, least=LEAST_BYTES >> 20)

    def _write(self, trainings: list[StartedTraining]) -> None:
        content: list[dict[str, Any]] = [each.model_dump() for each in trainings]
        write_text(self._file, json.dumps(content, indent=1) + "\n")
