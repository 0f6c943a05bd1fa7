"""Which images a run is evaluated on: never those it was trained on, unless that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convscope.data.convert import convert
from convscope.data.image_set import ImageSet
from convscope.data.load import NAMED, Data, load_splits, source_splits
from convscope.data.reading import Reading
from convscope.errors import UsageError
from convscope.evaluation.class_names import list_names, match_classes
from convscope.look.numbers import counted
from convscope.runs.model_file import ModelCard
from convscope.runs.run import Run
from convscope.runs.split_record import SplitRecord, read_split_record


@dataclass(frozen=True)
class RunSplits:
    """The images of a run, divided as they were for training, with the model's classes.

    Attributes:
        splits: By split; at least one.
        notes: What has changed since the run began, in words.
        changed: The splits that haven't the same images any more, as far as is known.
    """

    splits: dict[str, ImageSet]
    notes: tuple[str, ...] = ()
    changed: frozenset[str] = frozenset()

    def get(self, name: str) -> ImageSet:
        """The images of a split.

        Raises:
            UsageError: There are none.
        """
        if name not in self.splits:
            raise UsageError(
                f"Of the run's {name} images none is left in its data; there are: "
                f"{list_names(self.splits)}."
            )
        return self.splits[name]


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


def run_splits(run: Run, data: Data | None, card: ModelCard) -> RunSplits:
    """The images of a run, divided as they were for training.

    Args:
        run: The run.
        data: None: the run's own, from where it had them. Otherwise where they are now.
        card: The card of the run's model.

    Raises:
        UsageError: The run was trained on arrays and no data is given, or there is no such data,
            or the run's images aren't there.
    """
    source = _source(run, data)
    record = None if _is_named(source) else read_split_record(run.folder)
    if record is None:
        return _divided_anew(run, source, card, is_own=is_own_data(run, data))
    sources, notes = _matched(_read(source, card, run.recipe.reading), card)
    restored = record.restore(sources)
    if not restored.splits:
        raise UsageError(
            f"None of the images in {str(source)!r} is one that run {str(run.folder)!r} had. Give "
            "the place where they are now as data; to evaluate it on new images, give theirs."
        )
    return RunSplits(restored.splits, notes + restored.notes, restored.changed)


def choose_images(
    run: Run, data: Data | None, split: str, card: ModelCard, *, include_trained: bool = False
) -> ChosenImages:
    """The images to evaluate a run on.

    Args:
        run: The run.
        data: None: the run's own; of them, exactly those that were in the split when it began.
            Of other data, images that were trained or validated on are left out.
        split: Which part. Data that isn't divided is taken whole.
        card: The card of the run's model.
        include_trained: Take the data as they are now, whatever the run was trained on.

    Raises:
        UsageError: There is no such data or split, no class of it is known, or all of it was
            trained on.
    """
    if is_own_data(run, data) and not include_trained:
        own = run_splits(run, data, card)
        chosen = choose_split(own.splits, split, card, source=_source(run, data))
        is_changed = not own.changed.isdisjoint({split, chosen.split})
        notes = own.notes
        if split == "test" and is_changed and run.evaluation_file.exists():
            notes += (
                "These aren't the test images of before, so evaluation.json and report.html of "
                "the run stay as they are, and this evaluation is written beside them.",
            )
        is_usual = split == "test" and not is_changed
        return ChosenImages(chosen.images, chosen.split, (*chosen.notes, *notes), is_usual)
    source = _source(run, data)
    reading = run.recipe.reading if is_own_data(run, data) else card.reading
    if isinstance(source, ImageSet):
        chosen = choose_split({source.split: source}, source.split, card)
    else:
        splits = undivided(_read(source, card, reading))
        chosen = choose_split(splits, split, card, source=source)
    return _without_trained(run, source, chosen, card, reading, include_trained=include_trained)


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
            f"There is no split {split!r} of {source!r}; there are: {list_names(splits)}."
        )
    images, others = match_classes(splits[split], card)
    images = convert(images, size=None, channels=card.channels)
    return ChosenImages(images, split, (*notes, *others), is_usual)


def undivided(splits: dict[str, ImageSet]) -> dict[str, ImageSet]:
    """Splits as a source has them, called "all" where it has only one."""
    return {"all": splits["train"]} if list(splits) == ["train"] else splits


def is_own_data(run: Run, data: Data | None) -> bool:
    """Whether data are those that the run was trained on, however their path is written."""
    own = run.recipe.data
    if data is None:
        return True
    if not isinstance(data, str | Path):
        return own == "" and isinstance(data, Mapping)
    if own == "" or own in NAMED or str(data) in NAMED:
        return own == str(data)
    path = Path(data).expanduser()
    try:
        return path.samefile(own)
    except OSError:  # one of them isn't there
        return path.resolve() == Path(own)


def _source(run: Run, data: Data | None) -> Data:
    """Where images come from: the data given, or else the run's own."""
    source = run.recipe.data if data is None else data
    if source == "":
        raise UsageError(
            f"Run {str(run.folder)!r} was trained on arrays, which it doesn't keep. Give the "
            "images to evaluate it on as data."
        )
    return source


