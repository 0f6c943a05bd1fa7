"""Saying in words why training fails: a loss that isn't a number, a loss that doesn't move."""

from __future__ import annotations

import math

import torch
from torch import nn

from convscope.errors import ConvscopeError
from convscope.runtime.execution import Execution
from convscope.runtime.module_calls import following_modules
from convscope.training.job import Job
from convscope.training.state import Progress

STATISTICS = ("running_mean", "running_var")  # how PyTorch's normalizations call them
GUESSING = 0.01  # relative distance from ln(classes) that counts as being there


class NotFiniteError(ConvscopeError):
    """NaN or infinity ended a run. Every file holds what was there before.

    Args:
        what: What happened.
        where: Where it first appears, in a sentence.
        job: The job whose recipe names what to change.
        execution: How the network was computed.
        progress: Names the step.
    """

    def __init__(
        self, what: str, where: str, job: Job, execution: Execution, progress: Progress
    ) -> None:
        self.where = where
        if progress.step == 0:
            super().__init__(
                f"{what} in the very first step, before any weight was changed; training stopped, "
                f"and nothing of it was saved. {where} So it isn't the learning rate, but what the "
                "network computes: look for a logarithm, root or power of numbers below 0, a "
                "division by 0, or initial weights that are far too large."
            )
            return
        advice = [f"a lower learning rate (--lr {job.recipe.learning_rate / 10:g})"]
        if job.recipe.clip_gradient is None:
            advice.append("--set clip_gradient=1")
        if execution.precision != "float32":
            advice.append("--precision float32")
        super().__init__(
            f"{what} in epoch {progress.epoch + 1}, after {progress.step_in_epoch} steps of it; "
            f"training stopped, and nothing of it was saved. {where} "
            f"Try {', or '.join(advice)}."
        )


def first_broken(network: nn.Module) -> tuple[str, str] | None:
    """The first weights, or statistics of a normalization, that hold NaN or infinity.

    Other buffers are their module's business: a mask may well hold -inf.

    Returns:
        "weights" or "statistics", and the name; None where all are numbers.
    """
    weights = dict(network.named_parameters()).keys()
    for name, tensor in network.state_dict(keep_vars=True).items():  # in the order of the layers
        kind = "weights" if name in weights else "statistics"
        is_checked = kind == "weights" or name.endswith(STATISTICS)
        if is_checked and not tensor.isfinite().all():
            return kind, name
    return None


def first_not_finite(
    network: nn.Module, images: torch.Tensor, execution: Execution, *, has_stepped: bool = True
) -> str:
    """Where NaN or infinity first appears on the way from the images to the logits, in words.

    Args:
        network: Left as found, its buffers included.
        images: The batch to look at.
        execution: How to compute.
        has_stepped: Whether its weights were changed before.
    """
    if not images.isfinite().all():
        return "The images themselves hold NaN or infinity."
    broken = first_broken(network)
    if broken is not None and broken[0] == "weights":  # statistics are what this pass made them
        reason = ": the gradient of the step before was too large" if has_stepped else ""
        return f"The {broken[0]} {broken[1]!r} hold NaN or infinity already{reason}."
    found: list[str] = []

    def check(name: str, module: nn.Module, _: object, output: object) -> None:
        outputs = output if isinstance(output, tuple | list) else (output,)
        tensors = [each for each in outputs if isinstance(each, torch.Tensor)]
        if found or all(each.isfinite().all() for each in tensors):
            return
        what = f"output of {name!r}" if name else "network's own output"
        found.append(f"It first appears in the {what} ({type(module).__name__}).")

    buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}
    try:
        with (
            torch.no_grad(),
            execution.forward_pass(),
            following_modules(network, after=check),
        ):
            network(images)
    finally:
        with torch.no_grad():
            for name, buffer in network.named_buffers():
                buffer.copy_(buffers[name])
    return found[0] if found else "Every layer's output is finite; the loss itself overflowed."


def stuck_at_guessing(
    metrics: dict[str, float], classes: int, *, is_last: bool = False
) -> str | None:
    """What to tell a person whose network still gives every class the same probability.

    Args:
        metrics: The figures of an epoch, as in metrics.jsonl.
        classes: Number of classes; guessing has the loss ln(classes).
        is_last: Whether the run ends here.

    Returns:
        None while the loss is elsewhere; in a run that goes on, said every third epoch, since
        in the first it may still move.
    """
    guessing = math.log(classes)
    if (metrics["epoch"] % 3 and not is_last) or abs(
        metrics["train_loss"] / guessing - 1
    ) > GUESSING:
        return None
    return (
        f"The training loss stays at {metrics['train_loss']:.3f}, which is ln({classes}) = "
        f"{guessing:.3f}: the network gives every class the same probability and isn't learning. "
        "Usual reasons: a learning rate far too high or too low, labels that don't belong to the "
        "images, or, where there are sigmoid units, saturated ones (try initialization = xavier)."
    )
