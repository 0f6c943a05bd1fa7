"""Evaluate a run: its network on images it has not been trained on."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from convscope.data.image_set import ImageSet
from convscope.data.load import Data
from convscope.data.reading import SplitFolders
from convscope.errors import UsageError
from convscope.evaluation.calibration import measure_calibration
from convscope.evaluation.class_names import find_missing_classes
from convscope.evaluation.evaluation import (
    Evaluation,
    class_scores,
    confusion_matrix,
    find_mistakes,
)
from convscope.evaluation.logits import compute_logits
from convscope.evaluation.next_steps import find_next_steps
from convscope.evaluation.out_of_distribution import (
    measure_out_of_distribution,
    out_of_distribution_images,
    usual_out_of_distribution,
)
from convscope.evaluation.run_images import ChosenImages, choose_images
from convscope.evaluation.suspicions import (
    balanced_accuracy,
    find_largest_class_alone,
    find_suspicions,
)
from convscope.evaluation.unknown import measure_known
from convscope.look.progress import progress
from convscope.runs.interval import wilson_interval
from convscope.runs.model import Model
from convscope.runs.model_file import ModelCard
from convscope.runs.run import Run
from convscope.runs.split_record import read_split_record
from convscope.runtime.device import choose_device
from convscope.runtime.usual_settings import in_usual_settings


@in_usual_settings
def evaluate(
    run: Run | str | Path,
    data: Data | None = None,
    split: str = "test",
    *,
    batch_size: int = 64,
    device: str = "auto",
    module: nn.Module | None = None,
    out_of_distribution: Sequence[str | Path] | None = None,
    include_trained: bool = False,
    split_folders: SplitFolders | None = None,
    class_from: str | None = None,
    columns: Mapping[str, str] | None = None,
    images: str | Path | None = None,
    quiet: bool = False,
) -> Evaluation:
    """Evaluate the network of a run.

    Args:
        run: The run or its folder.
        data: Labelled images; their classes are matched by name with the model's, and those that
            it doesn't know are left out. None: those of the run, in the splits in which they were
            when it began. An `ImageSet`, and other data that isn't divided into splits, is
            evaluated whole, except for images that the run was trained or validated on, and, of
            files, what look like copies of such.
        split: "test", "validation" or "train". Where there are no test images, those for
            validation are evaluated, and a note says so.
        batch_size: Images that go through the network together.
        device: "auto" takes a GPU if there is one.
        module: The module to fill, if the run trained one that isn't in the catalog.
        out_of_distribution: Images of nothing that the model knows, to see whether it says
            "unknown": names of data sets, folders, or "noise". None: noise and digits, if it
            ever says so.
        include_trained: Evaluate the data as they are now, with images that the run was trained
            on; a note counts them.
        split_folders: Which folders of other data are splits, as for training; None: found out.
        class_from: The pattern of classes in the file names of other data, "" for folders; None: as
            the run's own have it.
        columns: Which columns of another table to take; None: as of the run's own.
        images: The folder or zip that the paths of another table begin in; None: its own folder.
        quiet: Show no progress.

    Raises:
        UsageError: No run, no model in it, no such data or split, none of its classes is known,
            or the run was trained on all of it.
        ConvscopeError: The model file is damaged, or its logits are not numbers.
    """
    run = run if isinstance(run, Run) else Run(run)
    given = {
        "split_folders": split_folders,
        "class_from": class_from,
        "columns": columns,
        "images": None if images is None else str(images),
    }
    return evaluate_model(
        run.model(module),
        run,
        data,
        split,
        batch_size=batch_size,
        device=device,
        out_of_distribution=out_of_distribution,
        include_trained=include_trained,
        reading={name: value for name, value in given.items() if value is not None},
        quiet=quiet,
    )


def evaluate_model(
    model: Model,
    run: Run,
    data: Data | None = None,
    split: str = "test",
    *,
    batch_size: int = 64,
    device: str = "auto",
    out_of_distribution: Sequence[str | Path] | None = None,
    include_trained: bool = False,
    reading: Mapping[str, Any] | None = None,
    quiet: bool = False,
) -> Evaluation:
    """As `evaluate`, for the run's model that is open already; `reading` as for `choose_images`."""
    if batch_size < 1:
        raise UsageError(f"batch_size must be at least 1; given {batch_size}.")
    images = choose_images(
        run, data, split, model.card, include_trained=include_trained, reading=reading
    )
    return evaluate_images(
        model,
        run,
        images,
        batch_size=batch_size,
        device=device,
        out_of_distribution=out_of_distribution,
        quiet=quiet,
    )


