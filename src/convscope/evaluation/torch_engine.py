"""A trained network made ready to predict many images quickly."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from convscope.evaluation.calibration import calibrate_probabilities
from convscope.evaluation.unknown import is_unknown
from convscope.runs.model import Model
from convscope.runtime.execution import Execution, Precision
from convscope.runtime.folded import fold_batch_norms
from convscope.runtime.module_output import main_logits


class EngineOutput(NamedTuple):
    """What an engine gives for N images; both on the CPU.

    Attributes:
        probabilities: (N, classes) float32, calibrated; each row adds up to 1.
        unknown: (N,) bool: whether the image looks like nothing the model was trained on.
    """

    probabilities: Tensor
    unknown: Tensor


class TorchEngine:
    """PyTorch, with batch normalization folded away and all weights in one precision.

    In float32 the probabilities are those of the network up to rounding. In bfloat16 they move by a
    hundredth or so, and the class changes where two were nearly as probable.

    Args:
        model: In evaluation mode; is left as it is.
        device: Where to compute.
        precision: The type of weights and activations.
    """

    def __init__(self, model: Model, device: torch.device, precision: Precision) -> None:
        self.name: str = precision
        self._execution = Execution(device, precision, layout=model.layout(device))
        # Autocast would convert the weights again for every batch.
        self._dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        tried = None if model.card.network else _try_images(model).to(device)
        self._network = self._execution.place(
            fold_batch_norms(model.network, tried).to(self._dtype)
        )
        self._normalization = model.normalization
        self._card = model.card
        # A module of somebody's own may compute a gradient in its forward pass.
        self._without_gradients = torch.inference_mode if model.card.network else torch.no_grad

    def run(self, images: NDArray[np.uint8]) -> EngineOutput:
        """Probabilities of decoded images (N, C, size, size), and which are unknown."""
        execution = self._execution
        # GPUs would otherwise shorten the factors of a convolution to 10 bits (TF32).
        exact = torch.backends.cudnn.flags(enabled=True, allow_tf32=False)
        with self._without_gradients(), exact:
            inputs = self._normalization.apply(torch.from_numpy(images).to(execution.device))
            inputs = execution.lay_out(inputs.to(self._dtype))
            logits = main_logits(self._network(inputs)).float().cpu()
            return EngineOutput(
                calibrate_probabilities(logits, self._card), is_unknown(logits, self._card)
            )


def _try_images(model: Model) -> Tensor:
    return torch.randn(2, *model.image_shape, generator=torch.Generator().manual_seed(0))
