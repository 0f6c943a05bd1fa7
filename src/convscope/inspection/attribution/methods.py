"""All attribution methods by name.

They are written here and not taken from captum 0.9, which was tried: on an activation that is used
several times its Grad-CAM is that of the last use, be it behind the flattening; a layer that
is no module (a sum, a functional ReLU) can't be named at all; gradients fail on a network that
begins with an operation in place, and its occlusion changes the caller's image there. Each
method is a page, and what makes it right (the graph, leaving the network as found) is ours anyway.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from convscope.errors import unknown_name
from convscope.inspection.attribution.attribution import Attribution
from convscope.inspection.attribution.grad_cam import grad_cam
from convscope.inspection.attribution.integrated_gradients import integrated_gradients
from convscope.inspection.attribution.occlusion import occlusion
from convscope.inspection.attribution.saliency import saliency

METHODS: dict[str, Callable[[nn.Module, Tensor, int, Tensor], Attribution]] = {
    "saliency": lambda network, image, target, _: saliency(network, image, target),
    "integrated-gradients": integrated_gradients,
    "occlusion": lambda network, image, target, _: occlusion(network, image, target),
    "grad-cam": lambda network, image, target, _: grad_cam(network, image, target),
}
"""Name to function of (network, image (1, C, H, W), class, black image)."""


def choose_methods(method: str) -> list[str]:
    """The methods that a name stands for.

    Args:
        method: One of `METHODS`, or "all".

    Raises:
        UsageError: There is no such method.
    """
    if method == "all":
        return list(METHODS)
    if method not in METHODS:
        raise unknown_name("method", method, [*METHODS, "all"])
    return [method]
