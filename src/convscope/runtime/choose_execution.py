"""Choose how to train a network on this machine, by measuring.

bfloat16 halves the memory traffic and, on processors with matrix units for it, multiplies the
speed of convolutions; on others it falls back to kernels that are many times slower. So a short
probe takes a few training steps of the real network on real images, and picks the fastest way
whose loss and gradient agree with plain float32. What it found is remembered (`known_speeds.py`),
and not measured again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope.networks.network import Network
from convscope.runtime.contention import BUSY, Contention
from convscope.runtime.convolution_plan import make_plan, record_layers
from convscope.runtime.device import synchronize
from convscope.runtime.execution import Execution, Precision, autocast
from convscope.runtime.kept_state import hooks_kept
from convscope.runtime.known_speeds import KnownSpeeds
from convscope.runtime.matrix_convolution import ConvolutionLayer
from convscope.runtime.module_copy import copy_module
from convscope.runtime.poison import poison_heap
from convscope.runtime.training_mode import into_training_mode
from convscope.runtime.training_step import training_loss
from convscope.runtime.trial import fitting_layout, no_bfloat16, shorten_reason, why_step_fails

FEW_IMAGES = 32  # of a batch, while it isn't known yet how slow a step is
FEWER_IMAGES = 16  # in their place, where steps are long
QUICK_STEP = 0.05  # seconds: a step this quick is timed on the whole batch
TIMING_SECONDS = 0.12  # for each precision
LONG_STEP = 0.2  # seconds: a step this long isn't held up by threads that wait for one another
LOSS_TOLERANCE = 0.02  # relative difference of the loss from float32's
SHARE_OF_CHANCE = 0.5  # of the change that another batch makes to the gradient's direction


@dataclass(frozen=True)
class _Probe:
    """What a probe takes steps with; the network is copied for each.

    Attributes:
        network: In any mode.
        images: (N, C, H, W) float32.
        labels: (N,) class numbers, or (N, classes) shares.
        label_smoothing: As in `runtime.training_step`.
        is_slow: Whether steps on few images are long for sure, so that fewer must do.
    """

    network: nn.Module
    images: Tensor
    labels: Tensor
    label_smoothing: float
    is_slow: bool = False

    def __len__(self) -> int:
        return len(self.images)

    def part(self, start: int, stop: int) -> _Probe:
        """The same on the images from `start` to before `stop`."""
        return replace(self, images=self.images[start:stop], labels=self.labels[start:stop])

    @property
    def few(self) -> int:
        """On how many images to try what may take long."""
        return FEWER_IMAGES if self.is_slow else FEW_IMAGES


def choose_execution(
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
    device: torch.device,
    precision: Precision | Literal["auto"] = "auto",
    threads: int | None = None,
    *,
    label_smoothing: float = 0.0,
) -> Execution:
    """The fastest correct way to train this network on this machine.

    Args:
        network: Is copied; the copies are trained a few steps.
        images: A batch as training will give it, (N, C, H, W) float32.
        labels: (N,) class numbers, or (N, classes) shares.
        device: Where training will run.
        precision: "auto" measures; one of the names is taken as it is.
        threads: None measures; a number is taken as it is.
        label_smoothing: Share of every label that training spreads over all classes.

    Raises:
        UsageError: The network can't be trained at all, or not in the precision that is asked for.
    """
    probe = _Probe(network, images, labels, label_smoothing)
    plain = Execution(device, "float32")
    if not isinstance(network, Network):  # those of the catalog take any layout
        plain = replace(plain, layout=fitting_layout(network, images[:2], labels[:2], device))
    is_measured = threads is None and device.type == "cpu"
    with hooks_kept(network):
        if device.type == "cpu":
            probe = replace(probe, is_slow=_is_slow(probe, plain))
        if is_measured:
            threads, is_remembered = _choose_threads(probe, plain)
            plain = replace(plain, is_remembered=is_remembered)
        with replace(plain, threads=threads).using_threads():
            chosen = _choose_algorithms(probe, plain, precision)
    if plain.layout == "contiguous":
        reason = f"{chosen.reason}; channels first, since the network fails on channels last"
        chosen = replace(chosen, reason=reason)
    if is_measured and threads == 1 < torch.get_num_threads():
        reason = f"{chosen.reason}; one thread measured to be faster than {torch.get_num_threads()}"
        chosen = replace(chosen, reason=reason)
    return replace(chosen, threads=threads)


def _is_slow(probe: _Probe, plain: Execution) -> bool:
    """Whether a step on few images is long, however well threads share it.

    Tried on two images by one thread, which no other program can make wait for its like.
    """
    two = probe.part(0, 2)
    with torch.random.fork_rng(devices=[]), replace(plain, threads=1).using_threads():
        alone = _speed(two, plain)
    return FEW_IMAGES / alone / torch.get_num_threads() > LONG_STEP


def _choose_threads(probe: _Probe, plain: Execution) -> tuple[int, bool]:
    """All threads, or a single one if that is faster; and whether that is remembered.

    Threads wait for one another after every operation. Where operations are small and another
    program holds one of the processors for a moment, that waiting can take most of the time.
    """
    everything = torch.get_num_threads()
    if everything == 1:
        return everything, True
    known = KnownSpeeds(probe.network, probe.images, probe.labels, plain.layout)
    threads = known.threads
    if threads is None:
        watched = Contention()
        threads = _measure_threads(probe, plain)
        if watched.share > BUSY:
            return threads, False
        known.keep_threads(threads)
    return threads, True


def _measure_threads(probe: _Probe, plain: Execution) -> int:
    everything = torch.get_num_threads()
    if probe.is_slow:
        return everything
    few = probe.part(0, probe.few)
    with torch.random.fork_rng(devices=[]):
        speed = _speed(few, plain)
        if len(few) / speed > LONG_STEP:
            return everything
        with replace(plain, threads=1).using_threads():
            alone = _speed(few, plain)
    return 1 if alone > speed else everything


def _choose_algorithms(
    probe: _Probe, plain: Execution, precision: Precision | Literal["auto"]
) -> Execution:
    device = plain.device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        chosen = _choose_precision(probe, plain, precision)
        if device.type != "cpu":
            return chosen
        layers: set[ConvolutionLayer] = set()
        trained = into_training_mode(chosen.place(copy_module(probe.network)))
        images = chosen.lay_out(probe.images[:2])
        with torch.no_grad(), autocast(device, chosen.precision), record_layers(layers):
            trained(images)
        plan = make_plan(layers, len(probe))
    if not plan:
        return chosen
    planned = "1 layer" if len(plan) == 1 else f"{len(plan)} layers"
    reason = f"{chosen.reason}; by matrix products where measured to be faster: {planned}"
    return replace(chosen, plan=plan, reason=reason)


def _choose_precision(
    probe: _Probe, plain: Execution, precision: Precision | Literal["auto"]
) -> Execution:
    short = replace(plain, precision="bfloat16")
    is_tried = precision != "float32" and not isinstance(probe.network, Network)
    if is_tried and plain.device.type != "mps":
        two = probe.part(0, 2)
        failure = why_step_fails(two.network, two.images, two.labels, short)
        if failure is not None and precision == "bfloat16":
            raise no_bfloat16(probe.network, failure)
        if failure is not None:
            reason = f"an operation of it has no form in bfloat16 ({shorten_reason(failure)})"
            return replace(plain, reason=reason)
    if precision != "auto":
        return replace(plain, precision=precision)
    if plain.device.type == "mps":
        return replace(plain, reason="bfloat16 isn't tried on this kind of device")
    few = min(probe.few, len(probe) // 2)
    if few == 0:
        return replace(plain, reason="a batch of one image is too small to compare precisions")
    known = KnownSpeeds(probe.network, probe.images, probe.labels, plain.layout)
    agrees = known.agrees
    if agrees is None:
        agrees = _agrees(probe.part(0, 2 * few), plain, short)
        known.keep_agreement(agrees=agrees)
    if not agrees:
        reason = "in bfloat16, rounding changes the gradient more than another batch would"
        return replace(plain, reason=reason)
    ratio = known.ratio
    if ratio is None:
        watched = Contention()
        ratio = _compare_speeds(probe, few, plain, short)
        if watched.share <= BUSY:
            known.keep_ratio(ratio)
        else:
            plain, short = (replace(each, is_remembered=False) for each in (plain, short))
        measured = f"bfloat16 measured to be {ratio:.1f}× as fast as float32"
    else:
        measured = f"bfloat16 measured before to be {ratio:.1f}× as fast as float32"
    return replace(short if ratio > 1 else plain, reason=measured)


def _compare_speeds(probe: _Probe, few: int, plain: Execution, short: Execution) -> float:
    """How many times as fast as `plain` the other precision is, on as many images as are quick."""
    first = probe.part(0, few)
    speed = _speed(first, plain)
    if few / speed > QUICK_STEP:
        return _speed(first, short) / speed
    return _speed(probe, short) / _speed(probe, plain)


def _agrees(probe: _Probe, plain: Execution, short: Execution) -> bool:
    """Whether rounding harms less than chance does anyway.

    A gradient is always that of a batch, and another batch gives another. The gradient in the
    shorter precision may differ from float32's on the same images by a share of that.

    Args:
        probe: Its images are taken as two batches, one after the other.
        plain: The reference.
        short: What is to agree with it.
    """
    half = len(probe) // 2
    first, second = probe.part(0, half), probe.part(half, len(probe))
    loss, gradient = _loss_and_gradient(first, plain)
    # Memory that a kernel forgets to write reads 0 on a fresh heap; in training it wouldn't.
    short_loss, short_gradient = _loss_and_gradient(first, short, poisoned=True)
    _, other_gradient = _loss_and_gradient(second, plain)
    if not abs(short_loss - loss) <= LOSS_TOLERANCE * abs(loss):
        return False
    by_rounding = 1 - F.cosine_similarity(gradient, short_gradient, dim=0)
    by_chance = 1 - F.cosine_similarity(gradient, other_gradient, dim=0)
    return bool(by_rounding <= SHARE_OF_CHANCE * by_chance)


def _loss_and_gradient(
    probe: _Probe, execution: Execution, *, poisoned: bool = False
) -> tuple[float, Tensor]:
    """The loss of one training step, and its gradient as one long vector on the CPU.

    Args:
        probe: What to take the step with.
        execution: How.
        poisoned: Fill the heap with NaN before.
    """
    trained = _copy_without_dropout(probe.network, execution)
    torch.manual_seed(0)  # layers that are left out at random are the same ones each time
    loss = _compute_gradients(trained, probe, execution, poisoned=poisoned)
    gradients = [
        (torch.zeros_like(p) if p.grad is None else p.grad).float().flatten()
        for p in trained.parameters()
    ]
    return loss, torch.cat(gradients).cpu()


def _speed(probe: _Probe, execution: Execution) -> float:
    """Images per second in training steps, the quickest of some after a first one.

    A long step is timed once, after one on two images: what disturbs it is short beside it.
    """
    trained = _copy_without_dropout(probe.network, execution)
    _compute_gradients(trained, probe.part(0, 2) if probe.is_slow else probe, execution)
    times: list[float] = []
    while not times or (sum(times) < TIMING_SECONDS and len(times) < 20):
        synchronize(execution.device)
        start = time.perf_counter()
        _compute_gradients(trained, probe, execution)
        synchronize(execution.device)
        times.append(time.perf_counter() - start)
    return len(probe) / min(times)


def _copy_without_dropout(network: nn.Module, execution: Execution) -> nn.Module:
    """A copy to train: with masks drawn anew, no two steps could be compared."""
    trained = into_training_mode(execution.place(copy_module(network)))
    for module in trained.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.p = 0.0
    return trained


def _compute_gradients(
    trained: nn.Module, probe: _Probe, execution: Execution, *, poisoned: bool = False
) -> float:
    """A training step as far as precision and threads matter: all but the weights' change.

    The weights stay as they are, so that every step is the same. Returns the loss.
    """
    images = execution.lay_out(probe.images)
    labels = probe.labels.to(execution.device)
    trained.zero_grad(set_to_none=True)
    loss, _ = training_loss(
        trained, images, labels, execution, label_smoothing=probe.label_smoothing
    )
    if poisoned and execution.device.type == "cpu":
        poison_heap(kernels.numel() for kernels in trained.parameters() if kernels.ndim > 2)
    loss.backward()  # type: ignore[no-untyped-call]
    return loss.item()
