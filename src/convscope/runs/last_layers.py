"""The layers at the end of a network that depend on the classes: new for new classes."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from convscope.networks.catalog import build
from convscope.networks.network import Network
from convscope.runtime.module_calls import following_modules
from convscope.runtime.training_mode import modes_kept

ENDS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


def find_last_layers(
    network: nn.Module, image_shape: tuple[int, int, int], classes: int, arguments: dict[str, Any]
) -> tuple[str, ...]:
    """Paths of the layers that other classes need anew, in the order of the network.

    Of a network of the catalog, they are those that another number of classes changes: one, or the
    three of NiN's last block. Of any other module, it is the last layer that an image passes, if it
    has as many outputs as there are classes.

    Args:
        network: On the CPU; is left as it is.
        image_shape: (C, H, W) of an image.
        classes: How many logits it has.
        arguments: What the catalog built it with, besides channels and classes.

    Returns:
        As in `named_modules`; none, where no such layer is found.
    """
    if isinstance(network, Network):
        with torch.device("meta"):
            other = build(network.name, network.in_channels, classes + 1, **arguments).state_dict()
        here = network.state_dict()
        changed = [name for name, tensor in here.items() if tensor.shape != other[name].shape]
        return tuple(dict.fromkeys(name.rpartition(".")[0] for name in changed))
    passed: list[str] = []

    def note(path: str, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        if isinstance(module, ENDS):
            passed.append(path)

    with (
        modes_kept(network),
        torch.no_grad(),
        torch.random.fork_rng(devices=[]),
        following_modules(network.eval(), after=note),
    ):
        network(torch.zeros(2, *image_shape))
    if not passed:
        return ()
    last = network.get_submodule(passed[-1])
    outputs = last.out_features if isinstance(last, nn.Linear) else last.out_channels
    return (passed[-1],) if outputs == classes else ()
