"""What a trained network says of picture files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from convscope.data.decode import PictureError, decode
from convscope.data.image_set import ImageSet, Problem
from convscope.data.parallel import map_in_order
from convscope.data.progress import progress
from convscope.data.tree import FolderTree, printable
from convscope.errors import ConvscopeError, UsageError
from convscope.evaluation.answer import answer
from convscope.evaluation.ask import ask
from convscope.runs.model_file import ModelCard, load_model
from convscope.runs.run import Run
from convscope.runtime.device import choose_device


@dataclass(frozen=True)
class Guess:
    """A class, and the probability the network gives it."""

    label: str
    probability: float


@dataclass(frozen=True)
class Prediction:
    """What the network says of one picture.

    Attributes:
        path: The file.
        top: The most probable classes, the first first.
        unknown: Whether it looks like nothing the network was trained on; then `top` says only
            what it is most like.
    """

    path: str
    top: tuple[Guess, ...]
    unknown: bool


@dataclass(frozen=True)
class Predictions:
    """What the network says of all pictures.

    Attributes:
        predictions: In the order the pictures were given, folders sorted by name.
        problems: Files that couldn't be used, with the reason.
    """

    predictions: tuple[Prediction, ...]
    problems: tuple[Problem, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "predictions": [
                {
                    "path": prediction.path,
                    "label": prediction.top[0].label,
                    "probability": prediction.top[0].probability,
                    "unknown": prediction.unknown,
                    "top": [
                        {"label": guess.label, "probability": guess.probability}
                        for guess in prediction.top
                    ],
                }
                for prediction in self.predictions
            ],
            "problems": [
                {"path": problem.path, "reason": problem.reason} for problem in self.problems
            ],
        }


def predict(
    run: Run | str | Path,
    paths: str | Path | Sequence[str | Path],
    *,
    top: int = 3,
    batch_size: int = 64,
    device: str = "auto",
    network: nn.Module | None = None,
) -> Predictions:
    """Ask a trained network what is on pictures.

    A picture is treated as those of a folder are for training: the largest centred square,
    resized to the model's size, in the model's number of channels (`data.decode` has the rules).

    Args:
        run: A run, its folder, or a `model.safetensors`.
        paths: Picture files, and folders, whose files are all taken.
        top: How many classes to give for each picture.
        batch_size: Pictures that go through the network together.
        device: "auto" takes a GPU if there is one.
        network: The module to fill, if the run trained one that isn't in the catalog.

    Raises:
        UsageError: No run, no model in it, no paths, or `top` or `batch_size` below 1.
        ConvscopeError: The model file is damaged, or none of the files is a picture.
    """
    for name, value in (("top", top), ("batch_size", batch_size)):
        if value < 1:
            raise UsageError(f"{name} must be at least 1; given {value}.")
    paths = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if not paths:
        raise UsageError("No pictures given. Name picture files or folders of pictures.")
    model, card = _opened(run, network)
    chosen = choose_device(device)
    files, problems = _listed(paths)
    predictions: list[Prediction] = []
    with progress("Predicting", len(files)) as advance:
        pictures = _decoded(files, card, problems)
        while batch := list(islice(pictures, batch_size)):
            predictions += _answers(model, card, batch, top, chosen)
            advance(len(batch))
    if not predictions:
        raise ConvscopeError(_nothing_usable(problems))
    return Predictions(tuple(predictions), tuple(problems))


def _opened(run: Run | str | Path, network: nn.Module | None) -> tuple[nn.Module, ModelCard]:
    if isinstance(run, Run):
        return run.model(network)
    path = Path(run)
    if path.is_file() or path.suffix == ".safetensors":
        return load_model(path, network)
    return Run(path).model(network)


def _listed(paths: Sequence[str | Path]) -> tuple[list[str], list[Problem]]:
    """The files named, and those in the folders named; what was left out there."""
    files: list[str] = []
    problems: list[Problem] = []
    for path in paths:
        if Path(path).is_dir():
            tree = FolderTree(Path(path))
            listing = tree.listing()
            files += [str(Path(path) / file) for file in listing.files]
            problems += listing.problems
            if not (listing.files or listing.problems):
                problems.append(Problem(printable(str(path)), "a folder without files"))
        else:
            files.append(str(path))
    return files, problems


def _decoded(
    files: Sequence[str], card: ModelCard, problems: list[Problem]
) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """The files that are pictures, each uint8 (C, H, W); the others are added to `problems`."""

    def one(file: str) -> NDArray[np.uint8] | str:
        try:
            return decode(file, size=card.size, channels=card.channels)
        except PictureError as error:
            return error.reason

    for file, result in zip(files, map_in_order(one, files), strict=True):
        if isinstance(result, str):
            problems.append(Problem(printable(file), result))
        else:
            yield printable(file), result


def _answers(
    network: nn.Module,
    card: ModelCard,
    pictures: Sequence[tuple[str, NDArray[np.uint8]]],
    top: int,
    device: torch.device,
) -> Iterator[Prediction]:
    images = np.stack([image for _, image in pictures])  # (n, C, H, W)
    unlabelled = ImageSet(images, np.zeros(len(images), np.int64), card.classes)
    outcome = ask(network, card, unlabelled, batch_size=len(images), device=device)
    answers = answer(outcome.logits, card)
    values, classes = answers.probabilities.topk(min(top, len(card.classes)), dim=1)
    rows = zip(pictures, values.tolist(), classes.tolist(), answers.unknown.tolist(), strict=True)
    for (path, _), row, numbers, unknown in rows:
        guesses = [
            Guess(card.classes[number], value) for value, number in zip(row, numbers, strict=True)
        ]
        yield Prediction(path, tuple(guesses), unknown)


def _nothing_usable(problems: Sequence[Problem]) -> str:
    first = problems[0]
    if len(problems) == 1:
        return f"{first.path!r} can't be used: {first.reason}."
    return (
        f"None of the {len(problems)} files can be used. The first: {first.path!r}: {first.reason}."
    )
