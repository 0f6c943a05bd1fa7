"""Saying in words why training fails: a loss that isn't a number, a loss that doesn't move."""

from __future__ import annotations

import math

import torch
from torch import nn

from convscope.errors import ConvscopeError
from convscope.runs.recipe import Recipe
from convscope.runtime.execution import Execution
from convscope.training.state import Progress

GUESSING = 0.01  # relative distance from ln(classes) that counts as being there


class NotFiniteError(ConvscopeError):
    """The loss became NaN or infinite. The weights are those before the step.

    Args:
        network: As it was when the loss was computed.
        pictures: The batch that gave the loss.
        execution: How it was computed.
        recipe: Names what to change.
        progress: Names the step.
        loss: The value.
    """

    def __init__(
        self,
        network: nn.Module,
        pictures: torch.Tensor,
        execution: Execution,
        recipe: Recipe,
        progress: Progress,
        loss: float,
    ) -> None:
        self.where = first_not_finite(network, pictures, execution)
        advice = [f"a lower learning rate (--lr {recipe.learning_rate / 10:g})"]
        if recipe.clip_gradient is None:
            advice.append("--set clip_gradient=1")
        if execution.precision != "float32":
            advice.append("--precision float32")
        super().__init__(
            f"The loss became {loss} in epoch {progress.epoch + 1}, "
            f"step {progress.step_in_epoch + 1}; training stopped before that step changed a "
            f"weight. {self.where} Try {', or '.join(advice)}."
        )


def first_not_finite(network: nn.Module, pictures: torch.Tensor, execution: Execution) -> str:
    """Where NaN or infinity first appears on the way from the pictures to the logits, in words.

    Args:
        network: Left as found: mode, buffers and hooks.
        pictures: The batch to look at.
        execution: How to compute.
    """
    if not pictures.isfinite().all():
        return "The pictures themselves hold NaN or infinity."
    for name, parameter in network.named_parameters():
        if not parameter.isfinite().all():
            return (
                f"The weights {name!r} hold NaN or infinity already: the gradient of the step "
                "before was too large."
            )
    found: list[str] = []

    def look(name: str, layer: nn.Module) -> torch.utils.hooks.RemovableHandle:
        def check(module: nn.Module, inputs: object, output: object) -> None:
            del inputs
            if not found and torch.is_tensor(output) and not output.isfinite().all():
                found.append(
                    f"It first appears in the output of {name!r} ({type(module).__name__})."
                )

        return layer.register_forward_hook(check)

    leaves = [(n, m) for n, m in network.named_modules() if not any(m.children())]
    handles = [look(name, layer) for name, layer in leaves]
    buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}
    try:
        with torch.no_grad(), execution.forward_pass():
            network(pictures)
    finally:
        for handle in handles:
            handle.remove()
        with torch.no_grad():
            for name, buffer in network.named_buffers():
                buffer.copy_(buffers[name])
    return found[0] if found else "Every layer's output is finite; the loss itself overflowed."


def stuck_at_guessing(metrics: dict[str, float], classes: int) -> str | None:
    """What to tell a person whose network still gives every class the same probability.

    Args:
        metrics: Of an epoch.
        classes: How many there are; guessing has the loss ln(classes).

    Returns:
        None while the loss is elsewhere, and in the first two epochs, when it may still move;
        then every third epoch.
    """
    guessing = math.log(classes)
    if metrics["epoch"] % 3 or abs(metrics["train_loss"] / guessing - 1) > GUESSING:
        return None
    return (
        f"The training loss stays at {metrics['train_loss']:.3f}, which is ln({classes}) = "
        f"{guessing:.3f}: the network gives every class the same probability and isn't learning. "
        "Usual reasons: a learning rate far too high or too low, saturated sigmoid units (try "
        "--set initialization=xavier), or labels that don't belong to the pictures."
    )
