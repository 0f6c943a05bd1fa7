"""Which images a run is evaluated on, and which were held out for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from convscope.data.convert import convert
from convscope.data.image_set import ImageSet
from convscope.data.load import NAMED, Data, load_splits, source_splits
from convscope.errors import UsageError
from convscope.runs.model_file import ModelCard
from convscope.runs.run import Run


def run_splits(run: Run, data: Data | None, card: ModelCard) -> dict[str, ImageSet]:
    """The images of a run, divided as they were for training.

    Args:
        run: The run.
        data: None: the run's own. Other data is divided only as it is itself.
        card: The card of the run's model.

    Raises:
        UsageError: The run was trained on arrays and no data is given, or there is no such data.
    """
    recipe = run.recipe
    source = recipe.data if data is None else data
    if source == "":
        raise UsageError(
            f"Run {str(run.folder)!r} was trained on arrays, which it doesn't keep. Give the "
            "images to evaluate it on as data."
        )
    # Files are decoded at the model's size; images that are arrays already are resized batch
    # by batch, as in training, which spares the memory for the enlarged ones.
    is_decoded = isinstance(source, (Mapping, ImageSet)) or str(source) in NAMED
    size = None if is_decoded else card.size
    if source != recipe.data:
        return source_splits(source, size=size, reading=card.reading)
    return load_splits(source, size=size, validation=recipe.validation, reading=recipe.reading)


def images_to_evaluate(
    run: Run, data: Data | None, split: str, card: ModelCard
) -> tuple[ImageSet, str, tuple[str, ...]]:
    """The images to evaluate, with the model's channels; their split; what to say about it.

    Raises:
        UsageError: There is no such data or split.
    """
    if isinstance(data, ImageSet):
        return convert(data, size=None, channels=card.channels), data.split, ()
    splits = run_splits(run, data, card)
    notes: tuple[str, ...] = ()
    if list(splits) == ["train"]:
        note = f"{splits['train'].name} isn't divided into splits, so all of it is evaluated."
        return convert(splits["train"], size=None, channels=card.channels), "all", (note,)
    if split == "test" and "test" not in splits and "validation" in splits:
        split = "validation"
        notes = (
            "There are no test images, so these are the validation images, by which the best "
            "epoch was chosen: on new images the network may do worse.",
        )
    if split not in splits:
        source = run.recipe.data if data is None else data
        raise UsageError(f"There is no split {split!r} of {source!r}; there are: {listed(splits)}.")
    return convert(splits[split], size=None, channels=card.channels), split, notes


def listed(names: Sequence[str] | Mapping[str, ImageSet], most: int = 12) -> str:
    """Names in a sentence; of very many, the first."""
    shown = ", ".join(list(names)[:most])
    return shown if len(names) <= most else f"{shown} … ({len(names)})"
