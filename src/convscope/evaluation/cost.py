"""What a trained network costs: parameters, multiply–adds, time, and room on the disk."""

from __future__ import annotations

import statistics
import time
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from convscope.evaluation.measure import answering
from convscope.runs.model_file import ModelCard
from convscope.runs.run import Run
from convscope.runtime.device import processor, synchronize

REPEATS = 20  # single pictures timed
PATIENCE = 1.0  # seconds for them, at most


@dataclass(frozen=True)
class Cost:
    """What a run's network costs.

    Attributes:
        parameters: Numbers that were learned.
        multiply_adds: For one picture, forward: of convolutions, dense layers and matrix products.
        model_bytes: Size of model.safetensors.
        pictures_per_second: While judging: many pictures together, in float32.
        single_seconds: For one picture by itself, from pixels on the device to logits: the median.
        device: Where these two were measured.
        epochs: Passes over the training pictures; None where the run has no metrics.
        training_seconds: Time they took, with the judging after each.
        training_pictures_per_second: Median over the epochs.
    """

    parameters: int
    multiply_adds: int
    model_bytes: int
    pictures_per_second: float
    single_seconds: float
    device: str
    epochs: int | None
    training_seconds: float | None
    training_pictures_per_second: float | None

    def as_json(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return asdict(self)


def measure_cost(
    run: Run, network: nn.Module, card: ModelCard, pictures_per_second: float, device: torch.device
) -> Cost:
    """Count and time what a run's network costs.

    Args:
        run: Whose network it is.
        network: Is moved to the device.
        card: Size and channels of its pictures.
        pictures_per_second: As measured while judging.
        device: Where to time.
    """
    epochs = run.metrics("epoch")
    speeds = [epoch["pictures_per_second"] for epoch in epochs]
    picture = torch.zeros(1, card.channels, card.size, card.size, device=device)
    network.to(device)
    return Cost(
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        multiply_adds=count_multiply_adds(network, picture),
        model_bytes=run.model_file.stat().st_size,
        pictures_per_second=pictures_per_second,
        single_seconds=_single_seconds(network, picture),
        device=processor() if device.type == "cpu" else _accelerator(device),
        epochs=len(epochs) or None,
        training_seconds=epochs[-1]["seconds"] if epochs else None,
        training_pictures_per_second=statistics.median(speeds) if speeds else None,
    )


def count_multiply_adds(network: nn.Module, pictures: torch.Tensor) -> int:
    """Multiply–adds of a forward pass; one is two of the operations that PyTorch counts.

    Args:
        network: On the device of the pictures.
        pictures: (N, C, H, W); the count is for all of them.
    """
    with FlopCounterMode(display=False) as counter, answering(network):
        network(pictures)
    return int(counter.get_total_flops()) // 2


def _single_seconds(network: nn.Module, picture: torch.Tensor) -> float:
    times: list[float] = []
    with answering(network):
        network(picture)  # the first pass also prepares
        began = time.perf_counter()
        while len(times) < REPEATS and time.perf_counter() - began < PATIENCE:
            start = time.perf_counter()
            network(picture)
            synchronize(picture.device)
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def _accelerator(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)
