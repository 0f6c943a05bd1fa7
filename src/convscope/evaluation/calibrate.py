"""After training: a temperature for honest probabilities, and when to say "unknown"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from torch import nn

from convscope.data.convert import convert
from convscope.data.image_set import ImageSet, spread_evenly
from convscope.data.load import Data
from convscope.errors import UsageError
from convscope.evaluation.calibration import fit_temperature
from convscope.evaluation.logits import Logits, compute_logits
from convscope.evaluation.rejection import choose_rejection, fit_gaussians
from convscope.evaluation.run_splits import RunSplits, run_splits
from convscope.look.progress import progress
from convscope.runs.model import Model
from convscope.runs.model_file import Score, write_card
from convscope.runs.run import Run
from convscope.runtime.device import choose_device

GAUSSIAN_CLASSES = 20
"""Most classes with a normal distribution each; K of them take K³ numbers in the file. With more
classes the score is the energy."""
GAUSSIAN_IMAGES = 5000
"""Training images, evenly spread, that the distributions are fitted to."""


def calibrate(
    run: Run | str | Path,
    rate: float,
    data: Data | None = None,
    *,
    batch_size: int = 64,
    device: str = "auto",
    module: nn.Module | None = None,
    quiet: bool = False,
) -> Model:
    """Fit temperature and rejection to a run's validation images, and write its model file.

    The weights stay as they are, and so does every accuracy.

    Args:
        run: The run or its folder.
        rate: Share of the validation images, all of known classes, that may be called
            "unknown"; 0: the model never says so.
        data: The run's images, if it was trained on arrays or the folder has moved.
        batch_size: Images that go through the network together.
        device: "auto" takes a GPU if there is one.
        module: The module to fill, if the run trained one that isn't in the catalog.
        quiet: Show no progress.

    Returns:
        The model as the file has it now.

    Raises:
        UsageError: No run, no model in it, no validation images, or the rate isn't a share.
        ConvscopeError: The model file is damaged, or its logits are not numbers.
    """
    _check_rate(rate)
    run = run if isinstance(run, Run) else Run(run)
    return calibrate_model(
        run.model(module), run, rate, data, batch_size=batch_size, device=device, quiet=quiet
    )


def calibrate_model(
    model: Model,
    run: Run,
    rate: float,
    data: Data | None = None,
    *,
    batch_size: int = 64,
    device: str = "auto",
    quiet: bool = False,
) -> Model:
    """As `calibrate`, for the run's model that is open already."""
    _check_rate(rate)
    return calibrate_on(
        model,
        run,
        rate,
        run_splits(run, data, model.card),
        batch_size=batch_size,
        device=device,
        quiet=quiet,
    )


def calibrate_on(
    model: Model,
    run: Run,
    rate: float,
    own: RunSplits,
    *,
    batch_size: int = 64,
    device: str = "auto",
    quiet: bool = False,
) -> Model:
    """As `calibrate_model`, with the run's images that are there already."""
    card = model.card
    if "validation" not in own.splits:
        raise UsageError(
            f"Run {str(run.folder)!r} held out no validation images, so there are none to choose "
            "a threshold on. Train again with --set validation=0.05."
        )
    validation = convert(own.get("validation"), size=None, channels=card.channels)
    is_gaussian = rate > 0 and len(card.classes) <= GAUSSIAN_CLASSES
    shown = [validation]
    if is_gaussian:
        shown.append(convert(choose_some(own.get("train")), size=None, channels=card.channels))
    place = choose_device(device)

    def logits(images: ImageSet, on_batch: Callable[[int], None]) -> Logits:
        return compute_logits(model, images, batch_size=batch_size, device=place, on_batch=on_batch)

    with progress("Calibrating", sum(map(len, shown)), quiet=quiet) as advance:
        held_out, *trained = (logits(images, advance) for images in shown)
    gaussians = fit_gaussians(trained[0].values, trained[0].labels) if trained else None
    score: Score = "gaussian_energy" if trained else "energy"
    fitted = {
        "temperature": fit_temperature(held_out.values, held_out.labels),
        "rejection": choose_rejection(held_out.values, rate, score, gaussians) if rate else None,
    }
    card = card.model_copy(update=fitted)
    write_card(run.model_file, card)
    return replace(model, card=card)


def choose_some(images: ImageSet) -> ImageSet:
    """The images that the distributions are fitted to: all, or some evenly spread."""
    if len(images) <= GAUSSIAN_IMAGES:
        return images
    return images.subset(spread_evenly(len(images), GAUSSIAN_IMAGES))


def _check_rate(rate: float) -> None:
    if not 0 <= rate < 1:
        raise UsageError(f"unknown_rate must be a share, 0 up to below 1; given {rate}.")
