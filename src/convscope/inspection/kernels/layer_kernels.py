"""The kernels of any convolution of a network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convscope.errors import UsageError
from convscope.graph.graph import Graph, Node


def layer_kernels(graph: Graph, node: Node) -> NDArray[np.float64]:
    """The kernels of a convolution: (kernels, channels of the input, height, width).

    With groups, the channels are those of a kernel's own group.

    Args:
        graph: The network's.
        node: The layer.

    Raises:
        UsageError: It is no convolution over an image, or its kernels are computed on the way.
    """
    if node.kind != "convolution" or len(node.shape) != 4:
        raise UsageError(f"Layer {node.name!r} ({node.kind}) is no convolution: it has no kernels.")
    if "weight" not in node.parameters:
        raise UsageError(
            f"The kernels of layer {node.name!r} are computed on the way, and are no parameter."
        )
    weights: NDArray[np.float64] = (
        graph.weights[node.parameters["weight"]].detach().double().cpu().numpy()
    )
    return weights
