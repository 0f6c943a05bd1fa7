"""Gradient saliency: how strongly a logit reacts to a small change of each pixel."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from convscope.inspection.attribution.attribution import Attribution, as_heat, freeze, logits_of


def saliency(network: nn.Module, image: Tensor, target: int) -> Attribution:
    """The largest magnitude over the channels of the logit's gradient in each pixel.

    Simonyan, Vedaldi and Zisserman, "Deep inside convolutional networks", 2013, section 3.

    Args:
        network: Maps (N, C, H, W) to logits (N, classes). Left as found.
        image: (1, C, H, W), normalized as for training.
        target: The class whose logit is explained.
    """
    with freeze(network):
        pixels = image.detach().clone().requires_grad_()
        logit = logits_of(network, pixels)[0, target]
        (gradient,) = torch.autograd.grad(logit, pixels)  # (1, C, H, W)
    heat = gradient[0].abs().amax(dim=0)
    note = (
        "Bright pixels are those whose small changes would change the score most. It does not say "
        "in which direction."
    )
    return Attribution("saliency", as_heat(heat), signed=False, facts={}, note=note)
