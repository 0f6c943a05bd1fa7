"""What a training has learned so far: the kernels of its first layer, and their feature maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from convscope.runs.checkpoint import Checkpoint, latest_checkpoint
from convscope.studio.network.planes import thumbnails
from convscope.studio.network.subject import InspectedSubject, SubjectRequest, read_pixels
from convscope.studio.numbers import send_array
from convscope.studio.refusals import refuse

MOST = 64
"""Kernels of one answer."""


def show_checkpoint(folder: Path, image: str) -> dict[str, Any]:
    """Kernels and maps of the first convolution of a run's newest checkpoint.

    Args:
        folder: Of the run.
        image: Name of an image that is there.

    Raises:
        Refused: There is no checkpoint yet, or it can't be opened.
    """
    from convscope.errors import ConvscopeError
    from convscope.graph.capture import capture
    from convscope.inspection.open.image import open_image
    from convscope.runtime.usual_settings import usual_settings

    if not (folder / "model.safetensors").is_file():
        raise refuse("refused.train.checkpoint", run=folder.name)
    pixels = read_pixels(SubjectRequest(network=f"stored:{folder.name}", image=image))
    try:
        checkpoint = latest_checkpoint(folder / "checkpoints")
        if checkpoint is None:
            raise refuse("refused.train.checkpoint", run=folder.name)
        with usual_settings():
            opened = open_image(folder, pixels, device="cpu")
            opened.network.load_state_dict(_weights(checkpoint))
            graph = capture(opened.network, opened.pixels)
    except (ConvscopeError, OSError, RuntimeError, KeyError) as error:
        reason = " ".join(str(error).split())[:200]
        raise refuse("refused.network.open", name=folder.name, reason=reason) from None
    first = next((node for node in graph if node.kind == "convolution"), None)
    kernels = _first_kernels(opened.network)
    subject = InspectedSubject(folder.name, True, True, opened, graph)
    return {
        "step": checkpoint.state["step"],
        "epoch": checkpoint.state.get("epoch"),
        "image": send_array(opened.visible_image()),
        "layer": None if first is None else first.name,
        "maps": None if first is None else thumbnails(subject, first.name, 0),
        "kernels": None if kernels is None else send_array(kernels[:MOST, :3]),
        "count": 0 if kernels is None else len(kernels),
        "channels": 0 if kernels is None else kernels.shape[1],
    }


def _weights(checkpoint: Checkpoint) -> dict[str, Any]:
    """The weights that are evaluated: the average's where the run keeps one."""
    for part in ("average.", "network."):
        found = {
            name.removeprefix(part): tensor
            for name, tensor in checkpoint.tensors.items()
            if name.startswith(part)
        }
        if found:
            return found
    return {}


def _first_kernels(network: Any) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """The kernels of the first convolution, (output channels, input channels, height, width)."""
    from torch import nn

    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            return module.weight.detach().double().cpu().numpy()
    return None
