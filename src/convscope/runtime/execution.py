"""How a network is executed: precision and memory format, chosen by measuring.

bfloat16 halves the memory traffic and, on processors with matrix units for it, multiplies the
speed of convolutions; on others it falls back to kernels that are many times slower. So a short
probe takes a few training steps of the real network on real pictures, and picks the fastest way
whose loss and gradient agree with plain float32.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import torch
import torch.nn.functional as F
from torch import nn

from convscope.runtime.device import synchronize

Precision: TypeAlias = Literal["float32", "bfloat16"]

FEW_PICTURES = 16  # of a batch, while it isn't known yet how slow a step is
QUICK_STEP = 0.05  # seconds: a step this quick is timed on the whole batch
TIMING_SECONDS = 0.25  # per candidate
LOSS_TOLERANCE = 0.02  # relative difference of the loss from float32's
GRADIENT_COSINE = 0.95  # least cosine between the gradient and float32's, over all parameters


@dataclass(frozen=True)
class Execution:
    """A way to execute a network.

    Attributes:
        device: Where it runs.
        precision: "float32", or "bfloat16" for autocast (weights and sums stay float32).
        channels_last: Whether pictures and kernels are stored with channels innermost.
        reason: Why this way, in one line with the figures.
    """

    device: torch.device
    precision: Precision
    channels_last: bool
    reason: str = "asked for"

    @property
    def memory_format(self) -> torch.memory_format:
        """The format that pictures and network should have."""
        return torch.channels_last if self.channels_last else torch.contiguous_format

    def autocast(self) -> AbstractContextManager[Any]:
        """The context for the forward pass."""
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def place(self, network: nn.Module) -> nn.Module:
        """Move the network to the device, in the memory format; returns it."""
        return network.to(device=self.device, memory_format=self.memory_format)  # type: ignore[call-overload, no-any-return]

    def __str__(self) -> str:
        layout = "channels-last" if self.channels_last else "channels-first"
        return f"{self.device.type} {self.precision} {layout}"


@dataclass(frozen=True)
class Trial:
    """What one training step gave: its loss, its gradient (flat), and pictures per second."""

    loss: float
    gradient: torch.Tensor
    speed: float


def choose_execution(
    network: nn.Module,
    pictures: torch.Tensor,
    labels: torch.Tensor,
    device: torch.device,
    precision: Precision | Literal["auto"] = "auto",
) -> Execution:
    """The fastest correct way to train this network on this machine.

    Args:
        network: Is copied; the copy is trained a few steps.
        pictures: A batch as training will give it, (N, C, H, W) float32.
        labels: (N,) class numbers, or (N, classes) shares.
        device: Where training will run.
        precision: "auto" tries float32 and bfloat16; one of these names tries that alone.
    """
    precisions: list[Precision] = ["float32", "bfloat16"] if precision == "auto" else [precision]
    candidates = [
        Execution(device, candidate, channels_last)
        for candidate in precisions
        for channels_last in (False, True)
        if device.type != "mps" or candidate == "float32"
    ]
    plain = Execution(device, "float32", channels_last=False)
    few, few_labels = pictures[:FEW_PICTURES], labels[:FEW_PICTURES]
    with _randomness_untouched(device):
        reference = _try(network, plain, few, few_labels)
        if len(few) / reference.speed > QUICK_STEP:
            pictures, labels = few, few_labels
        else:
            reference = _try(network, plain, pictures, labels)
        trials = {plain: reference}
        for candidate in candidates:
            if candidate not in trials:
                trials[candidate] = _try(network, candidate, pictures, labels)
    right = [c for c in candidates if _agrees(trials[c], reference)] or [plain]
    best = max(right, key=lambda candidate: trials[candidate].speed)
    return Execution(
        device, best.precision, best.channels_last, _reason(best, plain, trials, right, precision)
    )


def _try(
    network: nn.Module, execution: Execution, pictures: torch.Tensor, labels: torch.Tensor
) -> Trial:
    trained = execution.place(copy.deepcopy(network)).train()
    for module in trained.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.p = 0.0  # each precision would draw another mask
    pictures = pictures.to(execution.device, memory_format=execution.memory_format)
    labels = labels.to(execution.device)

    def step() -> float:
        trained.zero_grad(set_to_none=True)
        with execution.autocast():
            logits = trained(pictures)
        loss = F.cross_entropy(logits.float(), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()

    loss = step()
    gradient = torch.cat(
        [p.grad.float().flatten() for p in trained.parameters() if p.grad is not None]
    ).cpu()
    times: list[float] = []
    while len(times) < 2 or (sum(times) < TIMING_SECONDS and len(times) < 20):
        synchronize(execution.device)
        start = time.perf_counter()
        step()
        synchronize(execution.device)
        times.append(time.perf_counter() - start)
    return Trial(loss, gradient, len(pictures) / min(times))


def _agrees(trial: Trial, reference: Trial) -> bool:
    """Whether a step gives the loss and the direction of descent that plain float32 gives."""
    if not abs(trial.loss - reference.loss) <= LOSS_TOLERANCE * abs(reference.loss):
        return False
    cosine = F.cosine_similarity(trial.gradient, reference.gradient, dim=0).item()
    return cosine >= GRADIENT_COSINE


def _reason(
    best: Execution,
    plain: Execution,
    trials: dict[Execution, Trial],
    right: list[Execution],
    asked: str,
) -> str:
    ratio = trials[best].speed / trials[plain].speed
    reason = f"measured {ratio:.1f}× as fast as plain float32"
    wrong = {c.precision for c in trials if c not in right} - {best.precision}
    if wrong and asked == "auto":
        reason += f"; {', '.join(sorted(wrong))} left out: its loss or gradient differed too much"
    return reason if asked == "auto" else f"{asked} as asked, {reason}"


@contextmanager
def _randomness_untouched(device: torch.device) -> Iterator[None]:
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        yield
