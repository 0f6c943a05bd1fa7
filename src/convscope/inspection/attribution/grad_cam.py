"""Grad-CAM: where the last feature maps with a height and a width speak for a class."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.graph.graph import Graph, Node
from convscope.inspection.attribution.attribution import Attribution, as_heat
from convscope.inspection.feature_maps.feature_maps import feature_map_nodes


def grad_cam(network: nn.Module, image: Tensor, target: int) -> Attribution:
    """The maps of the last spatial layer, added up by what they do for the logit.

        heat = ReLU(Σ_k w_k A_k),   w_k = the mean over map k of ∂logit/∂A_k

    Selvaraju and others, "Grad-CAM", 2016, equations 1 and 2. The layer is found in the graph of
    the call: the last tensor that still has a height and a width and that the logit depends on,
    be it made by a module, a function, a sum or a concatenation, and be it overwritten later.

    Args:
        network: Maps (N, C, H, W) to logits (N, classes). Left as found.
        image: (1, C, H, W), normalized as for training.
        target: The class whose logit is explained.

    Raises:
        UsageError: No layer of the network has maps.
    """
    with torch.inference_mode(mode=False), torch.enable_grad():
        graph = capture(network, image, gradients=True)
        assert graph.result is not None  # noqa: S101 - it was asked for
        layer = last_spatial_layer(graph)
        assert layer.value is not None  # noqa: S101 - the images were real
        (gradient,) = graph.gradients(graph.result[0, target], [layer])  # (1, K, h, w)
        weights = gradient.mean(dim=(2, 3), keepdim=True)  # (1, K, 1, 1)
        heat = F.relu((weights * layer.value).sum(dim=1, keepdim=True))  # (1, 1, h, w)
    height, width = layer.shape[2:]
    large = F.interpolate(heat, size=image.shape[2:], mode="bilinear")[0, 0]
    note = (
        f"The {layer.shape[1]} maps of {height} × {width} of layer {layer.name!r}, the last with a "
        "height and a width, added up by how much each lifts the score."
    )
    if not heat.any():
        note += " Nowhere does their sum speak for this class."
    return Attribution(
        "grad-cam",
        as_heat(large),
        signed=False,
        facts={"layer": layer.name, "shape": list(layer.unit_shape)},
        note=note,
    )


def last_spatial_layer(graph: Graph) -> Node:
    """The last feature maps on the way to the output that are larger than 1×1.

    Args:
        graph: The graph of a call with images.

    Raises:
        UsageError: There are none behind a layer with weights.
    """
    needed = {graph.output}
    for node in reversed(graph.nodes):  # in the order of execution, so users come before
        if node in needed:
            needed |= set(node.inputs)
    learned = next((i for i, node in enumerate(graph) if node.parameters), len(graph))
    later = set(graph.nodes[learned:])
    found = [node for node in feature_map_nodes(graph) if node in needed & later]
    if not found:
        raise UsageError(
            f"Grad-CAM needs a layer whose output has a height and a width, and {graph.network} "
            "has none. Use saliency, integrated-gradients or occlusion."
        )
    return found[-1]
