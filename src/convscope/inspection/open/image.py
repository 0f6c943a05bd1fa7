"""A network and one image, opened and made ready for each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from convscope.data.batches import Normalization
from convscope.data.convert import convert
from convscope.data.decode import ImageError, decode
from convscope.data.image_set import ImageSet
from convscope.data.reading import FULL_RANGE
from convscope.errors import ConvscopeError, UsageError
from convscope.inspection.open.network import Inspectable, OpenedNetwork, open_network
from convscope.runs.own_module import with_shapes

AnyImage: TypeAlias = Tensor | NDArray[np.generic] | str | Path
"""An image file, uint8 (C, H, W), or float (C, H, W) as the network takes it."""


@dataclass(frozen=True)
class OpenedImage:
    """A network, and one image made ready for it.

    Attributes:
        network: The module.
        pixels: (1, C, H, W), as the network takes it, on its device.
        image: uint8 (C, H, W), as it was before normalization; None if only `pixels` was given.
        normalization: What made `pixels` from `image`; None without an image.
        image_name: Name of the image.
        classes: Names of the classes; none if they are not known.
        notes: What a person should know.
        temperature: What logits are divided by before softmax, as in predictions.
    """

    network: nn.Module
    pixels: Tensor = field(repr=False)
    image: NDArray[np.uint8] | None = field(repr=False)
    normalization: Normalization | None
    image_name: str
    classes: tuple[str, ...]
    notes: tuple[str, ...]
    temperature: float

    def visible_image(self) -> NDArray[np.uint8]:
        """The image as a person can look at it, uint8 (C, H, W).

        Where only the network's own numbers are known, they are spread from black to white.
        """
        if self.image is not None:
            return self.image
        numbers = self.pixels[0].detach().float().cpu().numpy()
        low, high = float(numbers.min()), float(numbers.max())
        spread: NDArray[np.uint8] = (255 * (numbers - low) / max(high - low, 1e-12)).astype(
            np.uint8
        )
        return spread


def open_image(
    network: Inspectable,
    image: AnyImage,
    *,
    size: int | None = None,
    channels: int | None = None,
    classes: int | None = None,
    module: nn.Module | None = None,
    device: str = "auto",
) -> OpenedImage:
    """Open a network and an image for it.

    Args:
        network: As for `open_network`.
        image: A file, or uint8 (C, H, W), which are treated as for training; or a float tensor
            (C, H, W) or (1, C, H, W), as the network takes it.
        size: As for `open_network`; a file is resized to it.
        channels: As for `open_network`.
        classes: As for `open_network`.
        module: As for `open_network`.
        device: As for `open_network`.

    Raises:
        UsageError: There is no such network, or the image or an option does not fit.
        ConvscopeError: The file is no image, or a model file is damaged.
    """
    opened = open_network(
        network, size=size, channels=channels, classes=classes, module=module, device=device
    )
    visible, pixels = _decode(image, opened)
    notes, normalization = opened.notes, None
    if visible is not None:
        normalization = opened.normalization
        if normalization is None:
            normalization = Normalization((0.0,) * len(visible), (1.0,) * len(visible))
            notes += ("The pixels were scaled to [0, 1] and not normalized.",)
        pixels = normalization.apply(torch.from_numpy(visible[None]))
    assert pixels is not None  # noqa: S101 - one of the two was given
    return OpenedImage(
        network=with_shapes(opened.network, (pixels.shape[1], pixels.shape[2], pixels.shape[3])),
        pixels=_place_beside(pixels, opened.network),
        image=visible,
        normalization=normalization,
        image_name=Path(image).name if isinstance(image, str | Path) else "image",
        classes=opened.classes,
        notes=notes,
        temperature=opened.temperature,
    )


def _decode(
    image: AnyImage, network: OpenedNetwork
) -> tuple[NDArray[np.uint8] | None, Tensor | None]:
    """The image as uint8 (C, H, W), or, if the network's own numbers were given, (1, C, H, W)."""
    if isinstance(image, str | Path):
        return _decode_file(image, network), None
    if not isinstance(image, Tensor | np.ndarray):
        raise UsageError(
            "image must be one image (channels, height, width), or a file; given a "
            f"{type(image).__name__}. From an ImageSet, take data.images[0]."
        )
    given = torch.as_tensor(image)
    given = given[0] if given.dim() == 4 and len(given) == 1 else given
    if given.dim() != 3:
        raise UsageError(
            "image must be one image (channels, height, width), or a file; given a tensor of "
            f"shape {tuple(given.shape)}. From an ImageSet, take data.images[0]."
        )
    if given.dtype != torch.uint8:
        return None, given[None]
    one = ImageSet(given.cpu().numpy()[None], [0], ("",))
    converted: NDArray[np.uint8] = convert(
        one, size=network.size, channels=network.channels, fit=network.reading.fit
    ).images[0]
    return converted, None


def _decode_file(path: str | Path, network: OpenedNetwork) -> NDArray[np.uint8]:
    if network.size is None:
        raise UsageError(
            f"How {network.name} wants its images isn't known, so a file can't "
            "be made ready. Give a float tensor (channels, height, width), as the network takes it."
        )
    try:
        return decode(
            path,
            size=network.size,
            channels=network.channels,
            fit=network.reading.fit,
            grey_range=network.reading.grey_range or FULL_RANGE,
        )
    except ImageError as error:
        raise ConvscopeError(f"{str(path)!r} can't be used: {error.reason}.") from None


def _place_beside(pixels: Tensor, network: nn.Module) -> Tensor:
    """Pixels on the device and in the type of a network's weights."""
    for parameter in network.parameters():
        if parameter.is_floating_point():
            return pixels.to(parameter.device, parameter.dtype)
    return pixels if pixels.is_floating_point() else pixels.float()