def evaluate_images(
    model: Model,
    run: Run,
    chosen_images: ChosenImages,
    *,
    batch_size: int = 64,
    device: str = "auto",
    out_of_distribution: Sequence[str | Path] | None = None,
    trained: Mapping[str, int] | None = None,
    quiet: bool = False,
) -> Evaluation:
    """As `evaluate_model`, on images that have been chosen already.

    `trained` counts the images of each class that the run was trained on; None: read from the run.
    """
    card, images = model.card, chosen_images.images
    chosen = choose_device(device)
    strangers = _out_of_distribution(out_of_distribution, card)
    start = time.perf_counter()
    with progress("Evaluating", len(images), quiet=quiet) as advance:
        logits = compute_logits(
            model, images, batch_size=batch_size, device=chosen, on_batch=advance
        )
    seconds = time.perf_counter() - start
    labels, predicted = logits.labels.numpy(), logits.values.argmax(dim=1).numpy()
    confusion = confusion_matrix(labels, predicted, len(card.classes))
    scores = class_scores(confusion, card.classes)
    mistakes = find_mistakes(logits, images, card)
    is_usual = chosen_images.is_usual
    return Evaluation(
        accuracy=logits.accuracy,
        balanced_accuracy=balanced_accuracy(logits.values.argmax(dim=1), logits.labels),
        interval=wilson_interval(int(confusion.trace()), len(images)),
        loss=logits.loss,
        classes=card.classes,
        per_class=scores,
        confusion=confusion,
        mistakes=mistakes,
        data=images.name,
        split=chosen_images.split,
        seconds=seconds,
        notes=(
            *chosen_images.notes,
            *find_missing_classes(images),
            *find_suspicions(logits.values, logits.labels, card.classes),
            *find_largest_class_alone(logits.values.argmax(dim=1), logits.labels, card.classes),
            *_uncalibrated(run, card),
        ),
        images=images,
        logits=logits,
        calibration=measure_calibration(logits, card),
        rejection=measure_known(logits, card),
        out_of_distribution=measure_out_of_distribution(
            model, logits, strangers, batch_size=batch_size, device=chosen, quiet=quiet
        ),
        run=run,
        model=model,
        is_usual=is_usual,
        next_steps=find_next_steps(
            logits, images, mistakes, scores, _trained(run) if trained is None else trained, card
        )
        if is_usual
        else (),
    )


def _trained(run: Run) -> dict[str, int]:
    """How many images of each class a run was trained on, as far as it keeps that."""
    record = read_split_record(run.folder)
    return record.count_classes("train") if record is not None else {}


def _out_of_distribution(
    data: Sequence[str | Path] | None, card: ModelCard
) -> tuple[ImageSet, ...]:
    """The out-of-distribution images to show."""
    if data is not None:
        return tuple(out_of_distribution_images(each, card) for each in data)
    return usual_out_of_distribution(card) if card.rejection is not None else ()


def _uncalibrated(run: Run, card: ModelCard) -> tuple[str, ...]:
    """Why a model's probabilities are as they came, and what to do, if so."""
    if card.rejection is not None or card.temperature != 1:
        return ()
    if run.recipe.validation == 0:
        return (
            "No validation images were held out, so probabilities aren't calibrated and the "
            "model never says 'unknown'. Train with --set validation=0.05 to have both.",
        )
    if run.recipe.unknown_rate == 0:
        return ()
    return (
        "Probabilities aren't calibrated and the model never says 'unknown'. To have both: "
        f"convscope evaluate {run.folder} --unknown-rate {run.recipe.unknown_rate:g}.",
    )
