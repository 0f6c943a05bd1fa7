"""A trained network made ready to answer many images quickly."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from convscope.data.batches import Normalization
from convscope.evaluation.answer import Answers, answer
from convscope.runs.model_file import ModelCard
from convscope.runtime.execution import Execution, Precision
from convscope.runtime.folded import folded


class TorchEngine:
    """PyTorch, with batch normalization folded away and all weights in one precision.

    In float32 the answers are those of the network up to rounding. In bfloat16 probabilities move
    by a hundredth or so, and the class changes where two were nearly as probable.

    Args:
        network: In evaluation mode; is left as it is.
        card: What the network expects of images.
        device: Where to compute.
        precision: Of weights and activations.
    """

    def __init__(
        self, network: nn.Module, card: ModelCard, device: torch.device, precision: Precision
    ) -> None:
        self.name: str = precision
        self._execution = Execution(device, precision)
        # Autocast would convert the weights again for every batch.
        self._dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        self._network = self._execution.place(folded(network).to(self._dtype))
        self._normalization = Normalization(card.mean, card.std)
        self._card = card

    def answers(self, images: NDArray[np.uint8]) -> Answers:
        """What the model says of decoded images (N, C, size, size); on the CPU."""
        execution = self._execution
        # GPUs would otherwise shorten the factors of a convolution to 10 bits (TF32).
        exact = torch.backends.cudnn.flags(enabled=True, allow_tf32=False)
        with torch.inference_mode(), exact:
            inputs = self._normalization.apply(torch.from_numpy(images).to(execution.device))
            inputs = inputs.to(self._dtype).contiguous(memory_format=execution.memory_format)
            return answer(self._network(inputs).float().cpu(), self._card)
