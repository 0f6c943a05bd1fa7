"""What a training has learned so far: kernels of its first layer, their maps, and dead units."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convscope.studio.network.kernels import as_colours
from convscope.studio.network.planes import thumbnails
from convscope.studio.network.subject import InspectedSubject, SubjectRequest, read_pixels
from convscope.studio.numbers import send_array
from convscope.studio.refusals import refuse
from convscope.studio.train.progress import newest_checkpoint
from convscope.studio.train.silent_units import count_silent_units

if TYPE_CHECKING:
    from torch import nn

    from convscope.graph.graph import Graph, Node

MOST = 64
"""Kernels of one answer."""


def show_checkpoint(folder: Path, image: str) -> dict[str, Any]:
    """Kernels and maps of the first convolution of a run's newest checkpoint, and its dead units.

    Args:
        folder: Of the run.
        image: Name of an image that is there.

    Raises:
        Refused: There is no checkpoint yet, or it can't be opened.
    """
    from convscope.errors import ConvscopeError
    from convscope.graph.capture import capture
    from convscope.inspection.kernels.layer_kernels import layer_kernels
    from convscope.inspection.open.image import open_image
    from convscope.runtime.usual_settings import usual_settings

    if newest_checkpoint(folder) is None or not (folder / "model.safetensors").is_file():
        raise refuse("refused.train.checkpoint", run=folder.name)
    pixels = read_pixels(SubjectRequest(network=f"stored:{folder.name}", image=image))
    try:
        with usual_settings():
            opened = open_image(folder, pixels, device="cpu")
            step = _load_newest(folder, opened.network)
            graph = capture(opened.network, opened.pixels)
            dead = count_silent_units(opened)
    except (ConvscopeError, OSError) as error:
        raise refuse("refused.network.open", name=folder.name, reason=str(error)) from None
    first = next((node for node in graph if node.kind == "convolution"), None)
    kernels = None if first is None else layer_kernels(graph, first)
    subject = InspectedSubject(folder.name, True, True, opened, graph)
    sent = None if kernels is None or first is None else _send_kernels(kernels, graph, first)
    return {
        "step": step,
        "image_name": image,
        "dead": dead,
        "image": send_array(opened.visible_image()),
        "layer": None if first is None else first.name,
        "maps": None if first is None else thumbnails(subject, first.name, 0),
        "kernels": sent,
    }


def _load_newest(folder: Path, network: nn.Module) -> int | None:
    """Give a network the weights of the newest checkpoint; gives its step.

    Raises:
        ConvscopeError: It can't be used.
    """
    from convscope.errors import ConvscopeError
    from convscope.runs.checkpoint import load_checkpoint_weights

    step = newest_checkpoint(folder)
    while True:
        try:
            file = folder / "checkpoints" / f"step-{step or 0:08d}.safetensors"
            load_checkpoint_weights(file, network)
        except ConvscopeError:
            newer = newest_checkpoint(folder)
            if newer == step:
                raise
            step = newer  # a training that goes on keeps the last two
        else:
            return step


def _send_kernels(kernels: NDArray[np.float64], graph: Graph, layer: Node) -> dict[str, Any]:
    """Kernels as images: of the image's three colours in colours, else of the first channel."""
    channels, largest = kernels.shape[1], float(abs(kernels).max())
    in_colours = channels == 3 and layer.inputs[0] is graph.input
    some = kernels[:MOST]
    return {
        "count": len(kernels),
        "channels": channels,
        "largest": largest,
        "in_colours": in_colours,
        "images": send_array(as_colours(some, largest) if in_colours else some[:, :1]),
    }
