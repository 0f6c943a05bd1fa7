"""The network's part of the file: from pixels to probabilities and "unknown"."""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import warnings
from collections.abc import Iterator

import onnx
import torch
from torch import Tensor, nn

from convscope.errors import ConvscopeError
from convscope.evaluation.answer import answer
from convscope.runs.model_file import ModelCard
from convscope.shipping.export.preprocessing import IR_VERSION
from convscope.shipping.export.tidy import tidy


class Answering(nn.Module):
    """A network between normalization and answer, so that all three are exported together.

    Args:
        network: Maps normalized images (N, C, H, W) to logits (N, classes); is copied.
        card: Normalization, temperature and when to reject.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, network: nn.Module, card: ModelCard) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).cpu().float().eval()
        self.card = card
        mean = torch.tensor(card.mean).view(-1, 1, 1)
        std = torch.tensor(card.std).view(-1, 1, 1)
        # The two operations of data.batches.Normalization, in its order.
        self.register_buffer("scale", 1 / (255 * std))
        self.register_buffer("shift", mean / std)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Answer pixels float (N, C, size, size) from 0 to 255.

        Returns:
            Probabilities float32 (N, classes) and whether each image is unknown, bool (N,).
        """
        logits = self.network(pixels * self.scale - self.shift)
        answers = answer(logits, self.card)
        return answers.probabilities, answers.unknown


def body(network: nn.Module, card: ModelCard, opset: int) -> onnx.ModelProto:
    """Export a network with its normalization, temperature and rejection; the batch is free.

    Args:
        network: In any mode, on any device; is left as it was.
        card: What the network needs besides its weights.
        opset: Version of the ONNX operators.

    Returns:
        A model from `pixels` to `probabilities` and `unknown`.

    Raises:
        ConvscopeError: The network does something that can't be exported.
    """
    # Two images, because an axis of length one would be taken for a fixed one.
    example = torch.zeros(2, card.channels, card.size, card.size)
    try:
        with quiet_tools(), torch.no_grad():
            program = torch.onnx.export(
                Answering(network, card),
                (example,),
                dynamo=True,
                opset_version=opset,
                input_names=["pixels"],
                output_names=["probabilities", "unknown"],
                dynamic_shapes=({0: torch.export.Dim("N")},),
                verbose=False,
            )
    except Exception as error:  # the exporter fails in as many ways as there are networks
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ConvscopeError(
            f"This network can't be exported to ONNX: {reason} Its forward must be made of "
            "operations on tensors that don't depend on the values in them."
        ) from error
    if program is None:  # only for how it was called before, which the types still allow
        raise AssertionError
    model = program.model_proto
    model.ir_version = IR_VERSION
    tidy(model)
    return model


@contextlib.contextmanager
def quiet_tools() -> Iterator[None]:
    """Keep back what exporter and quantizer say to their own developers."""
    # The quantizer uses the root of all loggers for its advice.
    names = ("root", "torch.onnx", "onnxscript", "onnx_ir")
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
