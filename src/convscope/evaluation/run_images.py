"""Which images a run is evaluated on: never those it was trained on, unless that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.data.convert import convert
from convscope.data.image_set import ImageSet
from convscope.data.load import Data, source_splits
from convscope.data.reading import Reading
from convscope.errors import UsageError
from convscope.evaluation.class_names import match_classes
from convscope.evaluation.near_trained import NearTrained, find_near_trained
from convscope.evaluation.run_splits import (
    data_source,
    is_named,
    is_own_data,
    other_reading,
    own_reading,
    read_data,
    run_splits,
)
from convscope.evaluation.saved_again import saved_again
from convscope.look.names import join_names
from convscope.look.numbers import counted
from convscope.runs.model_file import ModelCard
from convscope.runs.run import Run
from convscope.runs.split_record import SplitRecord, read_split_record


@dataclass(frozen=True)
class ChosenImages:
    """The images to evaluate a run on.

    Attributes:
        images: With the model's channels and classes.
        split: Which part of the data they are; "all" for data that isn't divided.
        notes: What a reader of the figures must know of them.
        is_usual: Whether they are the run's own test images, none more or fewer.
    """

    images: ImageSet
    split: str
    notes: tuple[str, ...]
    is_usual: bool


def choose_images(
    run: Run,
    data: Data | None,
    split: str,
    card: ModelCard,
    *,
    include_trained: bool = False,
    reading: Mapping[str, Any] | None = None,
) -> ChosenImages:
    """The images to evaluate a run on.

    Args:
        run: The run.
        data: None: the run's own; of them, exactly those that were in the split when it began.
            Of other data, images that were trained or validated on are left out.
        split: Which part. Data that isn't divided is taken whole.
        card: The card of the run's model.
        include_trained: Take the data as they are now, whatever the run was trained on.
        reading: Fields of a `Reading` that say how other data are labelled and divided; those that
            are left out are as they were for the run's own.

    Raises:
        UsageError: There is no such data or split, no class of it is known, or all of it was
            trained on.
    """
    if reading and is_own_data(run, data):
        name = next(iter(reading))
        raise UsageError(
            f"{name} (--{name.replace('_', '-')}) is for other data than the run's own, which are "
            "divided as they were when it began."
        )
    if is_own_data(run, data) and not include_trained:
        own = run_splits(run, data, card)
        if split in own.changed and not (split == "test" and "validation" in own.splits):
            own.get(split)
        chosen = choose_split(own.splits, split, card, source=data_source(run, data))
        is_changed = not own.changed.isdisjoint({split, chosen.split})
        notes = own.notes
        if split == "test" and is_changed and run.evaluation_file.exists():
            notes += (
                "These aren't the test images of before, so evaluation.json and report.html of "
                "the run stay as they are, and this evaluation is written beside them.",
            )
        is_usual = split == "test" and not is_changed
        return ChosenImages(chosen.images, chosen.split, (*chosen.notes, *notes), is_usual)
    source = data_source(run, data)
    if is_own_data(run, data):
        read_as = own_reading(run, card)
    else:
        read_as = replace(other_reading(run, card, source), **(reading or {}))
    if isinstance(source, ImageSet):
        chosen = choose_split({source.split: source}, source.split, card)
    else:
        splits = undivided(read_data(source, card, read_as))
        chosen = choose_split(splits, split, card, source=source)
    return _without_trained(run, source, chosen, card, read_as, include_trained=include_trained)


def choose_split(
    splits: Mapping[str, ImageSet], split: str, card: ModelCard, *, source: Data = "the data"
) -> ChosenImages:
    """One of several splits; for testing, the whole of data that isn't divided.

    Args:
        splits: By name; "all" alone is data that isn't divided.
        split: The one wanted.
        card: The card of the run's model.
        source: Where the data are from, for an error.

    Raises:
        UsageError: There is no such split, or no class of it is known.
    """
    notes: tuple[str, ...] = ()
    is_usual = split == "test"
    if "all" in splits:
        split = "all"
        notes = (f"{splits['all'].name} isn't divided into splits, so all of it is evaluated.",)
    elif split == "test" and "test" not in splits and "validation" in splits:
        split = "validation"
        notes = (
            "There are no test images, so these are the validation images, by which the best "
            "epoch was chosen: on new images the network may do worse.",
        )
    if split not in splits:
        raise UsageError(
            f"There is no split {split!r} of {source!r}; there are: {join_names(splits)}."
        )
    images, others = match_classes(splits[split], card)
    images = convert(images, size=None, channels=card.channels)
    return ChosenImages(images, split, (*notes, *others), is_usual)


def undivided(splits: dict[str, ImageSet]) -> dict[str, ImageSet]:
    """Splits as a source has them, called "all" where it has only one."""
    return {"all": splits["train"]} if list(splits) == ["train"] else splits


def _without_trained(
    run: Run,
    source: Data,
    chosen: ChosenImages,
    card: ModelCard,
    reading: Reading,
    *,
    include_trained: bool,
) -> ChosenImages:
    """The images that weren't trained or validated on, and a note; or, if asked, the note alone."""
    images = convert(chosen.images, size=None, channels=card.channels)
    record = read_split_record(run.folder)
    if record is None:
        note = (
            "This run doesn't keep which images it was trained on, as runs of earlier versions: "
            "if some of these are among them, the accuracy says too much."
        )
        return ChosenImages(images, chosen.split, (*chosen.notes, note), is_usual=False)
    seen = _seen(record, source, chosen, card, reading)
    is_files = isinstance(source, str | Path) and not is_named(source)
    if is_files:
        seen |= saved_again(images, record, reading)
    near = NearTrained(np.zeros(int((~seen).sum()), dtype=bool))
    if is_files and not is_own_data(run, source) and not seen.all():
        near = find_near_trained(run, images.subset(np.flatnonzero(~seen)), card)
    notes = (*chosen.notes, *_in_words(seen, near, images.name, allowed=include_trained))
    if not include_trained:
        images = images.subset(np.flatnonzero(~seen)[~near.rows])
    return ChosenImages(images, chosen.split, notes, is_usual=False)


