"""The images that a run was evaluated on, for all views: a confusion cell opens them.

They are read from the run's data, which may be large, and kept for the run that was asked for last.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from convscope.errors import ConvscopeError
from convscope.studio.refusals import refuse
from convscope.studio.run_folders import find_run

if TYPE_CHECKING:
    from convscope.data.image_set import ImageSet

PREFIX = "evaluated:"
"""Begins the name of such an image, as in "evaluated:18:first": the 19th of the run "first"."""


@dataclass(frozen=True)
class EvaluatedImage:
    """An image that a run was evaluated on.

    Attributes:
        pixels: uint8 (channels, height, width), as the data has it.
        path: Where it came from.
        label: Its true class.
    """

    pixels: NDArray[np.uint8]
    path: str
    label: str


class EvaluatedImages:
    """Reads the images of runs, and keeps those of one. All calls come from one thread.

    Args:
        runs: The folder that was opened.
    """

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._key: tuple[str, float] | None = None
        self._kept: ImageSet | None = None

    def get(self, run: str, index: int, path: str | None = None) -> EvaluatedImage:
        """An image by its place among those that the run was evaluated on.

        Args:
            run: Its name.
            index: From 0 on.
            path: Where the image came from, if that is known.

        Raises:
            Refused: There is no such run or image any more, or its data is gone.
        """
        images = self._open(run)
        if not 0 <= index < len(images) or path not in (None, images.paths[index]):
            raise refuse("refused.runs.image", run=run, number=index)
        label = images.classes[int(images.labels[index])]
        return EvaluatedImage(np.array(images.images[index]), images.paths[index], label)

    def named(self, name: str) -> EvaluatedImage:
        """An image as the address names it, as in "evaluated:18:first".

        Raises:
            Refused: There is none of this name.
        """
        index, _, run = name.removeprefix(PREFIX).partition(":")
        if not (index.isascii() and index.isdigit() and len(index) < 10):
            raise refuse("refused.bench.image_name", name=name)
        return self.get(run, int(index))

    def _open(self, name: str) -> ImageSet:
        folder = find_run(name, self._runs)
        try:
            key = (str(folder), (folder / "evaluation.json").stat().st_mtime)
            if self._kept is None or key != self._key:
                self._kept = None  # the memory of the old ones is free before the new ones need any
                self._kept = _read_images(folder)
                self._key = key
        except (ConvscopeError, OSError) as error:
            raise refuse("refused.runs.data", run=name, reason=str(error)) from None
        return self._kept


def _read_images(folder: Path) -> ImageSet:
    """The images that a run was evaluated on, in their order.

    Raises:
        ConvscopeError: The run wasn't evaluated, its data are gone, or aren't those any more.
    """
    from convscope.comparison.evaluation_record import read_evaluation
    from convscope.evaluation.run_images import choose_images
    from convscope.runs.model_file import read_card
    from convscope.runs.run import Run

    run = Run(folder)
    record = read_evaluation(run)
    images = choose_images(run, None, record.split, read_card(run.model_file)).images
    if record.fingerprint is not None and not images.has_fingerprint(record.fingerprint):
        raise ConvscopeError(
            "The images aren't those that it was evaluated on any more. Evaluate it again: "
            f"convscope evaluate {folder}"
        )
    return images
