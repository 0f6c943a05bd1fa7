"""The network's part of the file: from pixels to probabilities and "unknown"."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import warnings
from collections.abc import Iterator

import onnx
import torch
from torch import Tensor, nn
from torch.export import ExportedProgram
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode
from torch.nn.utils import parametrize

from convscope.errors import ConvscopeError
from convscope.evaluation.calibration import calibrate_probabilities
from convscope.evaluation.unknown import is_unknown
from convscope.runs.model import Model
from convscope.runtime.module_copy import copy_module
from convscope.runtime.module_output import main_logits
from convscope.runtime.quiet import quiet_torch
from convscope.shipping.export.preprocessing import IR_VERSION
from convscope.shipping.export.tidy import tidy

IS_DOUBLE = (
    "it computes in float64, and the file would in float32. Train it in float32: give it as "
    "network.float(), without .double() in its forward."
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


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
        _compute_parametrizations(self.network)
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
        return calibrate_probabilities(logits, self.card), is_unknown(logits, self.card)


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
    is_double = any(each.dtype == torch.float64 for each in model.network.parameters())
    try:
        with quiet_tools(), torch.no_grad():
            whole = PixelsToProbabilities(model)
            if is_double:
                whole(torch.zeros(2, *model.image_shape))  # the exporter may not see that it fails
            program = torch.onnx.export(
                _capture(whole, model.image_shape),
                dynamo=True,
                opset_version=opset,
                input_names=["pixels"],
                output_names=["probabilities", "unknown"],
                verbose=False,
            )
    except Exception as error:  # the exporter fails in as many ways as there are networks
        reason = IS_DOUBLE if is_double else _reason(error)
        raise ConvscopeError(f"This network can't be exported to ONNX: {reason}") from error
    if program is None:  # only for how it was called before, which the types still allow
        raise AssertionError
    exported = program.model_proto
    exported.ir_version = IR_VERSION
    tidy(exported)
    return exported


def _capture(module: nn.Module, image_shape: tuple[int, int, int]) -> ExportedProgram:
    """The computation for any number of images.

    First by running the module, which most get through; where Python asks for the number of images
    as a plain number, as `len(x)` does, by reading its code. Left to itself, the exporter would
    settle for the number of images in the example.

    Raises:
        Exception: Whatever the first way raised, if neither is one.
    """
    # Two images, because an axis of length one would be taken for a fixed one.
    example = (torch.zeros(2, *image_shape),)
    shapes = ({0: torch.export.Dim("N")},)
    try:
        return torch.export.export(module, example, dynamic_shapes=shapes, strict=False)
    except Exception as first:  # as many kinds as there are networks
        try:
            return torch.export.export(module, example, dynamic_shapes=shapes, strict=True)
        except Exception:  # what it says is about the tracer, not about the network
            raise first from None


def _compute_parametrizations(network: nn.Module) -> None:
    """Weights of a copy that are computed from others at every call become what they are."""
    for module in list(network.modules()):
        held = module.parametrizations if parametrize.is_parametrized(module) else None
        if isinstance(held, nn.ModuleDict):
            # PyTorch's remove_parametrizations changes the class, which the original has, too.
            values = {name: getattr(module, name).detach() for name in held}
            module.__class__ = parametrize.type_before_parametrizations(module)
            del module.parametrizations
            for name, value in values.items():
                module.register_parameter(name, nn.Parameter(value, requires_grad=False))


def _reason(error: BaseException) -> str:
    """What was at the root of an error, and what to do: sentences, without colours."""
    while error.__cause__ is not None:
        error = error.__cause__
    advice = (
        "Its forward must be made of operations on tensors that don't depend on the values in "
        "them, nor on how many images there are."
    )
    text = _COLOUR.sub("", str(error))
    if missing := re.search(r"No ONNX function found for <OpOverload\(op='([^']+)'", text):
        return f"ONNX has nothing for the operation {missing[1]}. Write it in others."
    if "specialized it to be a constant" in text:
        return f"it computes with a fixed number of images. {advice}"
    if "Constraints violated" in text:
        return (
            "what it does depends on how many images there are, as torch.cdist does unless its "
            f"compute_mode says how. {advice}"
        )
    if isinstance(error, GuardOnDataDependentSymNode):
        return f"what it does depends on numbers that it computes. {advice}"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    sentence = re.split(r"(?<=[.!?])\s", lines[0] if lines else type(error).__name__)[0]
    return f"{sentence}{'' if sentence.endswith(('.', '!', '?')) else '.'} {advice}"


@contextlib.contextmanager
def quiet_tools() -> Iterator[None]:
    """Keep back what exporter and quantizer say to their own developers."""
    root = logging.getLogger()  # which the quantizer uses for its advice
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        with (
            quiet_torch(),
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        root.setLevel(level)
