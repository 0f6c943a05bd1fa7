"""How a network is executed: in which precision and by which algorithms, chosen by measuring.

bfloat16 halves the memory traffic and, on processors with matrix units for it, multiplies the
speed of convolutions; on others it falls back to kernels that are many times slower. So a short
probe takes a few training steps of the real network on real images, and picks the fastest way
whose loss and gradient agree with plain float32.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import torch
import torch.nn.functional as F
from torch import nn

from convscope.runtime.convolution_plan import Plan, make_plan, record_layers, use_plan
from convscope.runtime.dead_taps import ZeroDeadTaps
from convscope.runtime.device import synchronize
from convscope.runtime.matrix_convolution import Layer

Precision: TypeAlias = Literal["float32", "bfloat16"]

FEW_IMAGES = 32  # of a batch, while it isn't known yet how slow a step is
QUICK_STEP = 0.05  # seconds: a step this quick is timed on the whole batch
TIMING_SECONDS = 0.25  # for each precision
LONG_STEP = 0.2  # seconds: a step this long isn't held up by threads that wait for one another
LOSS_TOLERANCE = 0.02  # relative difference of the loss from float32's
SHARE_OF_CHANCE = 0.5  # of the change that another batch makes to the gradient's direction


@dataclass(frozen=True)
class Execution:
    """A way to execute a network.

    Attributes:
        device: Where it runs.
        precision: "float32", or "bfloat16" for autocast (weights and sums stay float32).
        threads: On the processor; None leaves PyTorch's setting.
        plan: Convolutions that are computed as matrix products.
        reason: Why this way, in one line with the figures.
    """

    device: torch.device
    precision: Precision
    threads: int | None = None
    plan: Plan = field(default_factory=dict)
    reason: str = "as asked"

    @property
    def memory_format(self) -> torch.memory_format:
        """How images and kernels are stored: channels innermost, which convolutions prefer."""
        return torch.channels_last

    @contextmanager
    def forward_pass(self) -> Iterator[None]:
        """The context for the forward pass; what it decides holds for the backward pass, too."""
        planned = use_plan(self.plan) if self.plan else nullcontext()
        writes_all = self.precision == "float32" or self.device.type != "cpu"
        zeroed = nullcontext() if writes_all else ZeroDeadTaps()
        with autocast(self.device, self.precision), planned, zeroed:
            yield

    @contextmanager
    def using_threads(self) -> Iterator[None]:
        """The context in which this many threads compute; then as many as before."""
        before = torch.get_num_threads()
        torch.set_num_threads(self.threads or before)
        try:
            yield
        finally:
            torch.set_num_threads(before)

    def place(self, network: nn.Module) -> nn.Module:
        """Move the network to the device, in the memory format; returns it."""
        return network.to(device=self.device, memory_format=self.memory_format)  # type: ignore[call-overload, no-any-return]

    def __str__(self) -> str:
        return f"{self.device.type}, {self.precision}: {self.reason}"


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[Any]:
    """The context in which a network computes with this precision."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


def choose_execution(
    network: nn.Module,
    images: torch.Tensor,
    labels: torch.Tensor,
    device: torch.device,
    precision: Precision | Literal["auto"] = "auto",
    threads: int | None = None,
) -> Execution:
    """The fastest correct way to train this network on this machine.

    Args:
        network: Is copied; the copies are trained a few steps.
        images: A batch as training will give it, (N, C, H, W) float32.
        labels: (N,) class numbers, or (N, classes) shares.
        device: Where training will run.
        precision: "auto" measures; one of the names is taken as it is.
        threads: None measures; a number is taken as it is.
    """
    is_measured = threads is None and device.type == "cpu"
    if is_measured:
        threads = _choose_threads(network, images, labels)
    with Execution(device, "float32", threads).using_threads():
        chosen = _choose_algorithms(network, images, labels, device, precision)
    if is_measured and threads == 1 < torch.get_num_threads():
        reason = f"{chosen.reason}; one thread measured to be faster than {torch.get_num_threads()}"
        chosen = replace(chosen, reason=reason)
    return replace(chosen, threads=threads)


