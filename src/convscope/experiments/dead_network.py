"""A network whose class maps are all 0: its loss, and what its weights are told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope.evaluation.logits import evaluation_mode
from convscope.look.language import pick
from convscope.look.printed import Paragraph, Part, Printed


@dataclass(frozen=True)
class DeadNetwork(Printed):
    """What a loss and its gradients are.

    Attributes:
        loss: Mean cross-entropy, in nats.
        largest_gradient: The largest component, without its sign, of any parameter's gradient.
        parameters: Numbers that could be learned.
        classes: How many logits there are.
    """

    loss: float
    largest_gradient: float
    parameters: int
    classes: int

    def shown(self) -> Iterator[Part]:
        """Both in a sentence."""
        yield Paragraph(
            pick(
                f"loss {self.loss:.6f}; largest gradient of {self.parameters:,} parameters: "
                f"{self.largest_gradient:g}",
                f"损失 {self.loss:.6f}；{self.parameters:,} 个参数中最大的梯度："
                f"{self.largest_gradient:g}",
            )
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return asdict(self)


@torch.no_grad()
def silence_classes(network: nn.Module) -> nn.Module:
    """Make every class map of a network that ends in convolution and ReLU 0, by its last biases.

    Args:
        network: Its last convolution gets the biases −1 and no weights.

    Returns:
        The network.
    """
    last = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)][-1]
    last.weight.zero_()
    if last.bias is not None:
        last.bias.fill_(-1.0)
    return network


def measure_loss_and_gradient(network: nn.Module, images: Tensor, labels: Tensor) -> DeadNetwork:
    """Compute the loss of a network, and the largest gradient that any weight gets from it.

    Args:
        network: Left as found, in training mode or not.
        images: (N, channels, height, width).
        labels: (N,) the classes, from 0.
    """
    with evaluation_mode(network), torch.enable_grad():
        parameters = [each for each in network.parameters() if each.requires_grad]
        logits = network(images)
        loss = F.cross_entropy(logits, labels)
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
    sizes = [float(each.abs().max()) for each in gradients if each is not None]
    return DeadNetwork(
        float(loss.detach()), max(sizes, default=0.0), sum(p.numel() for p in parameters),
        logits.shape[1],
    )  # fmt: skip