def _is_named(source: Data) -> bool:
    return isinstance(source, str | Path) and str(source) in NAMED


def _read(source: Data, card: ModelCard, reading: Reading) -> dict[str, ImageSet]:
    """The splits that the source itself has.

    Files are decoded at the model's size, as for training; images that are arrays already are
    resized batch by batch, as in training, which spares the memory for the enlarged ones.
    """
    if not isinstance(source, str | Path) or _is_named(source):
        return source_splits(source)
    channels = card.channels if card.channels in (1, 3) else None
    return source_splits(source, size=card.size, channels=channels, reading=reading)


def _divided_anew(run: Run, source: Data, card: ModelCard, *, is_own: bool) -> RunSplits:
    """The splits as training would make them now: for named data, and for runs of before."""
    if not is_own or not isinstance(source, str | Path):
        return RunSplits(*_matched(_read(source, card, card.reading), card))
    if _is_named(source):
        return RunSplits(load_splits(source, validation=run.recipe.validation))
    recipe = run.recipe
    splits = load_splits(
        source, size=card.size, validation=recipe.validation, reading=recipe.reading
    )
    known = run.environment["data_fingerprint"] if run.environment_file.exists() else None
    is_same, is_known = known == splits["train"].fingerprint(), known is not None
    splits, notes = _matched(splits, card)
    if not is_same:
        reason = ", and its images have changed since it began" if is_known else ""
        notes += (
            "This run doesn't keep which images it was trained on, as runs of earlier versions"
            f"{reason}: some of these may be among them.",
        )
    changed = frozenset(splits) if is_known and not is_same else frozenset[str]()
    return RunSplits(splits, notes, changed)


def _matched(
    splits: Mapping[str, ImageSet], card: ModelCard
) -> tuple[dict[str, ImageSet], tuple[str, ...]]:
    found: dict[str, ImageSet] = {}
    notes: dict[str, None] = {}
    for name, images in splits.items():
        found[name], said = match_classes(images, card)
        notes |= dict.fromkeys(said)
    return found, tuple(notes)


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
    count = counted(int(seen.sum()), "image")
    were = "was" if seen.sum() == 1 else "were"
    notes = chosen.notes
    if include_trained and seen.any():
        notes += (
            f"{count} of these {were} trained or validated on, which was allowed: the accuracy is "
            "not that on new images.",
        )
    elif seen.all():
        raise UsageError(
            f"The run was trained or validated on all of these images ({len(images):,} of "
            f"{images.name!r}), so they say nothing of new ones. Give other images, or evaluate "
            "them nevertheless: --include-trained (include_trained=True)."
        )
    elif seen.any():
        notes += (f"Left out: {count} that {were} trained or validated on.",)
        images = images.subset(np.flatnonzero(~seen))
    return ChosenImages(images, chosen.split, notes, is_usual=False)


def _seen(
    record: SplitRecord, source: Data, chosen: ChosenImages, card: ModelCard, reading: Reading
) -> NDArray[np.bool_]:
    """(N,): which images were trained or validated on."""
    images = chosen.images
    channels, height, width = record.image_shape
    if images.image_shape[1:] != (height, width) and height == width:
        # The run's images were arrays of another size: compared in that size.
        if isinstance(source, str | Path) and not _is_named(source):
            read = undivided(source_splits(source, size=height, channels=channels, reading=reading))
            again = choose_split(read, chosen.split, card).images
            images = again if again.paths == images.paths else images
        else:
            images = convert(images, size=height, channels=None)
    return record.seen(convert(images, size=None, channels=channels))
