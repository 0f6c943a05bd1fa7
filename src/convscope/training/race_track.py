"""Where networks race: their images, loaded once for each size, and the runs in race/."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from convscope.data.image_set import ImageSet
from convscope.data.load import Data
from convscope.errors import UsageError
from convscope.runs import recipe as recipes
from convscope.runs.begin_from import read_origin
from convscope.runs.race import FOLDER, Racer
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run
from convscope.runs.run_facts import ExecutionFacts
from convscope.runtime.device import choose_device
from convscope.runtime.execution import Execution
from convscope.training.begin import execution_of, measure_job, write_new_run
from convscope.training.job import Job, fill_from_source, load_images, prepare
from convscope.training.live_view import LiveView


class RaceTrack:
    """The folder of a race, and the images that its networks are trained on.

    Args:
        folder: Of the race.
        data: As for `train`.
        view: Told of what a person should know.
    """

    def __init__(self, folder: Path, data: Data, view: LiveView) -> None:
        self.folder, self.view, self._data = folder, view, data
        self._images: dict[tuple[int | None, int | None], dict[str, ImageSet]] = {}

    def open(self, racer: Racer) -> tuple[Job, Run, Execution]:
        """What one of the networks trains, its run, and how it is computed; made at first.

        Raises:
            UsageError: The images aren't those that the race began with, or have no validation.
        """
        folder = self.folder / FOLDER / racer.name
        if any(folder.glob("checkpoints/step-*.json")):
            return self._open_again(Run(folder))
        shutil.rmtree(folder, ignore_errors=True)  # stopped before it had learned anything
        job = self._prepare(recipes.parse(racer.recipe, racer.name))
        if job.recipe.from_:
            job = fill_from_source(job)
        execution, measured = measure_job(job, choose_device(job.recipe.device), self.view)
        return job, write_new_run(folder, job, measured, execution), execution

    def _open_again(self, run: Run) -> tuple[Job, Run, Execution]:
        job = self._prepare(run.recipe, run)
        environment = run.read_environment(ExecutionFacts)
        if not job.splits["train"].has_fingerprint(environment["data_fingerprint"]):
            raise UsageError(
                "The training images aren't those that the race began with: files were added, "
                "removed or changed since. Put them back, or race anew with --force."
            )
        return job, run, execution_of(environment, run.recipe)

    def _prepare(self, recipe: Recipe, run: Run | None = None) -> Job:
        origin = None if run is None else read_origin(run)
        return prepare(recipe.network, self.load(recipe), recipe, origin)

    def load(self, recipe: Recipe) -> dict[str, ImageSet]:
        """The images as a recipe has them, loaded when they are first asked for.

        Raises:
            UsageError: They are no use for training, or too few for some to be held out.
        """
        key = recipe.size, recipe.channels
        if key not in self._images:
            splits = load_images(recipe.network, self._data, recipe)
            if "validation" not in splits:
                raise UsageError(
                    "auto needs validation images to choose a network by, and there are too few "
                    "images for any. Name a network instead."
                )
            self._images[key] = splits
        return self._images[key]

    def promote(self, winner: Racer, seconds: float) -> tuple[Job, Run, Execution]:
        """Make the folder of the race the winner's run, and open it; the other runs are removed.

        Begun again after it was stopped anywhere, it ends with the same.

        Args:
            winner: Which one.
            seconds: Of training, what it had before included.
        """
        runs = self.folder / FOLDER
        own = runs / winner.name
        opened = None
        # The only one that can be trained wins before it has begun.
        if not any((place / "environment.json").is_file() for place in (own, self.folder)):
            opened = self.open(winner)
        for loser in runs.iterdir():
            if loser != own:
                shutil.rmtree(loser)
        run = Run(own)
        run.recipe.replace(minutes=seconds / 60).write(run.recipe_file)
        # With its recipe, which comes last, the folder becomes a run.
        for each in sorted(own.iterdir(), key=lambda path: path == run.recipe_file):
            each.replace(self.folder / each.name)
        shutil.rmtree(runs)
        run = Run(self.folder)
        if opened is None:
            return self._open_again(run)
        job, _, execution = opened
        return replace(job, recipe=run.recipe), run, execution
