"""What a trained network costs: parameters, MACs, time, and room on the disk."""

from __future__ import annotations

import statistics
import time
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from convscope.errors import UsageError
from convscope.evaluation.logits import evaluation_mode
from convscope.graph.capture import capture
from convscope.graph.count import FLOPS_PER_MAC, count_node_macs
from convscope.runs.model import Model
from convscope.runs.run import Run
from convscope.runtime.device import processor, synchronize

REPEATS = 20  # single images timed
PATIENCE = 1.0  # seconds for them, at most


@dataclass(frozen=True)
class ModelCost:
    """What a run's network costs.

    Attributes:
        parameters: Numbers that were learned.
        macs: For one image, forward: of convolutions, dense layers and matrix products.
        model_bytes: Size of model.safetensors.
        images_per_second: While evaluating: many images together, in float32.
        single_seconds: For one image by itself, from pixels on the device to logits: the median.
        device: Where these two were measured.
        epochs: Passes over the training images; None where the run has no metrics.
        training_seconds: Time they took, with the evaluating after each.
        training_images_per_second: Median over the epochs.
    """

    parameters: int
    macs: int
    model_bytes: int
    images_per_second: float
    single_seconds: float
    device: str
    epochs: int | None
    training_seconds: float | None
    training_images_per_second: float | None

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return asdict(self)


def measure_cost(
    model: Model, run: Run, images_per_second: float, device: torch.device
) -> ModelCost:
    """Count and time what a run's network costs.

    Args:
        model: The network is moved to the device.
        run: The run that trained it.
        images_per_second: As measured while evaluating.
        device: Where to time.
    """
    epochs = run.metrics("epoch")
    speeds = [epoch["images_per_second"] for epoch in epochs]
    image = torch.zeros(1, *model.image_shape, device=device)
    network = model.network.to(device)
    return ModelCost(
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        macs=count_macs(network, image),
        model_bytes=run.model_file.stat().st_size,
        images_per_second=images_per_second,
        single_seconds=_single_seconds(network, image),
        device=processor() if device.type == "cpu" else _accelerator(device),
        epochs=len(epochs) or None,
        training_seconds=epochs[-1]["seconds"] if epochs else None,
        training_images_per_second=statistics.median(speeds) if speeds else None,
    )


def count_macs(network: nn.Module, images: torch.Tensor) -> int:
    """MACs of a forward pass, as a trace counts them.

    Args:
        network: On the device of the images; is left as it is.
        images: (N, C, H, W); the count is for all of them.
    """
    try:
        graph = capture(network, tuple(images.shape))
    except UsageError:  # it can't be followed; PyTorch's counter overlooks some products
        with FlopCounterMode(display=False) as counter, evaluation_mode(network):
            network(images)
        return int(counter.get_total_flops()) // FLOPS_PER_MAC
    return sum(count_node_macs(node, graph.weights) for node in graph)


def _single_seconds(network: nn.Module, image: torch.Tensor) -> float:
    times: list[float] = []
    with evaluation_mode(network):
        network(image)  # the first pass also prepares
        began = time.perf_counter()
        while len(times) < REPEATS and time.perf_counter() - began < PATIENCE:
            start = time.perf_counter()
            network(image)
            synchronize(image.device)
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def _accelerator(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)
