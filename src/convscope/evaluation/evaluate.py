"""Judge a run: its network on pictures it has not been trained on."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from torch import nn

from convscope.data.convert import convert
from convscope.data.image_set import ImageSet
from convscope.data.load import NAMED, Data, load_splits, source_splits
from convscope.data.progress import progress
from convscope.errors import UsageError
from convscope.evaluation.ask import ask
from convscope.evaluation.judgement import Evaluation as Evaluation
from convscope.evaluation.judgement import (
    class_scores,
    confusion_matrix,
    find_mistakes,
    wilson_interval,
)
from convscope.runs.model_file import ModelCard
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run
from convscope.runtime.device import choose_device


def evaluate(
    run: Run | str | Path,
    data: Data | None = None,
    split: str = "test",
    *,
    batch_size: int = 64,
    device: str = "auto",
    network: nn.Module | None = None,
    quiet: bool = False,
) -> Evaluation:
    """Judge the network of a run.

    Args:
        run: The run or its folder.
        data: Labelled pictures of the same classes. None: those of the run, divided into the same
            splits. An `ImageSet`, and other data that isn't divided into splits, is judged whole.
        split: "test", "validation" or "train". Where there are no test pictures, those for
            validation are judged, and a note says so.
        batch_size: Pictures that go through the network together.
        device: "auto" takes a GPU if there is one.
        network: The module to fill, if the run trained one that isn't in the catalog.
        quiet: Show no progress.

    Raises:
        UsageError: No run, no model in it, no such data or split, or its classes are others.
        ConvscopeError: The model file is damaged, or its answers are not numbers.
    """
    if batch_size < 1:
        raise UsageError(f"batch_size must be at least 1; given {batch_size}.")
    run = run if isinstance(run, Run) else Run(run)
    model, card = run.model(network)
    chosen = choose_device(device)
    images, split, notes = _pictures(run, data, split, card)
    check_classes(images, card)
    start = time.perf_counter()
    with progress("Judging", len(images), quiet=quiet) as advance:
        outcome = ask(model, card, images, batch_size=batch_size, device=chosen, on_batch=advance)
    seconds = time.perf_counter() - start
    labels, predicted = outcome.labels.numpy(), outcome.logits.argmax(dim=1).numpy()
    confusion = confusion_matrix(labels, predicted, len(card.classes))
    return Evaluation(
        accuracy=outcome.accuracy,
        interval=wilson_interval(int(confusion.trace()), len(images)),
        loss=outcome.loss,
        classes=card.classes,
        per_class=class_scores(confusion, card.classes),
        confusion=confusion,
        mistakes=find_mistakes(outcome, images),
        data=images.name,
        split=split,
        seconds=seconds,
        notes=notes,
        images=images,
        outcome=outcome,
    )


def check_classes(images: ImageSet, card: ModelCard) -> None:
    """Complain about pictures of other classes than the model knows, or in another order.

    Raises:
        UsageError: Names the first difference.
    """
    for number, (here, known) in enumerate(zip_longest(images.classes, card.classes)):
        if here != known:
            raise UsageError(
                f"The classes of {images.name!r} aren't those the model was trained on: class "
                f"{number} is {_quoted(here)} in the data and {_quoted(known)} in the model, whose "
                f"classes are {_listed(card.classes)}. Give data with the same classes."
            )


def _pictures(
    run: Run, data: Data | None, split: str, card: ModelCard
) -> tuple[ImageSet, str, tuple[str, ...]]:
    """The pictures to judge, with the model's channels; their split; what to say about it."""
    if isinstance(data, ImageSet):
        return convert(data, size=None, channels=card.channels), data.split, ()
    recipe = run.recipe
    source = recipe.data if data is None else data
    if source == "":
        raise UsageError(
            f"Run {str(run.folder)!r} was trained on arrays, which it doesn't keep. Give the "
            "pictures to judge it on as data."
        )
    splits = _splits(source, recipe, card)
    notes: tuple[str, ...] = ()
    if list(splits) == ["train"]:
        note = f"{splits['train'].name} isn't divided into splits, so all of it is judged."
        return convert(splits["train"], size=None, channels=card.channels), "all", (note,)
    if split == "test" and "test" not in splits and "validation" in splits:
        split = "validation"
        notes = (
            "There are no test pictures, so these are the validation pictures, by which the best "
            "epoch was chosen: on new pictures the network may do worse.",
        )
    if split not in splits:
        raise UsageError(
            f"There is no split {split!r} of {source!r}; there are: {_listed(splits)}."
        )
    return convert(splits[split], size=None, channels=card.channels), split, notes


def _splits(
    source: str | Path | Mapping[str, ImageSet], recipe: Recipe, card: ModelCard
) -> dict[str, ImageSet]:
    # Files are decoded at the model's size; pictures that are arrays already are resized batch
    # by batch, as in training, which spares the memory for the enlarged ones.
    is_decoded = isinstance(source, Mapping) or str(source) in NAMED
    size = None if is_decoded else card.size
    if source != recipe.data:
        return source_splits(source, size=size)
    return load_splits(
        source,
        size=size,
        validation=recipe.validation,
    )


def _quoted(name: str | None) -> str:
    return "missing" if name is None else repr(name)


def _listed(names: Sequence[str] | Mapping[str, ImageSet], most: int = 12) -> str:
    shown = ", ".join(list(names)[:most])
    return shown if len(names) <= most else f"{shown} … ({len(names)})"
