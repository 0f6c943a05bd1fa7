"""Training mode, as a module's owner means it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


def into_training_mode(network: nn.Module) -> nn.Module:
    """Put a network into training mode, but for parts that its owner keeps in evaluation mode.

    A module that is itself in training mode while parts of it aren't was made so on purpose, as
    batch normalizations of a pretrained network are, whose statistics shall stay: it is left alone.
    A module in evaluation mode as a whole goes into training mode as a whole.

    Returns:
        The network.
    """
    return network if network.training else network.train()


def kept_in_evaluation(network: nn.Module) -> list[str]:
    """Paths of the outermost parts that stay in evaluation mode while the network is trained."""
    if not network.training:
        return []
    paths = [path for path, module in network.named_modules() if not module.training]
    return [path for path in paths if not any(path.startswith(f"{other}.") for other in paths)]


@contextmanager
def modes_kept(network: nn.Module) -> Iterator[None]:
    """After: every module is in the mode that it was in before."""
    modes = [(module, module.training) for module in network.modules()]
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
