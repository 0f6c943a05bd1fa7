"""Which images an exported model is tried on: files as they are, from before any treatment."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convscope.data.decode import ImageError, decode, read_limited
from convscope.data.file_kinds import make_printable
from convscope.data.image_set import ImageSet, spread_evenly
from convscope.data.load import NAMED, tree_of
from convscope.data.tree import FolderTree, Tree
from convscope.errors import UsageError
from convscope.evaluation.run_splits import run_splits
from convscope.runs.model_file import ModelCard
from convscope.runs.run import Run

Item = TypeVar("Item")

MOST = 1000
"""Images that are compared, of those there are; taken evenly from all of them."""


@dataclass(frozen=True)
class Original:
    """One image as somebody may have it.

    Attributes:
        name: For people.
        content: Gives the bytes of an image file.
    """

    name: str
    content: Callable[[], bytes]


def originals(run: Run | None, card: ModelCard, folder: str | Path | None) -> list[Original]:
    """At most `MOST` images: those in a folder, or else the test images of a run.

    Args:
        run: The run; None where there is only a model file.
        card: The model's card.
        folder: Images to take instead of the run's, in any order; may have folders inside.

    Raises:
        UsageError: There are none, or the run's can't be had.
    """
    if folder is not None:
        return _in_folder(Path(folder))
    if run is None or not run.recipe.data:
        missing = "a model file alone" if run is None else "a run that was trained on arrays"
        raise UsageError(
            f"An export is compared with the run on real images, and {missing} has none. "
            "Give a folder of them: --images FOLDER."
        )
    return _of_run(run, card)


def images_to_compare(splits: Mapping[str, ImageSet]) -> ImageSet:
    """The images for testing; where there are none, those that are nearest to it."""
    return next(splits[name] for name in ("test", "validation", "train") if name in splits)


def _in_folder(folder: Path) -> list[Original]:
    if not folder.is_dir():
        raise UsageError(f"--images {str(folder)!r} is not a folder. Give a folder of images.")
    files = [folder / file for file in FolderTree(folder).listing().files]
    found = [
        Original(make_printable(str(file)), _reading(file))
        for file in _evenly(files)
        if _is_image(file)
    ]
    if not found:
        raise UsageError(f"--images {str(folder)!r} has no images in it. Give another folder.")
    return found


def _of_run(run: Run, card: ModelCard) -> list[Original]:
    """The run's test images, or where it has none, those for validation."""
    images = images_to_compare(run_splits(run, None, card).splits)
    rows = _evenly(range(len(images)))
    data = run.recipe.data
    if data in NAMED:
        return [Original(images.paths[row], _as_png(images.images[row])) for row in rows]
    tree = tree_of(data, run.recipe.reading)
    if tree is None:
        raise UsageError(f"There is no folder or zip archive '{data}'.")
    files = {tree.where(file): file for file in tree.listing().files}
    paths = [images.paths[row] for row in rows]
    return [Original(path, _member(tree, files[path])) for path in paths]


def _evenly(items: Sequence[Item]) -> list[Item]:
    """At most `MOST` of the items, from the first to the last."""
    return [items[place] for place in spread_evenly(len(items), MOST).tolist()]


def _is_image(file: Path) -> bool:
    try:
        decode(file, size=8)
    except ImageError:
        return False
    return True


def _reading(file: Path) -> Callable[[], bytes]:
    return lambda: read_limited(file)


def _member(tree: Tree, file: str) -> Callable[[], bytes]:
    return lambda: tree.read(file)


def _as_png(image: NDArray[np.uint8]) -> Callable[[], bytes]:
    """An image (C, H, W) that never was a file, as one."""

    def content() -> bytes:
        buffer = io.BytesIO()
        array = image[0] if len(image) == 1 else image.transpose(1, 2, 0)
        Image.fromarray(array).save(buffer, "PNG")
        return buffer.getvalue()

    return content
