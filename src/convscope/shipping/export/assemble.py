"""The whole file: preprocessing, network and class names in one ONNX graph, with a description."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from convscope.runs.model import Model
from convscope.runs.model_file import ModelCard
from convscope.shipping.export.body import export_network
from convscope.shipping.export.format import OPSET, UNKNOWN
from convscope.shipping.export.preprocessing import preprocessing
from convscope.version import __version__


def onnx_bytes(model: Model, opset: int = OPSET) -> bytes:
    """A trained network as the content of an ONNX file that takes raw images.

    The input is `images`, uint8 (N, height, width, 3): red, green and blue, as
    `numpy.asarray(image.convert("RGB"))` gives them; any number of images, and any height and
    width, the same for all of a batch. A network for grey images turns them grey by itself.
    Outputs are `labels` (N,), the name of the most probable class or "unknown"; `probabilities`
    float32 (N, classes); and `unknown` bool (N,).

    Args:
        model: Network and card; the network is left as it was.
        opset: Version of the ONNX operators.

    Raises:
        ConvscopeError: The network does something that can't be exported.
    """
    content: bytes = assemble(export_network(model, opset), model).SerializeToString()
    return content


def assemble(network_part: onnx.ModelProto, model: Model) -> onnx.ModelProto:
    """Put preprocessing before, and class names after, the exported network.

    Args:
        network_part: From `export_network`; may have been quantized since.
        model: Named in the description; its card has the class names.
    """
    card = model.card
    opset = next(each.version for each in network_part.opset_import if each.domain == "")
    first = preprocessing(card, opset)
    graph = helper.make_graph(
        [*first.graph.node, *network_part.graph.node, *_naming(len(card.classes))],
        "convscope",
        list(first.graph.input),
        [
            helper.make_tensor_value_info("labels", TensorProto.STRING, ["N"]),
            helper.make_tensor_value_info(
                "probabilities", TensorProto.FLOAT, ["N", len(card.classes)]
            ),
            helper.make_tensor_value_info("unknown", TensorProto.BOOL, ["N"]),
        ],
        [*network_part.graph.initializer, _names(card)],
    )
    whole = helper.make_model(
        graph,
        opset_imports=list(network_part.opset_import),
        ir_version=network_part.ir_version,
        producer_name="convscope",
        producer_version=__version__,
        doc_string=_description(model),
    )
    helper.set_model_props(whole, _metadata(model, opset))
    return whole


def _names(card: ModelCard) -> TensorProto:
    names = [*card.classes, UNKNOWN]
    return numpy_helper.from_array(np.array(names, dtype=object), "class_names")


def _naming(classes: int) -> list[onnx.NodeProto]:
    """From probabilities and unknown to names; "unknown" stands after the classes."""
    return [
        helper.make_node("ArgMax", ["probabilities"], ["best"], "best", axis=1, keepdims=0),
        helper.make_node("Constant", [], ["after_classes"], "after_classes", value_int=classes),
        helper.make_node("Where", ["unknown", "after_classes", "best"], ["number"], "number"),
        helper.make_node("Gather", ["class_names", "number"], ["labels"], "labels"),
    ]


FITTING = {
    "crop": "cutting out the central square",
    "pad": "making it square with black beside it",
    "stretch": "shrinking the longer side more",
}


def _description(model: Model) -> str:
    card = model.card
    trained = f", trained on {_data(card)}" if card.trained_on else ""
    return (
        f"{model.name}{trained}. Takes raw images, uint8 "
        "(N, height, width, 3) in red, green, blue, of any size; "
        f"{FITTING[card.fit]}, "
        f"resizing to {card.size} pixels, {'grey, ' if card.channels == 1 else ''}normalization, "
        "temperature, class names and the label 'unknown' are inside."
    )


def _data(card: ModelCard) -> str:
    """What it was trained on, without the folders above, which concern nobody else."""
    return Path(card.trained_on).name


def _metadata(model: Model, opset: int) -> dict[str, str]:
    card = model.card
    facts = {
        "classes": list(card.classes),
        "size": card.size,
        "channels": card.channels,
        "fit": card.fit,
        "grey_range": list(card.grey_range),
        "mean": list(card.mean),
        "std": list(card.std),
        "temperature": card.temperature,
        # Gaussians are large, and their numbers are in the graph.
        "rejection": card.rejection and card.rejection.model_dump(exclude={"gaussians"}),
        "opset": opset,
    }
    return {
        "network": model.name,
        "trained_on": _data(card),
        "convscope_version": __version__,
        **{name: json.dumps(value, ensure_ascii=False) for name, value in facts.items()},
    }
