"""Ways to compute the same probabilities: PyTorch in two precisions, and ONNX Runtime."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from convscope.errors import UsageError
from convscope.evaluation.torch_engine import EngineOutput, TorchEngine
from convscope.runs.model import Model
from convscope.runtime.execution import Precision
from convscope.shipping.export.format import OPSET

NAMES = ("float32", "bfloat16", "onnx")
TITLES = {
    "float32": "PyTorch float32",
    "bfloat16": "PyTorch bfloat16",
    "onnx": "ONNX Runtime float32",
}


class Engine(Protocol):
    """One way to compute a network.

    Attributes:
        name: One of `NAMES`.
    """

    name: str

    def run(self, images: NDArray[np.uint8]) -> EngineOutput:
        """Probabilities of decoded images (N, C, size, size), and which are unknown."""


def make_engine(name: str, model: Model, device: torch.device) -> Engine:
    """The engine of that name.

    Args:
        name: One of `NAMES`.
        model: In evaluation mode; is left as it is.
        device: Where PyTorch computes. ONNX Runtime computes on the processor.

    Raises:
        UsageError: ONNX Runtime isn't installed.
    """
    if name == "onnx":
        return OnnxEngine(export_onnx(model))
    precision: Precision = "bfloat16" if name == "bfloat16" else "float32"
    return TorchEngine(model, device, precision)


def export_onnx(model: Model) -> bytes:
    """A network as ONNX Runtime reads it.

    Raises:
        UsageError: ONNX Runtime isn't installed.
    """
    try:
        import onnxruntime  # noqa: F401 - both or none

        from convscope.shipping.export.body import export_network
    except ImportError:
        raise UsageError(
            "The engine 'onnx' needs ONNX Runtime: pip install 'convscope[onnx]'."
        ) from None
    return bytes(export_network(model, OPSET).SerializeToString())


class OnnxEngine:
    """ONNX Runtime on the processor, in float32.

    Args:
        content: What `export_onnx` gave.
    """

    name = "onnx"

    def __init__(self, content: bytes) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3  # errors
        # Threads that spin while they wait would take the processor from decoding.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"]
        )

    def run(self, images: NDArray[np.uint8]) -> EngineOutput:
        """Probabilities of decoded images, as `Engine.run` gives them."""
        inputs = {"pixels": images.astype(np.float32)}
        probabilities, unknown = self._session.run(["probabilities", "unknown"], inputs)
        return EngineOutput(torch.from_numpy(probabilities), torch.from_numpy(unknown))
