"""Why is it not learning? From a run folder to findings, the most important first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from torch import nn

from convscope.data.load import Data
from convscope.diagnosis.checks import images, layers, learning_rate, predictions
from convscope.diagnosis.diagnosis import Diagnosis
from convscope.diagnosis.finding import Check, rank
from convscope.diagnosis.measurements import Measurements, measure_all
from convscope.diagnosis.subject import examine
from convscope.files import check_own
from convscope.runs.run import Run
from convscope.runtime.exclusive import exclusive
from convscope.runtime.usual_settings import in_usual_settings

CHECKS: tuple[Callable[[Measurements], Check], ...] = (
    images.check_classes,
    images.check_labels,
    images.check_pixels,
    learning_rate.check_learning_rate,
    learning_rate.check_steps,
    layers.check_dead_units,
    layers.check_saturated_units,
    layers.check_gradients,
    layers.check_moving_weights,
    learning_rate.check_finite,
    predictions.check_last_softmax,
    predictions.check_above_guessing,
    predictions.check_different_predictions,
    predictions.check_modes,
    predictions.check_generalization,
    images.check_same_images,
)
"""Causes before what they lead to: a rate that is too high kills units, and not the other way."""


@exclusive("a diagnosis")
@in_usual_settings
def diagnose(
    run: Run | str | Path,
    *,
    module: nn.Module | None = None,
    data: Data | None = None,
    device: str = "auto",
    quiet: bool = False,
) -> Diagnosis:
    """Find out what keeps a run from learning, or that nothing does.

    The run may have ended, failed, or be under way: its files are only read, and a figure is added
    to its `figures` (`diagnosis.png`; not if the folder may not be written to).

    Args:
        run: The run or its folder.
        module: The module as training was given it, if the run trains one of your own.
        data: The images, if they came from arrays, or if the folder has moved.
        device: Where to compute.
        quiet: Show no progress.

    Returns:
        The findings, worst first, and all that was checked, with figures.

    Raises:
        UsageError: No run, or it needs `module` or `data`, or one of them doesn't fit.
    """
    run = run if isinstance(run, Run) else Run(run)
    subject = examine(run, module=module, data=data, device=device)
    measured = measure_all(subject, quiet=quiet)
    checks = tuple(check(measured) for check in CHECKS)
    diagnosis = Diagnosis(str(subject), rank(checks), checks, measured)
    file = run.figures / "diagnosis.png"
    check_own(run.figures)
    try:
        file.parent.mkdir(exist_ok=True)
        diagnosis.figure(file)
    except PermissionError:
        return diagnosis
    return replace(diagnosis, figure_file=file)
