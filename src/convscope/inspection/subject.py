"""What is to be inspected: a module, and the shape of its images."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from convscope.errors import UsageError
from convscope.networks.catalog import build, entry, list_networks
from convscope.networks.network import Network


def subject(
    network: str | nn.Module, shape: int | Sequence[int] | None = None, classes: int = 10
) -> tuple[nn.Module, tuple[int, int, int]]:
    """A module and the shape of its images; a network of the catalog without making weights.

    Args:
        network: A name of the catalog, or a module.
        shape: (channels, height, width), or height and width as one number, or None for what the
            network is usually given.
        classes: Number of logits of a network of the catalog.

    Raises:
        UsageError: An unknown name, or a shape that is missing or no image's.
    """
    if isinstance(network, nn.Module):
        return network, _image(shape, _usual(network), type(network).__name__)
    usual = entry(network).image
    channels, height, width = _image(shape, usual, network)
    arguments = {}
    if entry(network).takes_size:
        if height != width:
            raise UsageError(f"{network} takes square images, not {height}×{width}.")
        arguments["size"] = height
    with torch.device("meta"):
        return build(network, channels, classes, **arguments), (channels, height, width)


def _usual(network: nn.Module) -> tuple[int, int | None, int | None] | None:
    """What is known about the images of a module."""
    if not isinstance(network, Network):
        return None
    if network.size is not None:
        return network.in_channels, network.size, network.size
    if network.name in list_networks():
        return network.in_channels, *entry(network.name).image[1:]
    return network.in_channels, None, None


def _image(
    shape: int | Sequence[int] | None,
    usual: tuple[int, int | None, int | None] | None,
    name: str,
) -> tuple[int, int, int]:
    if isinstance(shape, int) and usual is not None:
        sizes: Sequence[int | None] = (usual[0], shape, shape)
    elif shape is None and usual is not None:
        sizes = usual
    else:
        sizes = () if shape is None or isinstance(shape, int) else tuple(shape)
    if len(sizes) == 4:
        sizes = sizes[1:]
    if len(sizes) != 3 or any(size is None or int(size) < 1 for size in sizes):
        given = "nothing" if shape is None else repr(shape)
        raise UsageError(
            f"{name} needs the shape of an image, (channels, height, width) as in (3, 224, 224); "
            f"got {given}."
        )
    channels, height, width = (int(size) for size in sizes if size is not None)
    return channels, height, width