def _choose_threads(network: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> int:
    """All threads, or a single one if that is faster.

    Threads wait for one another after every operation. Where operations are small and another
    program holds one of the processors for a moment, that waiting can take most of the time.
    """
    everything = torch.get_num_threads()
    if everything == 1:
        return 1
    plain = Execution(torch.device("cpu"), "float32")
    few, few_labels = images[:FEW_IMAGES], labels[:FEW_IMAGES]
    with torch.random.fork_rng(devices=[]):
        speed = _speed(network, plain, few, few_labels)
        if len(few) / speed > LONG_STEP:
            return everything
        with replace(plain, threads=1).using_threads():
            alone = _speed(network, plain, few, few_labels)
    return 1 if alone > speed else everything


def _choose_algorithms(
    network: nn.Module,
    images: torch.Tensor,
    labels: torch.Tensor,
    device: torch.device,
    precision: Precision | Literal["auto"],
) -> Execution:
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        chosen = _choose_precision(network, images, labels, device, precision)
        if device.type != "cpu":
            return chosen
        layers: set[Layer] = set()
        trained = chosen.place(copy.deepcopy(network)).train()
        with torch.no_grad(), autocast(device, chosen.precision), record_layers(layers):
            trained(images[:2])
        plan = make_plan(layers, len(images))
    if not plan:
        return chosen
    planned = "1 layer" if len(plan) == 1 else f"{len(plan)} layers"
    reason = f"{chosen.reason}; by matrix products where measured to be faster: {planned}"
    return replace(chosen, plan=plan, reason=reason)


def _choose_precision(
    network: nn.Module,
    images: torch.Tensor,
    labels: torch.Tensor,
    device: torch.device,
    precision: Precision | Literal["auto"],
) -> Execution:
    if precision != "auto":
        return Execution(device, precision)
    plain, short = Execution(device, "float32"), Execution(device, "bfloat16")
    if device.type == "mps":
        return replace(plain, reason="bfloat16 isn't tried on this kind of device")
    few = min(FEW_IMAGES, len(images) // 2)
    if few == 0:
        return replace(plain, reason="a batch of one image is too small to compare precisions")
    if not _agrees(network, plain, short, images[: 2 * few], labels[: 2 * few]):
        reason = "in bfloat16, rounding changes the gradient more than another batch would"
        return replace(plain, reason=reason)
    if few / _speed(network, plain, images[:few], labels[:few]) > QUICK_STEP:
        images, labels = images[:few], labels[:few]
    speeds = [_speed(network, execution, images, labels) for execution in (plain, short)]
    ratio = speeds[1] / speeds[0]
    measured = f"bfloat16 measured to be {ratio:.1f}× as fast as float32"
    return replace(short if ratio > 1 else plain, reason=measured)


def _agrees(
    network: nn.Module,
    plain: Execution,
    short: Execution,
    images: torch.Tensor,
    labels: torch.Tensor,
) -> bool:
    """Whether rounding harms less than chance does anyway.

    A gradient is always that of a batch, and another batch gives another. The gradient in the
    shorter precision may differ from float32's on the same images by a share of that.

    Args:
        network: Is copied.
        plain: The reference.
        short: What is to agree with it.
        images: Two batches, one after the other.
        labels: Of the images.
    """
    half = len(images) // 2
    first, second = (images[:half], labels[:half]), (images[half:], labels[half:])
    loss, gradient = _loss_and_gradient(network, plain, *first)
    short_loss, short_gradient = _loss_and_gradient(network, short, *first)
    _, other_gradient = _loss_and_gradient(network, plain, *second)
    if not abs(short_loss - loss) <= LOSS_TOLERANCE * abs(loss):
        return False
    by_rounding = 1 - F.cosine_similarity(gradient, short_gradient, dim=0)
    by_chance = 1 - F.cosine_similarity(gradient, other_gradient, dim=0)
    return bool(by_rounding <= SHARE_OF_CHANCE * by_chance)


def _loss_and_gradient(
    network: nn.Module, execution: Execution, images: torch.Tensor, labels: torch.Tensor
) -> tuple[float, torch.Tensor]:
    """Of one training step, the gradient as one long vector on the CPU."""
    trained = _copy_without_dropout(network, execution)
    loss = _step(trained, execution, images, labels)
    gradients = [p.grad.float().flatten() for p in trained.parameters() if p.grad is not None]
    return loss, torch.cat(gradients).cpu()


def _speed(
    network: nn.Module, execution: Execution, images: torch.Tensor, labels: torch.Tensor
) -> float:
    """Images per second in training steps, the quickest of some after a first one."""
    trained = _copy_without_dropout(network, execution)
    _step(trained, execution, images, labels)
    times: list[float] = []
    while len(times) < 2 or (sum(times) < TIMING_SECONDS and len(times) < 20):
        synchronize(execution.device)
        start = time.perf_counter()
        _step(trained, execution, images, labels)
        synchronize(execution.device)
        times.append(time.perf_counter() - start)
    return len(images) / min(times)


def _copy_without_dropout(network: nn.Module, execution: Execution) -> nn.Module:
    """A copy to train: with masks drawn anew, no two steps could be compared."""
    trained = execution.place(copy.deepcopy(network)).train()
    for module in trained.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.p = 0.0
    return trained


def _step(
    network: nn.Module, execution: Execution, images: torch.Tensor, labels: torch.Tensor
) -> float:
    """Forward and backward once; returns the loss."""
    images = images.to(execution.device, memory_format=execution.memory_format)
    network.zero_grad(set_to_none=True)
    with execution.forward_pass():
        logits = network(images)
    loss = F.cross_entropy(logits.float(), labels.to(execution.device))
    loss.backward()  # type: ignore[no-untyped-call]
    return loss.item()
