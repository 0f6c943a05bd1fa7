"""Weights under the names that torchvision gives them, for programs that use torchvision."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from convscope.errors import UsageError
from convscope.files import atomic_path
from convscope.networks.catalog import build
from convscope.runs.model import Model

COUNTERPARTS = {
    "alexnet-torchvision": "alexnet",
    "googlenet-torchvision": "googlenet",
    "mobilenet-v2": "mobilenet_v2",
    **{
        f"vgg{layers}{'-bn' * bn}": f"vgg{layers}{'_bn' * bn}"
        for layers in (11, 13, 16, 19)
        for bn in (0, 1)
    },
    **{f"resnet{layers}": f"resnet{layers}" for layers in (18, 34, 50, 101, 152)},
    **{f"densenet{layers}": f"densenet{layers}" for layers in (121, 169, 201)},
}
"""Networks that have torchvision's layers under torchvision's names, and what it calls them."""


def torchvision_state(model: Model) -> dict[str, Tensor]:
    """The weights of a network as torchvision's `load_state_dict` takes them.

    Args:
        model: A network of the catalog; its card has the name and the arguments.

    Raises:
        UsageError: torchvision has no such network.
    """
    card = model.card
    if card.network not in COUNTERPARTS:
        raise UsageError(
            f"torchvision has no network with the layers of {model.name!r}. It has those of: "
            f"{', '.join(COUNTERPARTS)}. To use the model elsewhere, export it to .onnx."
        )
    state = {
        name: tensor.detach().to("cpu", copy=True).contiguous()
        for name, tensor in model.network.state_dict().items()
    }
    with torch.device("meta"):
        standard = build(card.network, card.channels, len(card.classes)).state_dict()
    if _shapes(state) != _shapes(standard):
        given = ", ".join(f"{name}={value}" for name, value in card.network_arguments.items())
        raise UsageError(
            f"torchvision's {COUNTERPARTS[card.network]} has other numbers of channels than "
            f"{card.network!r} with {given}. To use the model elsewhere, export it to .onnx."
        )
    return state


def write_torchvision_weights(path: Path, model: Model) -> str:
    """Write weights to a safetensors file, atomically.

    Args:
        path: The file.
        model: A network of the catalog; its card has the name and the arguments.

    Returns:
        The Python expression that makes torchvision's network for them.

    Raises:
        UsageError: torchvision has no such network.
    """
    card, state = model.card, torchvision_state(model)
    with atomic_path(path) as temporary:
        safetensors.torch.save_file(state, temporary, {"format": "pt"})
    arguments = f"num_classes={len(card.classes)}"
    if card.network == "googlenet-torchvision":
        arguments += ", aux_logits=False, init_weights=False"
    return f"torchvision.models.{COUNTERPARTS[card.network]}({arguments})"


def _shapes(state: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in state.items()}
