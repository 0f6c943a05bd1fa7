"""What all networks share: they map images to logits, and say in words what does not fit."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from convscope.errors import UsageError
from convscope.networks.pixels import (
    OutOfPixelsError,
    find_shortage,
    first_failure,
    without_weights,
)


class Network(nn.Module):
    """Maps images (N, channels, height, width) to logits (N, classes).

    A call looks at the images' number of axes, channels and type, which costs nothing beside the
    computation. Only if the computation fails is the reason looked for.

    ReLUs work in place where the paper's form allows it: a hook that keeps what a convolution
    returned must clone it.

    Attributes:
        in_channels: Channels of the images.
        classes: Number of logits.
        size: Height and width the network is built for, or None if it takes any size.
        name: The name in the catalog, or the name of the class if it was not built from there.
        native: The catalog's variant for small images, if there is one.
    """

    def __init__(self, in_channels: int, classes: int, size: int | None = None) -> None:
        super().__init__()
        at_least_one("in_channels", in_channels)
        at_least_one("classes", classes)
        if size is not None:
            at_least_one("size", size)
        self.in_channels = in_channels
        self.classes = classes
        self.size = size
        self.name = type(self).__name__
        self.native: str | None = None

    def __call__(self, images: Tensor) -> Tensor:
        """Compute the logits (N, classes) of `images`.

        Raises:
            UsageError: The images do not fit the network.
        """
        # Under the tracers of torch.fx and torch.jit a comparison would become part of the graph.
        if isinstance(images, Tensor) and not torch.jit.is_tracing():  # type: ignore[attr-defined, no-untyped-call]
            self._check(images)
        try:
            logits: Tensor = super().__call__(images)
        except (RuntimeError, ValueError) as error:
            problem = self._reason(images, error)
            if problem is None:
                raise
            raise problem from error
        return logits

    def check_image_size(self, height: int, width: int) -> None:
        """Check, without computing anything, that images of `height` × `width` can be used.

        Raises:
            UsageError: They are too small, or not of the size the network was built for.
        """
        problem = self._size_problem(height, width)
        if problem is not None:
            raise problem

    def published_name(self, name: str) -> str | None:
        """What a weight that was published under `name` is called here; None leaves it out."""
        return name

    def _check(self, images: Tensor) -> None:
        if images.dim() == 3:
            raise UsageError(
                f"{self.name} takes a batch of images (N, channels, height, width) and got one "
                f"of shape {tuple(images.shape)}. Give it a batch axis: image[None], which is "
                "image.unsqueeze(0)."
            )
        if images.dim() != 4:
            raise UsageError(
                f"{self.name} takes a batch of images (N, channels, height, width) and got a "
                f"tensor of shape {tuple(images.shape)}."
            )
        if images.shape[1] != self.in_channels:
            raise UsageError(
                f"{self.name} was built for images with in_channels={self.in_channels} and got "
                f"{images.shape[1]} channels (shape {tuple(images.shape)}). Build it with "
                f"build({self.name!r}, in_channels={images.shape[1]})."
            )
        if not images.is_floating_point():
            kind = str(images.dtype).removeprefix("torch.")
            raise UsageError(
                f"{self.name} computes with floating-point numbers and got {kind} images. "
                "Convert them first: images.float() / 255, then normalized as for training."
            )

    def _reason(self, images: Tensor, error: Exception) -> UsageError | None:
        """Why `images` made the computation fail, if it is their number or size."""
        if "more than 1 value per channel" in str(error):
            return UsageError(
                f"{self.name} cannot train on a batch of {len(images)} image(s) of this size: "
                "batch norm needs more than one value per channel. Use a larger batch, or "
                "network.eval() to predict."
            )
        height, width = images.shape[2:]
        return self._size_problem(int(height), int(width))

    def _size_problem(self, height: int, width: int) -> UsageError | None:
        """What is wrong with images of this size, or None."""
        shadow = without_weights(self)
        failed = first_failure(shadow, self.in_channels, height, width)
        if failed is None:
            return None
        if isinstance(failed.layer, nn.Linear):
            remedy = f", or build it with size={height}" if height == width else ""
            return UsageError(
                f"{self.name} was built for images of {self.size}×{self.size} and got "
                f"{height}×{width}. Resize the images{remedy}."
            )
        shortage = find_shortage(shadow, self.in_channels, failed, (height, width))
        return None if shortage is None else OutOfPixelsError(shortage, self.name, self.native)


def at_least_one(argument: str, value: float) -> None:
    """Refuse a count below 1.

    Raises:
        UsageError: `value` is below 1 or no whole number.
    """
    if value < 1 or int(value) != value:
        raise UsageError(f"{argument} must be a whole number of at least 1, not {value}.")


def scale_channels(channels: int, width: float) -> int:
    """The number of channels under a width multiplier, at least 1.

    Raises:
        UsageError: `width` is not above 0.
    """
    if width <= 0:
        raise UsageError(f"width must be above 0 (1.0 is the paper's), not {width}.")
    return max(1, int(channels * width))
