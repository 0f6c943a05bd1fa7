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
from convscope.evaluation.answered import calibration_of, known_images
from convscope.evaluation.ask import ask
from convscope.evaluation.evaluation import Evaluation as Evaluation
from convscope.evaluation.evaluation import (
    class_scores,
    confusion_matrix,
    find_mistakes,
    wilson_interval,
)
from convscope.evaluation.out_of_distribution import (
    measure_out_of_distribution,
    out_of_distribution_images,
    usual_out_of_distribution,
)
from convscope.evaluation.run_images import images_to_evaluate, listed
from convscope.look.progress import progress
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
    network: nn.Module | None = None,
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
        network: The module to fill, if the run trained one that isn't in the catalog.
        out_of_distribution: Images of nothing that the model knows, to see whether it says
            "unknown": names of data sets, folders, or "noise". None: noise and digits, if it
            ever says so.
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
    images, split, notes = images_to_evaluate(run, data, split, card)
    check_classes(images, card)
    strangers = _met(out_of_distribution, card)
    start = time.perf_counter()
    with progress("Evaluating", len(images), quiet=quiet) as advance:
        outcome = ask(model, card, images, batch_size=batch_size, device=chosen, on_batch=advance)
    seconds = time.perf_counter() - start
    met = measure_out_of_distribution(
        model, card, outcome, strangers, batch_size=batch_size, device=chosen, quiet=quiet
    )
    labels, predicted = outcome.labels.numpy(), outcome.logits.argmax(dim=1).numpy()
    confusion = confusion_matrix(labels, predicted, len(card.classes))
    return Evaluation(
        accuracy=outcome.accuracy,
        interval=wilson_interval(int(confusion.trace()), len(images)),
        loss=outcome.loss,
        classes=card.classes,
        per_class=class_scores(confusion, card.classes),
        confusion=confusion,
        mistakes=find_mistakes(outcome, images, card.temperature),
        data=images.name,
        split=split,
        seconds=seconds,
        notes=notes + _unfitted(run, card),
        images=images,
        outcome=outcome,
        calibration=calibration_of(outcome, card),
        rejection=known_images(outcome, card),
        out_of_distribution=met,
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


def _met(out_of_distribution: Sequence[str | Path] | None, card: ModelCard) -> tuple[ImageSet, ...]:
    """The out-of-distribution images to show."""
    if out_of_distribution is not None:
        return tuple(out_of_distribution_images(data, card) for data in out_of_distribution)
    return usual_out_of_distribution(card) if card.rejection is not None else ()


def _unfitted(run: Run, card: ModelCard) -> tuple[str, ...]:
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
