"""The network's part of the file: from pixels to probabilities and "unknown"."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator

import onnx
import torch
from torch import Tensor, nn

from convscope.errors import ConvscopeError
from convscope.evaluation.calibration import calibrated_probabilities
from convscope.evaluation.unknown import is_unknown
from convscope.runs.model import Model
from convscope.runtime.module_copy import copy_module
from convscope.runtime.module_output import main_logits
from convscope.shipping.export.preprocessing import IR_VERSION
from convscope.shipping.export.tidy import tidy


class PixelsToProbabilities(nn.Module):
    """A network with its normalization, temperature and rejection, to be exported together.

    Args:
        model: The network is copied; the card has normalization, temperature and threshold.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.network = copy_module(model.network).cpu().float().eval()
        self.card = model.card
        mean = torch.tensor(model.card.mean).view(-1, 1, 1)
        std = torch.tensor(model.card.std).view(-1, 1, 1)
        # The two operations of data.batches.Normalization, in its order.
        self.register_buffer("scale", 1 / (255 * std))
        self.register_buffer("shift", mean / std)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """From pixels float (N, C, size, size), 0 to 255, to probabilities.

        Returns:
            Probabilities float32 (N, classes) and whether each image is unknown, bool (N,).
        """
        logits = main_logits(self.network(pixels * self.scale - self.shift))
        return calibrated_probabilities(logits, self.card), is_unknown(logits, self.card)


def export_network(model: Model, opset: int) -> onnx.ModelProto:
    """Export a network with its normalization, temperature and rejection; the batch is free.

    Args:
        model: Its network may be in any mode, on any device; it is left as it was.
        opset: Version of the ONNX operators.

    Returns:
        A model from `pixels` to `probabilities` and `unknown`.

    Raises:
        ConvscopeError: The network does something that can't be exported.
    """
    # Two images, because an axis of length one would be taken for a fixed one.
    example = torch.zeros(2, *model.image_shape)
    try:
        with quiet_tools(), torch.no_grad():
            program = torch.onnx.export(
                PixelsToProbabilities(model),
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
    exported = program.model_proto
    exported.ir_version = IR_VERSION
    tidy(exported)
    return exported


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
