"""Images of nothing that a model knows: does it say so, or give them a class?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from convscope.data.convert import convert
from convscope.data.decode import ImageError
from convscope.data.image_set import ImageSet, spread_evenly
from convscope.data.load import NAMED, source_splits
from convscope.data.parallel import map_in_order
from convscope.data.tree import FolderTree
from convscope.errors import UsageError
from convscope.evaluation.logits import Logits, compute_logits
from convscope.evaluation.rejection import auroc
from convscope.evaluation.unknown import familiarity, is_unknown
from convscope.look.progress import progress
from convscope.runs.model import Model
from convscope.runs.model_file import ModelCard, Score

NOISE = "noise"
IMAGES = 1000  # of noise, and of the digits that are shown by default


@dataclass(frozen=True)
class OutOfDistribution:
    """What a model says of images of no class that it knows.

    Attributes:
        data: Name or folder of the images; "noise" is uniform noise, independent in each pixel.
        images: How many.
        auroc: How well the score tells them from known images; 0.5 is chance, 1 is perfect.
        false_acceptance: Share of them that is given a class; 1 for a model that never says
            "unknown".
        score: What was computed from the logits; "max_probability" for a model that never says
            "unknown".
    """

    data: str
    images: int
    auroc: float
    false_acceptance: float
    score: Score


def usual_out_of_distribution(card: ModelCard) -> tuple[ImageSet, ...]:
    """What a model is shown unless told otherwise: noise, and digits if it doesn't know them."""
    digits = source_splits("digits")["train"]
    if set(digits.classes) & set(card.classes):
        return (out_of_distribution_images(NOISE, card),)
    some = digits.subset(spread_evenly(len(digits), IMAGES))
    return out_of_distribution_images(NOISE, card), _unlabelled(some, card)


def out_of_distribution_images(data: str | Path, card: ModelCard) -> ImageSet:
    """Images of other classes than a model knows, with the model's channels.

    Args:
        data: "noise"; the name of a data set, or a zip with a subfolder of images a class: its
            test images if it has some, else all; or a folder, of which all images are taken.
            Classes that the model knows by the same name are left out.
        card: The model's card.

    Raises:
        UsageError: There is no such data, it holds no images, or the model knows all of its
            classes.
    """
    if data == NOISE:
        shape = (IMAGES, card.channels, card.size, card.size)
        pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        return ImageSet(pixels, np.zeros(IMAGES, np.int64), (NOISE,), name=NOISE)
    if str(data) in NAMED or not Path(data).is_dir():
        splits = source_splits(
            data, size=None if str(data) in NAMED else card.size, reading=card.reading
        )
        images = splits.get("test", splits["train"])
        rows = [row for row, k in enumerate(images.labels) if images.classes[k] not in card.classes]
        found = images.subset(rows) if rows else None
    else:
        found = _in_folder(Path(data), card)
    if found is None:
        raise UsageError(
            f"--out-of-distribution {str(data)!r}: there are no images, or the model knows all of "
            "their classes, so that they aren't out-of-distribution. Give images of other things, "
            "or noise."
        )
    return _unlabelled(found, card)


def _unlabelled(images: ImageSet, card: ModelCard) -> ImageSet:
    """The images with the model's channels, and labels that it has, for they mean nothing."""
    converted = convert(images, size=None, channels=card.channels)
    nothing = np.zeros(len(images), np.int64)
    return ImageSet(
        converted.images, nothing, ("out_of_distribution",), paths=images.paths, name=images.name
    )


def _in_folder(folder: Path, card: ModelCard) -> ImageSet | None:
    """All readable images of a folder, but those in subfolders named like a known class."""

    def one(file: str) -> NDArray[np.uint8] | None:
        try:
            return card.decode(folder / file)
        except ImageError:
            return None  # the others are enough, and `convscope data` lists what is broken

    files = [
        file
        for file in FolderTree(folder).listing().files
        if not set(Path(file).parts) & set(card.classes)
    ]
    decoded = zip(files, map_in_order(one, files), strict=True)
    images = {file: pixels for file, pixels in decoded if pixels is not None}
    if not images:
        return None
    return ImageSet(
        np.stack(list(images.values())),
        np.zeros(len(images), np.int64),
        ("out_of_distribution",),
        paths=[str(folder / file) for file in images],
        name=folder.name,
    )


def measure_out_of_distribution(
    model: Model,
    known: Logits,
    out_of_distribution: Sequence[ImageSet],
    *,
    batch_size: int,
    device: torch.device,
    quiet: bool = False,
) -> tuple[OutOfDistribution, ...]:
    """Show a model images of no class that it knows.

    Args:
        model: Its card says what it expects of images, and when an image is unknown.
        known: Logits of images of known classes, to compare with.
        out_of_distribution: Sets of images with the card's channels.
        batch_size: Images that go through the network together.
        device: Where to compute.
        quiet: Show no progress.

    Raises:
        ConvscopeError: Some logits are not numbers.
    """
    rejection = model.card.rejection
    score: Score = "max_probability" if rejection is None else rejection.score
    gaussians = None if rejection is None else rejection.gaussians
    familiar = familiarity(known.values, score, gaussians)
    met = []
    with progress(
        "Showing out-of-distribution images", sum(map(len, out_of_distribution)), quiet=quiet
    ) as advance:
        for images in out_of_distribution:
            logits = compute_logits(
                model, images, batch_size=batch_size, device=device, on_batch=advance
            ).values
            met.append(
                OutOfDistribution(
                    data=images.name,
                    images=len(images),
                    auroc=auroc(familiar, familiarity(logits, score, gaussians)),
                    false_acceptance=float((~is_unknown(logits, model.card)).double().mean()),
                    score=score,
                )
            )
    return tuple(met)
