"""Evaluate a run: its network on images it has not been trained on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from torch import nn

from convscope.data.image_set import ImageSet
from convscope.data.load import Data
from convscope.errors import UsageError
from convscope.evaluation.calibration import measure_calibration
from convscope.evaluation.evaluation import (
    Evaluation,
    class_scores,
    confusion_matrix,
    find_mistakes,
)
from convscope.evaluation.interval import wilson_interval
from convscope.evaluation.logits import compute_logits
from convscope.evaluation.out_of_distribution import (
    measure_out_of_distribution,
    out_of_distribution_images,
    usual_out_of_distribution,
)
from convscope.evaluation.run_images import images_to_evaluate, listed
from convscope.evaluation.unknown import measure_known
from convscope.look.progress import progress
from convscope.runs.model import Model
from convscope.runs.model_file import ModelCard
from convscope.runs.run import Run
from convscope.runtime.device import choose_device


def evaluate(
    run: Run | str | Path,
    data: Data | None = None,
    split: str = "test",
    *,
    batch_size: int = 64,
    device: str = "auto",
    module: nn.Module | None = None,
    out_of_distribution: Sequence[str | Path] | None = None,
    quiet: bool = False,
) -> Evaluation:
    """Evaluate the network of a run.

    Args:
        run: The run or its folder.
        data: Labelled images of the same classes. None: those of the run, divided into the same
            splits. An `ImageSet`, and other data that isn't divided into splits, is evaluated
            whole.
        split: "test", "validation" or "train". Where there are no test images, those for
            validation are evaluated, and a note says so.
        batch_size: Images that go through the network together.
        device: "auto" takes a GPU if there is one.
        module: The module to fill, if the run trained one that isn't in the catalog.
        out_of_distribution: Images of nothing that the model knows, to see whether it says
            "unknown": names of data sets, folders, or "noise". None: noise and digits, if it
            ever says so.
        quiet: Show no progress.

    Raises:
        UsageError: No run, no model in it, no such data or split, or its classes are others.
        ConvscopeError: The model file is damaged, or its logits are not numbers.
    """
    run = run if isinstance(run, Run) else Run(run)
    return evaluate_model(
        run.model(module),
        run,
        data,
        split,
        batch_size=batch_size,
        device=device,
        out_of_distribution=out_of_distribution,
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
    quiet: bool = False,
) -> Evaluation:
    """As `evaluate`, for the run's model that is open already."""
    if batch_size < 1:
        raise UsageError(f"batch_size must be at least 1; given {batch_size}.")
    card = model.card
    chosen = choose_device(device)
    is_own = data is None or (isinstance(data, str | Path) and str(data) == run.recipe.data)
    is_usual = is_own and split == "test"
    images, split, notes = images_to_evaluate(run, data, split, card)
    check_classes(images, card)
    strangers = _out_of_distribution(out_of_distribution, card)
    start = time.perf_counter()
    with progress("Evaluating", len(images), quiet=quiet) as advance:
        logits = compute_logits(
            model, images, batch_size=batch_size, device=chosen, on_batch=advance
        )
    seconds = time.perf_counter() - start
    labels, predicted = logits.labels.numpy(), logits.values.argmax(dim=1).numpy()
    confusion = confusion_matrix(labels, predicted, len(card.classes))
    return Evaluation(
        accuracy=logits.accuracy,
        interval=wilson_interval(int(confusion.trace()), len(images)),
        loss=logits.loss,
        classes=card.classes,
        per_class=class_scores(confusion, card.classes),
        confusion=confusion,
        mistakes=find_mistakes(logits, images, card),
        data=images.name,
        split=split,
        seconds=seconds,
        notes=notes + _uncalibrated(run, card),
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
    )


def check_classes(images: ImageSet, card: ModelCard) -> None:
    """Complain about images of other classes than the model knows, or in another order.

    Raises:
        UsageError: Names the first difference.
    """
    for number, (here, known) in enumerate(zip_longest(images.classes, card.classes)):
        if here != known:
            raise UsageError(
                f"The classes of {images.name!r} aren't those the model was trained on: class "
                f"{number} is {_quoted(here)} in the data and {_quoted(known)} in the model, whose "
                f"classes are {listed(card.classes)}. Give data with the same classes."
            )


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


def _quoted(name: str | None) -> str:
    return "missing" if name is None else repr(name)
