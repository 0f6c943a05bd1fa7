"""What every attribution method gives, and how it asks the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from convscope.errors import UsageError
from convscope.graph.restore import leave_as_found
from convscope.runtime.module_output import main_logits

Fact: TypeAlias = float | int | bool | str | list[int]


@dataclass(frozen=True)
class Attribution:
    """How much each pixel of an image counts for one logit.

    Attributes:
        method: One of `methods.METHODS`.
        heat: float32 (H, W), of the image's size.
        signed: Whether values below 0 mean that a pixel speaks against the class.
        facts: What was measured or chosen on the way, for programs.
        note: The same in words.
    """

    method: str
    heat: NDArray[np.float32] = field(repr=False)
    signed: bool
    facts: Mapping[str, Fact]
    note: str


@contextmanager
def freeze(network: nn.Module) -> Iterator[None]:
    """Within: evaluation mode, and gradients reach the images but not the parameters.

    Afterwards the network is as it was found. It holds within `torch.no_grad()` and
    `torch.inference_mode()` too.
    """

    def stand_in(tensor: Tensor) -> Tensor:
        # A parameter shares its memory, for there may be much of it; a buffer may be counted up.
        return tensor.detach() if isinstance(tensor, nn.Parameter) else tensor.detach().clone()

    with (
        torch.inference_mode(mode=False),
        torch.enable_grad(),
        leave_as_found(network, stand_in),
    ):
        yield


def logits_of(network: nn.Module, images: Tensor) -> Tensor:
    """The logits (N, classes) of images (N, C, H, W), which the network may not change.

    Raises:
        UsageError: The network returns something else.
    """
    # A copy, because a network may begin with an operation in place, which would change the
    # caller's images, and which a leaf of the gradient graph doesn't allow.
    logits = main_logits(network(images.clone()))
    if logits.dim() != 2 or len(logits) != len(images):
        raise UsageError(
            f"A network must return logits (N, classes) to be explained; {type(network).__name__} "
            f"returned a tensor of shape {tuple(logits.shape)} for {len(images)} image(s). Wrap it "
            "in a module that returns its class scores alone."
        )
    if torch.is_grad_enabled() and images.requires_grad and not logits.requires_grad:
        raise UsageError(
            f"The logits of {type(network).__name__} can't be explained by gradients: they don't "
            "hang on the image by operations of PyTorch (is there a detach(), or NumPy?)."
        )
    return logits


def as_heat(values: Tensor) -> NDArray[np.float32]:
    """(H, W) as an array on the CPU."""
    heat: NDArray[np.float32] = values.detach().float().cpu().numpy()
    return heat
