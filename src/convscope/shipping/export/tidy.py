"""Names in a graph that a person can follow, and nothing of the machine that it was made on."""

from __future__ import annotations

import ast
from collections import Counter

import onnx

SCOPES = "pkg.torch.onnx.name_scopes"


def tidy(model: onnx.ModelProto) -> None:
    """Name nodes and tensors after the layers they came from; drop the exporter's notes.

    The exporter keeps, with every node, the stack of the Python code that called for it, which
    gives away paths of the machine.

    Args:
        model: Changed in place. Inputs, outputs and weights keep their names; other tensors get
            names with a slash or a dot, so that none meets those of `preprocessing`.
    """
    graph = model.graph
    kept = {value.name for value in (*graph.input, *graph.output)}
    names = {
        tensor.name: tensor.name if tensor.name.startswith("network.") else f"answer.{tensor.name}"
        for tensor in graph.initializer
    }
    taken: Counter[str] = Counter()
    for node in graph.node:
        place = f"{_layer(node)}/{node.op_type}"
        taken[place] += 1
        node.name = place if taken[place] == 1 else f"{place}_{taken[place]}"
        for number, output in enumerate(node.output):
            if output not in kept:
                names[output] = node.name if number == 0 else f"{node.name}:{number}"
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    for tensor in graph.initializer:
        tensor.name = names[tensor.name]
        tensor.ClearField("metadata_props")
        tensor.ClearField("doc_string")
    for value in (*graph.input, *graph.output):
        value.ClearField("metadata_props")
    graph.ClearField("value_info")  # shapes, under the old names; any reader infers them
    graph.ClearField("metadata_props")


def _layer(node: onnx.NodeProto) -> str:
    """The path of the module that called for a node, or "answer" for what is around the network."""
    for note in node.metadata_props:
        if note.key == SCOPES:
            scopes = ast.literal_eval(note.value)[:-1]  # the last is the operation
            return scopes[-1] if scopes and scopes[-1] else "answer"
    return "answer"
