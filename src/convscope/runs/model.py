"""A trained network together with its card: opened once, then handed on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import nn

from convscope.data.batches import Normalization
from convscope.errors import UsageError
from convscope.networks.weights import load_weights
from convscope.runs.model_file import ModelCard, read_model_file


@dataclass(frozen=True)
class Model:
    """A network, and what it takes to use it.

    Attributes:
        network: Maps normalized images (N, C, size, size) to logits (N, classes).
        card: Its classes, the images it expects, temperature, and when an image is unknown.
    """

    network: nn.Module
    card: ModelCard

    def __str__(self) -> str:
        shape = "×".join(map(str, self.image_shape))
        return f"{self.name}: {len(self.card.classes)} classes of images {shape}"

    @property
    def name(self) -> str:
        """The network's name in the catalog, or the class of a module that isn't in it."""
        return self.card.network or type(self.network).__name__

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of the images that the network takes."""
        return self.card.channels, self.card.size, self.card.size

    @property
    def normalization(self) -> Normalization:
        """What makes the network's input of uint8 images (N, C, H, W)."""
        return Normalization(self.card.mean, self.card.std)


def load_model(path: str | Path, module: nn.Module | None = None) -> Model:
    """The trained network of a model file, in evaluation mode, and its card.

    Args:
        path: A file that `save_model` wrote.
        module: The module to fill, where the catalog doesn't know the architecture.

    Raises:
        UsageError: No such file, no card, or weights of another architecture.
        ConvscopeError: The file is damaged.
    """
    content = read_model_file(path)
    network = content.card.build() if module is None else module
    try:
        load_weights(network, content.tensors)
    except UsageError as error:
        raise UsageError(f"Model file {str(path)!r}: {error}") from None
    return Model(network.eval().requires_grad_(requires_grad=False), content.card)
