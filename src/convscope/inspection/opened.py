"""A network and an image, made ready to be looked at together."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from convscope.data.batches import Normalization
from convscope.data.convert import convert
from convscope.data.decode import ImageError, decode
from convscope.data.image_set import ImageSet
from convscope.errors import ConvscopeError, UsageError, unknown_name
from convscope.networks.catalog import build, entry, list_networks
from convscope.networks.network import Network
from convscope.runs.run import Run, trained_model


@dataclass(frozen=True)
class Opened:
    """A network and one image.

    Attributes:
        network: The module.
        pixels: (1, C, H, W), as the network takes it, on its device.
        image: uint8 (C, H, W), as it was before normalization; None if only `pixels` was given.
        normalization: What made `pixels` from `image`; None without an image.
        image_name: Name of the image.
        classes: Names of the classes; none if they are not known.
        notes: What a person should know.
    """

    network: nn.Module
    pixels: Tensor = field(repr=False)
    image: NDArray[np.uint8] | None = field(repr=False)
    normalization: Normalization | None
    image_name: str
    classes: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Expects:
    """What a network expects of images, as far as that is known."""

    network: nn.Module
    channels: int | None
    size: int | None
    normalization: Normalization | None
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def opened(
    network: nn.Module | Run | str | Path,
    image: Tensor | NDArray[np.generic] | str | Path,
    *,
    size: int | None = None,
    channels: int | None = None,
    classes: int | None = None,
) -> Opened:
    """Open a network and an image for it.

    Args:
        network: A module; a run, its folder, or a `model.safetensors`; or the name of a network of
            the catalog, which gets fresh weights, the same each time.
        image: A file, or uint8 (C, H, W), which are treated as for training; or a float tensor
            (C, H, W) or (1, C, H, W), as the network takes it.
        size: Height and width that a file is resized to. None: what the run was trained with, or
            the network is usually given.
        channels: Of a network of the catalog. None: the usual.
        classes: Of a network of the catalog. None: 10.

    Raises:
        UsageError: There is no such network, or the image or a size does not fit.
        ConvscopeError: The file is no image.
    """
    expects = _expects(network, size, channels, classes)
    name = Path(image).name if isinstance(image, str | Path) else "image"
    shown, pixels = _decode_image(image, expects)
    notes, normalization = expects.notes, None
    if shown is not None:
        normalization = expects.normalization
        if normalization is None:
            normalization = Normalization((0.0,) * len(shown), (1.0,) * len(shown))
            notes += ("The pixels were scaled to [0, 1] and not normalized.",)
        pixels = normalization.apply(torch.from_numpy(shown[None]))
    assert pixels is not None  # noqa: S101 - one of the two was given
    return Opened(
        network=expects.network,
        pixels=_placed(pixels, expects.network),
        image=shown,
        normalization=normalization,
        image_name=name,
        classes=expects.classes,
        notes=notes,
    )


def _expects(
    network: nn.Module | Run | str | Path,
    size: int | None,
    channels: int | None,
    classes: int | None,
) -> _Expects:
    if isinstance(network, str) and network in list_networks():
        return _fresh(network, size, channels, classes)
    expects = _ready(network, size)
    for option, given, own in (
        ("channels", channels, expects.channels),
        ("classes", classes, len(expects.classes) or None),
    ):
        if given is not None and given != own:
            raise UsageError(
                f"{option} {given} does not fit a network that is there already, with {own}. Leave "
                "it out, or name a network of the catalog."
            )
    return expects


def _fresh(name: str, size: int | None, channels: int | None, classes: int | None) -> _Expects:
    """A network of the catalog, with random weights that are the same each time."""
    usual = entry(name).image
    channels, size = channels or usual[0], size or usual[1]
    arguments = {"size": size} if entry(name).takes_size else {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build(name, channels, classes or 10, **arguments).eval()
    note = f"{name} is not trained: its weights are random."
    return _Expects(network, channels, size, None, notes=(note,))


def _ready(network: nn.Module | Run | str | Path, size: int | None) -> _Expects:
    """A network that is there, with weights of its own."""
    if isinstance(network, Network):
        usual = entry(network.name).image[1] if network.name in list_networks() else None
        return _Expects(network, network.in_channels, size or network.size or usual, None)
    if isinstance(network, nn.Module):
        return _Expects(network, None, size, None)
    if isinstance(network, Run):
        model, card = network.model()
    else:
        path = Path(network)
        if not path.exists() and "/" not in str(network):
            raise unknown_name("network or run folder", str(network), list_networks())
        model, card = trained_model(path)
    normalization = Normalization(card.mean, card.std)
    return _Expects(model, card.channels, size or card.size, normalization, card.classes)


def _decode_image(
    image: Tensor | NDArray[np.generic] | str | Path, expects: _Expects
) -> tuple[NDArray[np.uint8] | None, Tensor | None]:
    """The image as uint8 (C, H, W), or, if the network's own numbers were given, (1, C, H, W)."""
    if isinstance(image, str | Path):
        return _decoded(image, expects), None
    given = torch.as_tensor(image)
    given = given[0] if given.dim() == 4 and len(given) == 1 else given
    if given.dim() != 3:
        raise UsageError(
            "image must be one image (channels, height, width), or a file; given a tensor of "
            f"shape {tuple(given.shape)}."
        )
    if given.dtype != torch.uint8:
        return None, given[None]
    one = ImageSet(given.cpu().numpy()[None], [0], ("",))
    converted: NDArray[np.uint8] = convert(
        one, size=expects.size, channels=expects.channels
    ).images[0]
    return converted, None


def _decoded(path: str | Path, expects: _Expects) -> NDArray[np.uint8]:
    if expects.size is None:
        raise UsageError(
            f"How {type(expects.network).__name__} wants its images isn't known, so a file can't "
            "be made ready. Give a float tensor (channels, height, width), as the network takes it."
        )
    try:
        return decode(path, size=expects.size, channels=expects.channels)
    except ImageError as error:
        raise ConvscopeError(f"{str(path)!r} can't be used: {error.reason}.") from None


def _placed(pixels: Tensor, network: nn.Module) -> Tensor:
    """On the device and in the type of the network's weights."""
    for parameter in network.parameters():
        if parameter.is_floating_point():
            return pixels.to(parameter.device, parameter.dtype)
    return pixels if pixels.is_floating_point() else pixels.float()
