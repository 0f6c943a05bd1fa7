"""Whatever stands for a network, opened: alone, or with the shape of its images.

Every function of this room takes the same things for its network, and they are told apart here
alone: the name of a network of the catalog, a module, a run, its folder, a model file, or the model
that a run opens as, which is how a run of a module of one's own comes here: `run.model(module)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import torch
from torch import nn

from convscope.data.batches import Normalization
from convscope.data.reading import DEFAULT, Reading
from convscope.errors import UsageError, unknown_name
from convscope.look.language import pick
from convscope.networks.catalog import AUTO, build, entry, list_networks
from convscope.networks.network import Network
from convscope.runs.model import Model
from convscope.runs.model_file import ModelCard
from convscope.runs.open_model import open_model
from convscope.runs.own_module import with_shapes
from convscope.runs.run import Run
from convscope.runtime.device import choose_device

Inspectable: TypeAlias = nn.Module | Run | Model | str | Path
"""A module; a run, its folder, its model, or a `model.safetensors`; or a name of the catalog."""

Shape: TypeAlias = tuple[int, int, int]  # channels, height, width


@dataclass(frozen=True)
class OpenedNetwork:
    """A network, and what is known of the images that it takes.

    Attributes:
        network: The module.
        name: What messages call it: its name in the catalog, its class, or its file.
        channels: Channels of its images; None if that isn't known.
        size: Height and width that its images are resized to; None if that isn't known.
        normalization: What its images were normalized with in training; None if it isn't known.
        classes: Names of its classes; none if they aren't known.
        notes: What a person should know of it.
        reading: How image files are read for it, and how images become square.
        temperature: What its logits are divided by before softmax, as its predictions are; 1 if
            nothing was fitted.
    """

    network: nn.Module
    name: str
    channels: int | None
    size: int | None
    normalization: Normalization | None
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    reading: Reading = DEFAULT
    temperature: float = 1.0


def open_network(
    network: Inspectable,
    *,
    size: int | None = None,
    channels: int | None = None,
    classes: int | None = None,
    module: nn.Module | None = None,
    device: str = "auto",
    weights: bool = True,
) -> OpenedNetwork:
    """Open whatever stands for a network.

    Args:
        network: A module; a run, its folder, its model, or a `model.safetensors`; or the name of a
            network of the catalog, which gets fresh weights, the same each time.
        size: Height and width of the images. None: what the run was trained with, or the network
            is usually given.
        channels: Channels of the images, for a network of the catalog. None: the usual.
        classes: Number of logits, for a network of the catalog. None: 10.
        module: The module to fill, if `network` is a run of one that isn't in the catalog.
        device: Where to compute. "auto" takes a GPU if there is one; a module stays where it is.
        weights: Give a network of the catalog its weights; without, it only has shapes.

    Raises:
        UsageError: There is no such network, an option doesn't fit it, or there is no such device.
        ConvscopeError: A model file is damaged.
    """
    if isinstance(network, str) and network in list_networks():
        return _build(network, size, channels, classes, device if weights else "meta")
    opened = _read(network, size, module, device)
    for option, given, own in (
        ("channels", channels, opened.channels),
        ("classes", classes, len(opened.classes) or None),
    ):
        if given is not None and given != own:
            raise UsageError(
                f"{option} {given} does not fit {opened.name!r}, which is there already, with "
                f"{own or 'its own'}. Leave it out, or name a network of the catalog."
            )
    return opened


def open_for_shape(
    network: Inspectable,
    shape: int | Sequence[int] | None = None,
    *,
    channels: int | None = None,
    classes: int | None = None,
) -> tuple[nn.Module, Shape]:
    """A module and the shape of its images; a network of the catalog without making weights.

    Args:
        network: As for `open_network`.
        shape: (channels, height, width), or height and width as one number, or None for what the
            network is usually given.
        channels: Channels of the images, where `shape` leaves them open. None: the usual.
        classes: Number of logits of a network of the catalog. None: 10.

    Raises:
        UsageError: An unknown name, a shape that is missing or no image's, or an option that
            doesn't fit.
    """
    if isinstance(network, str) and network in list_networks():
        usual = entry(network).image
        depth, height, width = _complete_shape(shape, (channels or usual[0], *usual[1:]), network)
        if entry(network).takes_size and height != width:
            raise UsageError(f"{network} takes square images, not {height}×{width}.")
        opened = open_network(network, size=height, channels=depth, classes=classes, weights=False)
        return opened.network, (depth, height, width)
    opened = open_network(network, channels=channels, classes=classes)
    if not isinstance(network, nn.Module):
        # its weights rest for use alone; what a backward pass costs is asked as of training
        opened.network.requires_grad_(requires_grad=True)
    image = image_shape(opened, shape)
    return with_shapes(opened.network, image), image


def image_shape(network: OpenedNetwork, shape: int | Sequence[int] | None = None) -> Shape:
    """The shape of one image for a network.

    Args:
        network: What the image is for.
        shape: As for `open_for_shape`.

    Raises:
        UsageError: A shape that is missing or no image's.
    """
    known = network.channels is not None
    usual = (network.channels, network.size, network.size) if known else None
    return _complete_shape(shape, usual, network.name)


def _build(
    name: str, size: int | None, channels: int | None, classes: int | None, device: str
) -> OpenedNetwork:
    """A network of the catalog, with random weights that are the same each time."""
    usual = entry(name).image
    channels, size = channels or usual[0], size or usual[1]
    arguments = {"size": size} if entry(name).takes_size else {}
    if device == "meta":
        with torch.device("meta"):
            network = build(name, channels, classes or 10, **arguments)
    else:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network = build(name, channels, classes or 10, **arguments).eval()
        network.to(choose_device(device))
    note = pick(
        f"{name} is not trained: its weights are random.", f"{name} 没有训练过：权重是随机的。"
    )
    return OpenedNetwork(network, name, channels, size, None, notes=(note,))


def _read(
    network: Inspectable, size: int | None, module: nn.Module | None, device: str
) -> OpenedNetwork:
    """A network that is there, with weights of its own."""
    if isinstance(network, nn.Module):
        _check_stays(network, device)
        name = type(network).__name__
        if not isinstance(network, Network):
            return OpenedNetwork(network, name, None, size, None)
        usual = entry(network.name).image[1] if network.name in list_networks() else None
        return OpenedNetwork(
            network, name, network.in_channels, size or network.size or usual, None
        )
    if not isinstance(network, Run | Model | str | Path):
        raise UsageError(
            "network must be a name of the catalog, a module, a run, its folder or a "
            f"model.safetensors; given a {type(network).__name__}."
        )
    if isinstance(network, Model):
        model, name = network, network.name
    else:
        _check_is_there(network)
        model = open_model(network, module)
        name = str(network.folder if isinstance(network, Run) else network)
    model.network.to(choose_device(device))
    card = model.card
    return OpenedNetwork(
        model.network,
        name=name,
        channels=card.channels,
        size=size or card.size,
        normalization=model.normalization,
        classes=tuple(card.classes),
        reading=_reading(network, card),
        temperature=card.temperature,
    )


def _reading(network: Run | Model | str | Path, card: ModelCard) -> Reading:
    """How other files are read: those of a run are labelled where its own were."""
    if isinstance(network, Model):
        return card.reading
    if not isinstance(network, Run):
        if not (Path(network) / "recipe.toml").is_file():
            return card.reading
        network = Run(network)
    recipe = network.recipe
    return replace(card.reading, class_from=recipe.class_from or "", columns=recipe.columns or {})


def _check_is_there(network: Run | str | Path) -> None:
    """Complain about a word that is neither a network nor a path.

    Raises:
        UsageError: It is one.
    """
    if isinstance(network, Run) or Path(network).exists() or "/" in str(network):
        return
    if str(network) == AUTO:
        entry(AUTO)  # says what it is instead
    raise unknown_name("network or run folder", str(network), list_networks())


def _check_stays(network: nn.Module, device: str) -> None:
    """A caller's module is left as found, also where it lies."""
    if device == "auto":
        return
    wanted = choose_device(device)
    lies = next((p.device for p in network.parameters()), wanted)
    if lies.type != wanted.type:
        raise UsageError(
            f"device {device!r} is not where the module lies ({lies}), and a module is left as "
            f"found. Move it first: network.to({device!r})."
        )


def _complete_shape(
    shape: int | Sequence[int] | None,
    usual: tuple[int | None, int | None, int | None] | None,
    name: str,
) -> Shape:
    """The shape that is asked for, with what it leaves open as usual."""
    if isinstance(shape, int) and usual is not None:
        sizes: Sequence[int | None] = (usual[0], shape, shape)
    elif shape is None and usual is not None:
        sizes = usual
    else:
        sizes = tuple(shape) if isinstance(shape, Sequence) else ()
    if len(sizes) == 4:
        sizes = sizes[1:]
    if len(sizes) != 3 or any(size is None or int(size) < 1 for size in sizes):
        given = "nothing" if shape is None else repr(shape)
        raise UsageError(
            f"{name} needs the shape of an image, (channels, height, width) as in (3, 224, 224); "
            f"got {given}."
        )
    depth, height, width = (int(size) for size in sizes if size is not None)
    return depth, height, width
