"""The images of a run, in the splits in which they were when it began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from convscope.data.image_set import ImageSet
from convscope.data.load import NAMED, Data, load_splits, source_splits, suit_reading
from convscope.data.reading import Reading
from convscope.data.shards import is_there
from convscope.errors import UsageError
from convscope.evaluation.class_names import match_classes
from convscope.look.names import join_names
from convscope.runs.model_file import ModelCard
from convscope.runs.run import Run
from convscope.runs.split_record import read_split_record


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
                f"{join_names(self.splits)}."
            )
        return self.splits[name]


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
    source = data_source(run, data)
    record = None if is_named(source) else read_split_record(run.folder)
    if record is None:
        return _divide_anew(run, source, card, is_own=is_own_data(run, data))
    sources, notes = _match(read_data(source, card, own_reading(run, card)), card)
    restored = record.restore(sources)
    if not restored.splits:
        raise UsageError(
            f"None of the images in {str(source)!r} is one that run {str(run.folder)!r} had. Give "
            "the place where they are now as data; to evaluate it on new images, give theirs."
        )
    return RunSplits(restored.splits, notes + restored.notes, restored.changed)


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


def data_source(run: Run, data: Data | None) -> Data:
    """Where images come from: the data given, or else the run's own.

    Raises:
        UsageError: None are given, and the run was trained on arrays.
    """
    source = run.recipe.data if data is None else data
    if source == "":
        raise UsageError(
            f"Run {str(run.folder)!r} was trained on arrays, which it doesn't keep. Give the "
            "images to evaluate it on as data."
        )
    if data is None:
        check_still_there(run)
    return source


def check_still_there(run: Run) -> None:
    """Complain if the place that the run had its images from is gone.

    Raises:
        UsageError: It is; says how to give the new one.
    """
    own = run.recipe.data
    if own and own not in NAMED and not is_there(Path(own)):
        raise UsageError(
            f"The images of run {str(run.folder)!r} aren't in {own!r} any more. Say where they are "
            "now: --data FOLDER (data=…)."
        )


def own_reading(run: Run, card: ModelCard) -> Reading:
    """How the run's own files are read, where some classes may be gone since."""
    return replace(run.recipe.reading, known=card.classes)


def other_reading(run: Run, card: ModelCard, source: Data) -> Reading:
    """How other files are read: their labels stand where those of the run's own did."""
    recipe = run.recipe
    labelled = replace(
        card.reading, class_from=recipe.class_from or "", columns=recipe.columns or {}
    )
    return suit_reading(labelled, source)


def is_named(source: Data) -> bool:
    """Whether data are a published set, which never changes."""
    return isinstance(source, str | Path) and str(source) in NAMED


def read_data(source: Data, card: ModelCard, reading: Reading) -> dict[str, ImageSet]:
    """The splits that the source itself has.

    Files are decoded at the model's size, as for training; images that are arrays already are
    resized batch by batch, as in training, which spares the memory for the enlarged ones.
    """
    if not isinstance(source, str | Path) or is_named(source):
        return source_splits(source)
    channels = card.channels if card.channels in (1, 3) else None
    return source_splits(source, size=card.size, channels=channels, reading=reading)


def _divide_anew(run: Run, source: Data, card: ModelCard, *, is_own: bool) -> RunSplits:
    """The splits as training would make them now: for named data, and for runs of before."""
    if not is_own or not isinstance(source, str | Path):
        return RunSplits(*_match(read_data(source, card, other_reading(run, card, source)), card))
    if is_named(source):
        recipe = run.recipe
        return RunSplits(load_splits(source, validation=recipe.validation, fold=recipe.fold))
    recipe = run.recipe
    splits = load_splits(
        source, size=card.size, validation=recipe.validation, reading=recipe.reading
    )
    known = run.environment["data_fingerprint"] if run.environment_file.exists() else None
    is_known = known is not None
    is_same = known is not None and splits["train"].has_fingerprint(known)
    splits, notes = _match(splits, card)
    if not is_same:
        reason = ", and its images have changed since it began" if is_known else ""
        notes += (
            "This run doesn't keep which images it was trained on, as runs of earlier versions"
            f"{reason}: some of these may be among them.",
        )
    changed = frozenset(splits) if is_known and not is_same else frozenset[str]()
    return RunSplits(splits, notes, changed)


def _match(
    splits: Mapping[str, ImageSet], card: ModelCard
) -> tuple[dict[str, ImageSet], tuple[str, ...]]:
    found: dict[str, ImageSet] = {}
    notes: dict[str, None] = {}
    for name, images in splits.items():
        found[name], said = match_classes(images, card)
        notes |= dict.fromkeys(said)
    return found, tuple(notes)
