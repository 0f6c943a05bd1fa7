"""A network and a picture, made ready to be looked at together."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from convscope.data.batches import Normalization
from convscope.data.convert import convert
from convscope.data.decode import PictureError, decode
from convscope.data.image_set import ImageSet
from convscope.errors import ConvscopeError, UsageError, unknown_name
from convscope.networks.catalog import build, entry, networks
from convscope.networks.network import Network
from convscope.runs.model_file import load_model
from convscope.runs.run import Run


@dataclass(frozen=True)
class Opened:
    """A network and one picture.

    Attributes:
        network: The module.
        pixels: (1, C, H, W), as the network takes it, on its device.
        image: uint8 (C, H, W), as it was before normalization; None if only `pixels` was given.
        normalization: What made `pixels` from `image`; None without an image.
        picture: Name of the picture.
        classes: Names of the classes; none if they are not known.
        notes: What a person should know.
    """

    network: nn.Module
    pixels: Tensor = field(repr=False)
    image: NDArray[np.uint8] | None = field(repr=False)
    normalization: Normalization | None
    picture: str
    classes: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Expects:
    """What a network expects of pictures, as far as that is known."""

    network: nn.Module
    channels: int | None
    size: int | None
    normalization: Normalization | None
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def opened(
    network: nn.Module | Run | str | Path, picture: Tensor | NDArray[np.generic] | str | Path
) -> Opened:
    """Open a network and a picture for it.

    Args:
        network: A module; a run, its folder, or a `model.safetensors`; or the name of a network of
            the catalog, which gets fresh weights, the same each time.
        picture: A file, or uint8 (C, H, W), which are treated as for training; or a float tensor
            (C, H, W) or (1, C, H, W), as the network takes it.

    Raises:
        UsageError: There is no such network, or the picture does not fit.
        ConvscopeError: The file is no picture.
    """
    expects = _expects(network)
    name, image, pixels = "picture", None, None
    if isinstance(picture, str | Path):
        name = Path(picture).name
        image = _decoded(picture, expects)
    else:
        given = torch.as_tensor(picture)
        given = given[0] if given.dim() == 4 and len(given) == 1 else given
        if given.dim() != 3:
            raise UsageError(
                "picture must be one picture (channels, height, width), or a file; given a tensor "
                f"of shape {tuple(given.shape)}."
            )
        if given.dtype == torch.uint8:
            image = _converted(given.numpy(), expects)
        else:
            pixels = given[None]
    notes = expects.notes
    normalization = None
    if image is not None:
        normalization = expects.normalization
        if normalization is None:
            channels = len(image)
            normalization = Normalization((0.0,) * channels, (1.0,) * channels)
            notes += ("The pixels were scaled to [0, 1] and not normalized.",)
        pixels = normalization.apply(torch.from_numpy(image[None]))
    assert pixels is not None  # noqa: S101 - one of the two was given
    return Opened(
        network=expects.network,
        pixels=_placed(pixels, expects.network),
        image=image,
        normalization=normalization,
        picture=name,
        classes=expects.classes,
        notes=notes,
    )


def _expects(network: nn.Module | Run | str | Path) -> _Expects:
    if isinstance(network, nn.Module):
        known = network if isinstance(network, Network) else None
        usual = None
        if known is not None and known.name in networks():
            usual = entry(known.name).picture[1]
        return _Expects(
            network,
            None if known is None else known.in_channels,
            None if known is None else known.size or usual,
            None,
        )
    if isinstance(network, str) and network in networks():
        channels, size, _ = entry(network).picture
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            fresh = build(network, channels).eval()
        note = f"{network} is not trained: its weights are random."
        return _Expects(fresh, channels, size, None, notes=(note,))
    if isinstance(network, str | Path) and not Path(network).exists() and "/" not in str(network):
        raise unknown_name("network or run folder", str(network), networks())
    path = Path(network) if isinstance(network, str | Path) else None
    if path is not None and (path.is_file() or path.suffix == ".safetensors"):
        model, card = load_model(path)
    else:
        run = network if isinstance(network, Run) else Run(network)
        model, card = run.model()
    normalization = Normalization(card.mean, card.std)
    return _Expects(model, card.channels, card.size, normalization, card.classes)


def _decoded(path: str | Path, expects: _Expects) -> NDArray[np.uint8]:
    if expects.size is None:
        raise UsageError(
            f"How {type(expects.network).__name__} wants its pictures isn't known, so a file can't "
            "be made ready. Give a float tensor (channels, height, width), as the network takes it."
        )
    try:
        return decode(path, size=expects.size, channels=expects.channels)
    except PictureError as error:
        raise ConvscopeError(f"{str(path)!r} can't be used: {error.reason}.") from None


def _converted(image: NDArray[np.uint8], expects: _Expects) -> NDArray[np.uint8]:
    one = ImageSet(image[None], [0], ("",))
    converted: NDArray[np.uint8] = convert(
        one, size=expects.size, channels=expects.channels
    ).images[0]
    return converted


def _placed(pixels: Tensor, network: nn.Module) -> Tensor:
    """On the device and in the type of the network's weights."""
    for parameter in network.parameters():
        if parameter.is_floating_point():
            return pixels.to(parameter.device, parameter.dtype)
    return pixels if pixels.is_floating_point() else pixels.float()
