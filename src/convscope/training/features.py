"""Features of the frozen part of a network: what its new layer gets, computed once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from convscope.data.feature_batches import create_feature_file
from convscope.evaluation.logits import evaluation_mode
from convscope.runtime.execution import Execution
from convscope.runtime.module_output import main_logits


def ends_with(network: nn.Module, path: str, images: Tensor, execution: Execution) -> bool:
    """Whether the network's logits are what a layer returns, and nothing of it comes after.

    Args:
        network: On the device; is left as it is.
        path: Of the layer.
        images: A batch as the network takes it.
        execution: Precision and algorithms.
    """
    layer = network.get_submodule(path)
    taken: list[Tensor] = []
    with evaluation_mode(network), _noting_input(layer, taken), execution.forward_pass():
        logits = main_logits(network(images))
        return len(taken) == 1 and torch.equal(layer(taken[0]), logits)


def compute_features(
    network: nn.Module,
    path: str,
    passes: Sequence[Iterable[tuple[Tensor, Tensor]]],
    count: int,
    execution: Execution,
    file: Path,
) -> np.ndarray:
    """What a layer is given for every image, as a memory map float32 (passes, N, …).

    Args:
        network: On the device; computes in evaluation mode, and is left as it is.
        path: Of the layer, which is called once for a batch.
        passes: Batches of all images, in their order, once for each copy of them.
        count: N, the number of images.
        execution: Precision and algorithms.
        file: Where the map lies; replaced if it is there.

    Raises:
        ConvscopeError: There is no room for it.
    """
    features = None
    taken: list[Tensor] = []
    noting = _noting_input(network.get_submodule(path), taken)
    with evaluation_mode(network), noting, execution.forward_pass():
        for copy, batches in enumerate(passes):
            start = 0
            for images, _ in batches:
                network(images)
                found = taken.pop().float().cpu()
                if features is None:
                    shape = (len(passes), count, *found.shape[1:])
                    features = create_feature_file(file, shape)
                features[copy, start : start + len(found)] = found.numpy()
                start += len(found)
    if features is None:
        raise ValueError("there are no images")
    return features


@contextmanager
def _noting_input(layer: nn.Module, taken: list[Tensor]) -> Iterator[None]:
    """Within: what the layer is given is added to a list."""

    def note(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        taken.append(inputs[0])

    hook = layer.register_forward_pre_hook(note)
    try:
        yield
    finally:
        hook.remove()