def _in_words(seen: NDArray[np.bool_], near: NearTrained, name: str, *, allowed: bool) -> list[str]:
    """What is said of images that were trained or validated on.

    Raises:
        UsageError: All of them were, and they aren't allowed.
    """
    trained, alike = int(seen.sum()), int(near.rows.sum())
    found = []
    if trained:
        were = "was" if trained == 1 else "were"
        found.append(f"{counted(trained, 'image')} that {were} trained or validated on")
    if alike:
        look = "looks like a copy" if alike == 1 else "look like copies"
        found.append(
            f"{counted(alike, 'image')} that {look} of images that were trained or validated on "
            f"({near.examples})"
        )
    note = [near.note] if near.note else []
    if not found:
        return note
    if allowed:
        return [
            f"Among these are {' and '.join(found)}, which was allowed: the accuracy is not that "
            "on new images.",
            *note,
        ]
    if trained + alike == len(seen):
        raise UsageError(
            f"All images of {name!r} ({len(seen):,}) were trained or validated on, or are copies "
            f"of such, so they say nothing of new ones: {' and '.join(found)}. Give other images, "
            "or evaluate them nevertheless: --include-trained (include_trained=True)."
        )
    notes = [f"Left out of it: {each}." for each in found]
    if alike:
        notes[-1] += " If they are others, count them: --include-trained (include_trained=True)."
    return [*notes, *note]


def _seen(
    record: SplitRecord, source: Data, chosen: ChosenImages, card: ModelCard, reading: Reading
) -> NDArray[np.bool_]:
    """(N,): which images were trained or validated on."""
    images = chosen.images
    channels, height, width = record.image_shape
    is_file = isinstance(source, str | Path) and not is_named(source)
    if is_file and images.image_shape[1:] != (height, width) and height == width:
        # The run's images were arrays of another size: files are compared in that size.
        read = undivided(source_splits(source, size=height, channels=channels, reading=reading))
        again = choose_split(read, chosen.split, card).images
        images = again if again.paths == images.paths else images
    seen = record.seen(convert(images, size=None, channels=channels))
    if images.image_shape[1:] != (height, width):  # images of another size, resized already
        seen |= record.seen_by_path(images)
    return seen
