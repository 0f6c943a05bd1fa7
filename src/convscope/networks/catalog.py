"""All networks by name, in the order of their papers.

network = build("resnet18", in_channels=3, classes=100)
logits = network(images)
"""

from __future__ import annotations

import importlib

import torch

from convscope.errors import UsageError, unknown_name
from convscope.networks.network import Network
from convscope.networks.pixels import OutOfPixelsError
from convscope.networks.registry import REGISTRY, Entry

FILES = (
    "dense",
    "small",
    "lenet",
    "alexnet",
    "vgg",
    "nin",
    "googlenet",
    "resnet",
    "resnet9",
    "stack",
    "densenet",
    "mobilenet_v1",
    "mobilenet_v2",
)
AUTO = "auto"
"""Not a network: what stands in place of one where networks are to race."""

for _file in FILES:
    importlib.import_module(f"convscope.networks.{_file}")


def list_networks() -> list[str]:
    """The names of all networks, in the order of `FILES`, then of their tables."""
    return sorted(REGISTRY, key=lambda name: _place(REGISTRY[name]))


def entry(name: str) -> Entry:
    """The facts about a network.

    Args:
        name: One of `list_networks()`.

    Raises:
        UsageError: There is none of this name.
    """
    if name == AUTO:
        raise UsageError(
            "'auto' is no network: it is for training alone, where networks race and the best goes "
            "on. Give: convscope train auto DATA --minutes 10, without --seeds and --folds; or the "
            "name of a network here. What each would cost: convscope plan all DATA."
        )
    if name not in REGISTRY:
        raise unknown_name("network", name, REGISTRY)
    return REGISTRY[name]


def build(
    name: str,
    in_channels: int = 1,
    classes: int = 10,
    **arguments: object,
) -> Network:
    """Make a network with fresh weights.

    Args:
        name: One of `list_networks()`.
        in_channels: Channels of the images.
        classes: Number of logits.
        arguments: What the network takes besides; `entry(name).arguments` lists it. Networks whose
            dense layers fix the image size take `size` (height and width, in pixels).

    Raises:
        UsageError: An unknown name, an unknown argument, or a value that does not fit.
    """
    found = entry(name)
    for argument in arguments:
        if argument not in found.arguments:
            raise unknown_name(f"argument of network {name!r}:", argument, found.arguments)
    try:
        network = found.builder(in_channels=in_channels, classes=classes, **arguments)
    except OutOfPixelsError as error:
        raise OutOfPixelsError(error.shortage, name, found.native) from None
    except UsageError as error:
        raise UsageError(f"Network {name!r}: {error}") from None
    except (TypeError, ValueError) as error:
        given = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        raise UsageError(f"Network {name!r} cannot be built with {given}: {error}.") from error
    network.name = name
    network.native = found.native
    return network


def check_image_size(name: str, size: int, in_channels: int = 1) -> None:
    """Check, without making weights, that a network takes images of `size` × `size`.

    Networks whose dense layers fix the image size are taken to be built for it.

    Args:
        name: One of `list_networks()`.
        size: Height and width in pixels.
        in_channels: Channels of the images.

    Raises:
        UsageError: An unknown name, or images that are too small for the network.
    """
    arguments = {"size": size} if entry(name).takes_size else {}
    with torch.device("meta"):
        network = build(name, in_channels, **arguments)
    network.check_image_size(size, size)


def _place(found: Entry) -> int:
    """Where the file of an entry stands in `FILES`; files may be loaded in any order."""
    file = str(found.builder.__module__).rpartition(".")[2]  # of a notebook, None or __main__
    return FILES.index(file) if file in FILES else len(FILES)
