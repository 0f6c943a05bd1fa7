"""Ways to compute the same logits: PyTorch in two precisions, and ONNX Runtime."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from convscope.data.batches import Normalization
from convscope.errors import UsageError
from convscope.runs.model_file import ModelCard
from convscope.runtime.execution import Execution, Precision
from convscope.runtime.folded import folded

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

    def logits(self, pictures: NDArray[np.uint8]) -> Tensor:
        """What the network says of decoded pictures.

        Args:
            pictures: (N, C, H, W), of the card's channels and size.

        Returns:
            (N, classes) float32, on the CPU.
        """


def make_engine(name: str, network: nn.Module, card: ModelCard, device: torch.device) -> Engine:
    """The engine of that name.

    Args:
        name: One of `NAMES`.
        network: In evaluation mode; is left as it is.
        card: What the network expects of pictures.
        device: Where PyTorch computes. ONNX Runtime computes on the processor.

    Raises:
        UsageError: ONNX Runtime isn't installed.
    """
    if name == "onnx":
        return OnnxEngine(network, card)
    precision: Precision = "bfloat16" if name == "bfloat16" else "float32"
    return TorchEngine(network, card, device, precision)


class TorchEngine:
    """PyTorch, with batch normalization folded away and all weights in one precision."""

    def __init__(
        self, network: nn.Module, card: ModelCard, device: torch.device, precision: Precision
    ) -> None:
        self.name: str = precision
        self._execution = Execution(device, precision)
        # Autocast would convert the weights again for every batch.
        self._dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        self._network = self._execution.place(folded(network).to(self._dtype))
        self._normalization = Normalization(card.mean, card.std)

    def logits(self, pictures: NDArray[np.uint8]) -> Tensor:
        """See `Engine`."""
        # GPUs would otherwise shorten the factors of a convolution to 10 bits (TF32).
        exact = torch.backends.cudnn.flags(enabled=True, allow_tf32=False)
        with torch.inference_mode(), exact:
            inputs = self._normalization.apply(
                torch.from_numpy(pictures).to(self._execution.device)
            )
            inputs = inputs.to(self._dtype).contiguous(memory_format=self._execution.memory_format)
            logits: Tensor = self._network(inputs)
            return logits.float().cpu()


class OnnxEngine:
    """ONNX Runtime on the processor, in float32."""

    name = "onnx"

    def __init__(self, network: nn.Module, card: ModelCard) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise UsageError(
                "The engine 'onnx' needs ONNX Runtime: pip install 'convscope[onnx]'."
            ) from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3  # errors
        # Threads that spin while they wait would take the processor from decoding.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        content = _exported(network, card)
        self._session = onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name
        self._normalization = Normalization(card.mean, card.std)

    def logits(self, pictures: NDArray[np.uint8]) -> Tensor:
        """See `Engine`."""
        inputs = self._normalization.apply(torch.from_numpy(pictures)).numpy()
        (logits,) = self._session.run(None, {self._input: inputs})
        return torch.from_numpy(logits)


def _exported(network: nn.Module, card: ModelCard) -> bytes:
    """The bare network, normalized pictures to logits, as an ONNX file in memory."""
    network = folded(network).cpu()
    example = torch.zeros(2, card.channels, card.size, card.size)
    with _quiet():
        program: Any = torch.onnx.export(
            network,
            (example,),
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("pictures")},),
            verbose=False,
        )
    buffer = io.BytesIO()
    program.save(buffer)
    return buffer.getvalue()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's remarks on packages that aren't installed and on its own future."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
