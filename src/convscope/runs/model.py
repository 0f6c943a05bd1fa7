"""A trained network together with its card: opened once, then handed on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from convscope.data.batches import Normalization
from convscope.errors import UsageError
from convscope.networks.network import Network
from convscope.networks.weights import load_weights, match_weights
from convscope.runs.model_file import ModelCard, read_model_file
from convscope.runs.own_module import check_is_module, with_shapes
from convscope.runtime.execution import Execution, Layout
from convscope.runtime.module_copy import copy_module
from convscope.runtime.usual_settings import in_usual_settings


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

    def layout(self, device: torch.device) -> Layout:
        """How its images are to be stored: channels last, unless the network fails on them.

        Args:
            device: Where it will be computed; the network is moved there.
        """
        if self.card.network:
            return "channels_last"  # as all of the catalog
        execution = Execution(device, "float32")
        network, images = execution.place(self.network), torch.zeros(2, *self.image_shape)
        try:
            with torch.no_grad(), torch.random.fork_rng(devices=[]):
                network(execution.lay_out(images))
        except RuntimeError:
            return "contiguous"
        return "channels_last"

    @property
    def normalization(self) -> Normalization:
        """What makes the network's input of uint8 images (N, C, H, W)."""
        return Normalization(self.card.mean, self.card.std)


@in_usual_settings
def load_model(path: str | Path, module: nn.Module | None = None) -> Model:
    """The trained network of a model file, in evaluation mode, and its card.

    Args:
        path: A file that `save_model` wrote.
        module: The module to fill, where the catalog doesn't know the architecture; a copy of it
            is filled, so that the caller's stays as it is.

    Raises:
        UsageError: No such file, no card, weights of another architecture, or a card whose
            images the network can't take.
        ConvscopeError: The file is damaged.
    """
    content = read_model_file(path)
    card = content.card
    try:
        if module is None:
            # The card may have been written by anyone: shapes are compared before memory is taken.
            match_weights(_sketch(card), content.tensors)
            network = card.build()
        else:
            check_is_module(module)
            network = with_shapes(copy_module(module), (card.channels, card.size, card.size))
        if isinstance(network, Network):
            network.check_image_size(card.size, card.size)
        load_weights(network, content.tensors)
    except UsageError as error:
        raise UsageError(f"Model file {str(path)!r}: {error}") from None
    return Model(network.eval().requires_grad_(requires_grad=False), card)


def _sketch(card: ModelCard) -> nn.Module:
    """The network of a card, without memory for its weights.

    Raises:
        UsageError: There is no such network, or none so large.
    """
    try:
        with torch.device("meta"):
            return card.build()
    except (RuntimeError, OverflowError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"network {card.network!r} can't be so large ({reason}).") from None
