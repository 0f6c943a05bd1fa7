"""Classes and probabilities of image files by a trained network.

On a processor, every thread decodes a batch and then computes it by itself: threads that work
together on one operation would wait for one another after each. On a GPU, the threads decode, and
two at a time compute, so that one batch is on its way while another is computed.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Semaphore

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from convscope.data.decode import ImageError
from convscope.data.file_kinds import make_printable, may_be_image
from convscope.data.image_set import Problem
from convscope.data.parallel import map_in_order
from convscope.data.shards import find_shards
from convscope.data.tar_tree import TarTree
from convscope.data.tree import FolderTree
from convscope.errors import ConvscopeError, UsageError, unknown_name
from convscope.evaluation.logits import check_finite
from convscope.evaluation.prediction import Guess, Prediction, Predictions
from convscope.evaluation.torch_engine import EngineOutput, TorchEngine
from convscope.look.progress import progress
from convscope.runs.model_file import ModelCard
from convscope.runs.open_model import open_model
from convscope.runs.run import Run
from convscope.runtime.device import choose_device
from convscope.runtime.execution import Execution, Precision
from convscope.runtime.usual_settings import in_usual_settings

QUICK_IMAGE = 0.0003  # seconds


@in_usual_settings
def predict(
    run: Run | str | Path,
    images: str | Path | Sequence[str | Path],
    *,
    top: int = 3,
    batch_size: int = 64,
    device: str = "auto",
    precision: Precision = "float32",
    module: nn.Module | None = None,
    quiet: bool = False,
) -> Predictions:
    """Predict the classes of images with a trained network.

    An image is treated as those of a folder are for training: the largest centred square,
    resized to the model's size, in the model's number of channels (`data.decode` has the rules).

    Args:
        run: A run, its folder, or a `model.safetensors`.
        images: Image files; folders, whose files are all taken; tar archives (a path, or a pattern
            as `shards/*.tar`).
        top: How many classes to give for each image.
        batch_size: Images that go through the network together.
        device: "auto" takes a GPU if there is one.
        precision: "bfloat16" is several times as fast on some processors; probabilities move by a
            hundredth or so, and the class changes where two were nearly as probable.
        module: The module to fill, if the run trained one that isn't in the catalog.
        quiet: Show no progress.

    Raises:
        UsageError: No run, no model in it, no images, no such precision, or `top` or `batch_size`
            below 1.
        ConvscopeError: The model file is damaged, or none of the files is an image.
    """
    if precision not in ("float32", "bfloat16"):
        raise unknown_name("precision", precision, ("float32", "bfloat16"))
    for name, value in (("top", top), ("batch_size", batch_size)):
        if value < 1:
            raise UsageError(f"{name} must be at least 1; given {value}.")
    paths = [images] if isinstance(images, (str, Path)) else list(images)
    if not paths:
        raise UsageError("No images given. Name image files or folders of images.")
    model = open_model(run, module)
    files, problems = _list_files(paths)
    chosen = choose_device(device)
    predictions: list[Prediction] = []
    engine = TorchEngine(model, chosen, precision)
    with progress("Predicting", len(files), quiet=quiet) as advance:
        for batch in _predict_files(
            files, engine, model.card, top, share_work(len(files), batch_size, chosen)
        ):
            for each in batch:
                if isinstance(each, Problem):
                    problems.append(each)
                else:
                    predictions.append(each)
            advance(len(batch))
    if not predictions:
        raise ConvscopeError(_nothing_usable(problems))
    return Predictions(tuple(predictions), tuple(problems), model)


@dataclass(frozen=True)
class WorkShare:
    """How the work is shared.

    Attributes:
        device: Where to compute.
        batch_size: Images that go through the network together.
        workers: Threads that work on a batch each.
        computing: How many of them may compute at a time.
        threads: How many PyTorch uses within each of them, on the processor.
    """

    device: torch.device
    batch_size: int
    workers: int
    computing: int
    threads: int


def share_work(images: int, batch_size: int, device: torch.device) -> WorkShare:
    """How to share the work on so many images.

    Few images are computed by all threads together. For many, the batches that are computed at a
    time have together no more than two batches' images, so that memory stays what it was.

    Args:
        images: How many there are.
        batch_size: Images that go through the network together at most.
        device: Where to compute.
    """
    threads = torch.get_num_threads()
    if device.type != "cpu":
        return WorkShare(device, batch_size, os.cpu_count() or 1, 2, threads)
    if images < 2 * batch_size or threads == 1:
        return WorkShare(device, batch_size, 1, 1, threads)
    return WorkShare(device, max(1, 2 * batch_size // max(2, threads)), threads, threads, 1)


@dataclass(frozen=True)
class _ImageFile:
    """An image file: where it is, and what reads it where that is no path of the system."""

    path: str
    read: Callable[[], bytes] | None = None


def _list_files(paths: Sequence[str | Path]) -> tuple[list[_ImageFile], list[Problem]]:
    """The files named, those in the folders and tar archives named; what was left out there."""
    files: list[_ImageFile] = []
    problems: list[Problem] = []
    for path in paths:
        if not isinstance(path, str | Path):
            raise UsageError(
                f"images must be paths of files or folders; given a {type(path).__name__}. Of "
                "pixels in memory: cs.evaluate(run, ImageSet(…)), or cs.explain(run, pixels)."
            )
        shards = find_shards(Path(path))
        if shards:
            archives = TarTree(Path(path), shards)
            listing = archives.listing()
            files += [
                _ImageFile(archives.where(file), partial(archives.read, file))
                for file in listing.files
                if may_be_image(file) is not False
            ]
            problems += listing.problems
        elif Path(path).is_dir():
            listing = FolderTree(Path(path)).listing()
            files += [_ImageFile(str(Path(path) / file)) for file in listing.files]
            problems += listing.problems
            if not (listing.files or listing.problems):
                problems.append(Problem(make_printable(str(path)), "a folder without files"))
        else:
            files.append(_ImageFile(str(path)))
    return files, problems


def _predict_files(
    files: Sequence[_ImageFile], engine: TorchEngine, card: ModelCard, top: int, work: WorkShare
) -> Iterator[list[Prediction | Problem]]:
    """The prediction for each file, or what is wrong with it, batch by batch, in order."""
    turns = Semaphore(work.computing)
    decoders = Semaphore(1 if _are_quick(files, card) else work.workers)

    def batch(part: Sequence[_ImageFile]) -> list[Prediction | Problem]:
        torch.set_num_threads(work.threads)  # holds for this thread
        with decoders:
            decoded = [_decode(file, card) for file in part]
        images = [each for each in decoded if not isinstance(each, Problem)]
        if not images:
            return [each for each in decoded if isinstance(each, Problem)]
        with turns:
            output = engine.run(np.stack(images))
        check_finite(output.probabilities)
        said = iter(_top(output, card, top))
        return [
            each
            if isinstance(each, Problem)
            else Prediction(make_printable(file.path), *next(said))
            for file, each in zip(part, decoded, strict=True)
        ]

    parts = [
        files[start : start + work.batch_size] for start in range(0, len(files), work.batch_size)
    ]
    # The context that switches TF32 off holds for all threads, and none may end it for another.
    sharing = Execution(work.device, "float32", work.threads)
    with sharing.using_threads(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        yield from map_in_order(batch, parts, workers=work.workers, chunk=1)


def _are_quick(files: Sequence[_ImageFile], card: ModelCard) -> bool:
    """Whether decoding is mostly Python's own work, of which only one thread can do any at a time.

    Two threads that decode images of 32×32 pixels wake one another so often that together they
    are slower than one alone.
    """
    times = []
    for file in files[:5]:
        began = time.perf_counter()
        _decode(file, card)
        times.append(time.perf_counter() - began)
    return bool(times) and statistics.median(times) < QUICK_IMAGE


def _decode(file: _ImageFile, card: ModelCard) -> NDArray[np.uint8] | Problem:
    """The image, uint8 (C, H, W), or what is wrong with it."""
    try:
        return card.decode(file.path if file.read is None else file.read())
    except ImageError as error:
        return Problem(make_printable(file.path), error.reason)


def _top(
    output: EngineOutput, card: ModelCard, top: int
) -> Iterator[tuple[tuple[Guess, ...], bool]]:
    """For each image its most probable classes, and whether it is unknown."""
    values, classes = output.probabilities.topk(min(top, len(card.classes)), dim=1)
    rows = zip(values.tolist(), classes.tolist(), output.unknown.tolist(), strict=True)
    for row, numbers, unknown in rows:
        guesses = (
            Guess(card.classes[number], value) for value, number in zip(row, numbers, strict=True)
        )
        yield tuple(guesses), unknown


def _nothing_usable(problems: Sequence[Problem]) -> str:
    first = problems[0]
    if len(problems) == 1:
        return f"{first.path!r} can't be used: {first.reason}."
    return (
        f"None of the {len(problems)} files can be used. The first: {first.path!r}: {first.reason}."
    )
