"""What a network is made of, and what it says about the image."""

from __future__ import annotations

from typing import Any

import numpy as np

from convscope.inspection.trace.layers import TracedLayer
from convscope.inspection.trace.trace import trace_graph
from convscope.studio.network.planes import why_no_planes
from convscope.studio.network.subject import InspectedSubject
from convscope.studio.notes import send_notes
from convscope.studio.numbers import send_array

MOST_CLASSES = 10
"""So many of the most probable classes are told."""


def overview(subject: InspectedSubject) -> dict[str, Any]:
    """Layers with shapes and costs, the image as the network gets it, and the answer."""
    opened, graph = subject.opened, subject.graph
    traced = trace_graph(graph)
    return {
        "name": subject.name,
        "trained": subject.trained,
        "normalized": subject.normalized,
        "image": send_array(opened.visible_image()),
        "blocks": [_row(subject, block) for block in traced.blocks],
        "input": graph.input.name,
        "output": graph.output.name,
        "first": _first(subject),
        "parameters": traced.parameters,
        "macs": traced.macs,
        "notes": send_notes(graph.notes),
        "answer": answer(subject),
    }


def _row(subject: InspectedSubject, layer: TracedLayer) -> dict[str, Any]:
    """A layer, or a block with its layers."""
    node = None if layer.parts else subject.graph[layer.name]
    seen = layer.receptive_field
    row = layer.as_dict()
    return {
        "name": layer.name,
        "kind": layer.kind,
        "description": layer.description,
        "shape": row["output_shape"],
        "parameters": layer.parameters,
        "macs": layer.macs,
        "sees": None if seen is None else row["receptive_field"],
        "reason": None if node is None else why_no_planes(node),
        "parts": [_row(subject, part) for part in layer.parts],
    }


def _first(subject: InspectedSubject) -> str:
    """The first layer that is no copy of the image: the first convolution, where there is one."""
    nodes = [n for n in subject.graph if n.depends_on_images and why_no_planes(n) is None]
    convolutions = [node for node in nodes if node.kind == "convolution"]
    rest = [node for node in nodes if node is not subject.graph.input]
    return (convolutions or rest or nodes)[0].name


def answer(subject: InspectedSubject) -> dict[str, Any]:
    """The probabilities as predictions give them, or why there are none."""
    output, opened = subject.graph.output, subject.opened
    assert output.value is not None, "the image was real"  # noqa: S101
    if output.value.dim() != 2 or len(output.value) != 1:
        return {"reason": "shape", "shape": list(output.shape), "classes": []}
    scores = output.value[0].double()
    if output.kind == "softmax":
        shares = scores
    elif output.kind == "log softmax":
        shares = scores.exp()
    else:
        shares = (scores / opened.temperature).softmax(0)
    found = shares.numpy(force=True)
    if not np.isfinite(found).all():
        return {"reason": "numbers", "shape": list(output.shape), "classes": []}
    order = np.argsort(-found, kind="stable")[:MOST_CLASSES]
    names = opened.classes
    classes = [
        {"number": int(i), "name": names[i] if names else None, "probability": float(found[i])}
        for i in order
    ]
    return {"reason": None, "count": len(found), "classes": classes}
