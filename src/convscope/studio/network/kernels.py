"""The kernels of a convolution as small images."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.inspection.kernels.layer_kernels import layer_kernels
from convscope.studio.network.planes import AT_ONCE, find_layer
from convscope.studio.network.subject import InspectedSubject
from convscope.studio.numbers import send_array
from convscope.studio.refusals import refuse


def kernels(subject: InspectedSubject, name: str, channel: int) -> dict[str, Any]:
    """Kernels of a layer: all where an image of each shows it whole, else the slices of one.

    A kernel with one channel is one image, and one that meets the image's three colours is an image
    in colours as well; of any other, each channel's slice is an image. Where a layer
    has no kernels, "none" says why.

    Args:
        subject: The network and the image.
        name: The layer.
        channel: The kernel whose slices are wanted: that of the map with this number.

    Raises:
        Refused: There is no such layer or kernel.
    """
    node = find_layer(subject, name)
    if node.kind != "convolution" or len(node.shape) != 4:
        return {"layer": node.name, "kind": node.kind, "none": "none"}
    if "weight" not in node.parameters:
        return {"layer": node.name, "kind": node.kind, "none": "computed"}
    weights = layer_kernels(subject.graph, node)  # (kernels, channels, height, width)
    count, channels = weights.shape[:2]
    if not 0 <= channel < count:
        raise refuse("refused.network.channel", layer=node.name, given=channel, count=count)
    in_colours = channels == 3 and node.inputs[0] is subject.graph.input
    whole = in_colours or channels == 1
    planes = weights[:, 0] if channels == 1 else weights[channel]
    sent: dict[str, Any] = {
        "layer": node.name,
        "none": None,
        "count": count,
        "channels": channels,
        "size": list(weights.shape[2:]),
        "shows": "colours" if in_colours else "kernels" if whole else "slices",
        "kernel": channel,
        "first": 0,
        "largest": float(abs(weights).max()),
        "images": None,
    }
    if whole:
        sent["first"] = channel // AT_ONCE * AT_ONCE
    start = 0 if not whole or in_colours else sent["first"]
    sent["planes"] = send_array(planes[start : start + AT_ONCE])
    if in_colours:
        some = weights[sent["first"] : sent["first"] + AT_ONCE]
        sent["images"] = send_array(as_colours(some, sent["largest"]))
    return sent


def as_colours(weights: NDArray[np.float64], largest: float) -> NDArray[np.uint8]:
    """Weights of three channels as colours: 0 is grey, the largest weight is full.

    Args:
        weights: (kernels, 3, height, width).
        largest: The largest absolute weight of the layer.
    """
    return np.asarray(np.rint(127.5 + 127.5 * weights / (largest or 1.0)), np.uint8)
