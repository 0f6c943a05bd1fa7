"""Whether a network can take a training step in some way of computing it: tried, not deduced."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from convscope.errors import UsageError
from convscope.runtime.execution import Execution, Layout
from convscope.runtime.kept_state import generators_kept, hooks_kept
from convscope.runtime.module_copy import copy_module
from convscope.runtime.training_mode import into_training_mode
from convscope.runtime.training_step import training_loss


def why_step_fails(
    network: nn.Module, images: Tensor, labels: Tensor, execution: Execution
) -> str | None:
    """Compute loss and gradients of a copy on these images, twice; None, or why that fails.

    Args:
        network: Is left as it is, and so is the random generator of the processor.
        images: (N, C, H, W) float32; two are enough.
        labels: (N,) class numbers, or (N, classes) shares.
        execution: The way of computing that is tried.

    Raises:
        UsageError: The network returns no logits, or such that no gradient comes from them.
    """
    with generators_kept(), hooks_kept(network):
        trained = into_training_mode(execution.place(copy_module(network)))
        images = execution.lay_out(images)
        try:
            for _ in range(2):  # what one step leaves behind may stop the next
                loss, _ = training_loss(trained, images, labels.to(execution.device), execution)
                if not loss.requires_grad:
                    raise UsageError(
                        f"The logits of {type(network).__name__} don't hang on its parameters by "
                        "operations of PyTorch, so it can't be trained. Is there a detach(), "
                        "no_grad() or NumPy in its forward?"
                    )
                loss.backward()  # type: ignore[no-untyped-call]
        except UsageError:
            raise
        except Exception as error:  # whatever a module of somebody's own may raise
            if "backward through the graph a second time" in str(error):
                raise UsageError(
                    f"{type(network).__name__} goes on computing with a tensor that it kept from "
                    "the step before, so the second step would need the gradients of the first. "
                    "Keep it without them: self.last = x.detach()."
                ) from error
            return " ".join(str(error).split()) or type(error).__name__
    return None


def fitting_layout(
    network: nn.Module, images: Tensor, labels: Tensor, device: torch.device
) -> Layout:
    """Channels last, unless the network can't be trained so.

    `x.view(…)` behind a convolution, for one, needs channels first.

    Args:
        network: As for `why_step_fails`, like the images and labels.
        images: (N, C, H, W).
        labels: (N,) or (N, classes).
        device: Where training will run.

    Raises:
        UsageError: It can't be trained either way; says why.
    """
    if why_step_fails(network, images, labels, Execution(device, "float32")) is None:
        return "channels_last"
    plain = Execution(device, "float32", layout="contiguous")
    reason = why_step_fails(network, images, labels, plain)
    if reason is not None:
        raise UsageError(
            f"The module {type(network).__name__} fails in a training step on images of shape "
            f"{tuple(images.shape)}: {reason}"
        )
    return "contiguous"


def no_bfloat16(network: nn.Module, reason: str) -> UsageError:
    """The error for a network that is asked to compute in bfloat16 and can't."""
    return UsageError(
        f"precision='bfloat16': the module {type(network).__name__} has an operation without a "
        f"form for it ({shorten_reason(reason)}). Use precision='auto' or 'float32'."
    )


def shorten_reason(reason: str) -> str:
    """The beginning of a reason that PyTorch gives, for a line."""
    return reason if len(reason) <= 100 else f"{reason[:100].rstrip()}…"
