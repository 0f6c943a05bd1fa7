"""Which engine serves, decided by measuring all of them on this machine at start.

An engine may be chosen if it agrees with PyTorch's float32 on sample images. The two float32
engines differ by rounding only, so each serves the batch sizes it is faster at, and nobody can tell
which one answered. bfloat16 gives slightly other probabilities, so it answers all images or none:
the same image should get the same answer, however busy the server is. And it answers only where
computing limits the server: small networks are faster in float32 than HTTP and decoding already.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from convscope.errors import ConvscopeError, UsageError, unknown_name
from convscope.evaluation.logits import check_finite
from convscope.evaluation.torch_engine import EngineOutput
from convscope.runs.model import Model
from convscope.runs.model_file import ModelCard
from convscope.runtime.device import synchronize
from convscope.shipping.server.engines import NAMES, TITLES, Engine, make_engine

TOLERANCE = {"float32": 0.0, "onnx": 1e-4, "bfloat16": 0.02}
"""How far a probability may lie from PyTorch's float32."""
ENOUGH = 5000.0  # images per second; more than HTTP brings on a few processors
CLEARLY_FASTER = 1.5  # what bfloat16 must be worth before exactness is given up
SAMPLES = 64
TIMING_SECONDS = 0.3  # for each engine and batch size


@dataclass(frozen=True)
class Measured:
    """What one engine did on this machine.

    Attributes:
        engine: Its name.
        difference: Largest difference of a probability from float32's, on the samples.
        latency: Seconds for one image (median).
        throughput: Images per second in batches of the largest size.
        refused: Why the engine can't be used; empty if it can.
    """

    engine: str
    difference: float = math.nan
    latency: float = math.nan
    throughput: float = math.nan
    refused: str = ""

    def __str__(self) -> str:
        if self.refused:
            return f"{TITLES[self.engine]}: {self.refused}"
        return (
            f"{TITLES[self.engine]}: {1000 * self.latency:.2f} ms for one image, "
            f"{self.throughput:,.0f} images/s in full batches"
        )


@dataclass(frozen=True)
class Findings:
    """A choice that was made, in plain data for another process; the names of `Choice`."""

    quick: str
    bulk: str
    switch: int
    measured: tuple[Measured, ...]
    reason: str

    @classmethod
    def read(cls, data: dict[str, Any]) -> Findings:
        """Made of what `dataclasses.asdict` gave, by way of JSON."""
        return cls(**{**data, "measured": tuple(Measured(**each) for each in data["measured"])})

    @property
    def name(self) -> str:
        """The engine's name, or both names."""
        if self.quick == self.bulk:
            return self.quick
        return f"{self.quick} below {self.switch} images, else {self.bulk}"

    def lines(self) -> list[str]:
        """What was measured, then what was chosen."""
        return [*map(str, self.measured), f"Engine: {self.name} ({self.reason})."]

    def choice(self, quick: Engine, bulk: Engine) -> Choice:
        """The choice, with these engines."""
        return Choice(quick, bulk, self.switch, self.measured, self.reason)


@dataclass(frozen=True)
class Choice:
    """The engines that answer.

    Attributes:
        quick: Computes small batches.
        bulk: Computes batches of at least `switch` images; may be the same engine.
        switch: See `bulk`.
        measured: All engines that were tried.
        reason: Why these, in one line.
    """

    quick: Engine
    bulk: Engine
    switch: int
    measured: tuple[Measured, ...]
    reason: str

    @property
    def name(self) -> str:
        """The engine's name, or both names."""
        return self.findings.name

    @property
    def latency(self) -> float:
        """Seconds for one image, as measured."""
        return next(each.latency for each in self.measured if each.engine == self.quick.name)

    @property
    def throughput(self) -> float:
        """Images per second in full batches, as measured."""
        return next(each.throughput for each in self.measured if each.engine == self.bulk.name)

    @property
    def findings(self) -> Findings:
        """The choice without its engines."""
        return Findings(self.quick.name, self.bulk.name, self.switch, self.measured, self.reason)

    def run(self, images: NDArray[np.uint8]) -> EngineOutput:
        """Probabilities of decoded images uint8 (N, C, size, size), and which are unknown."""
        engine = self.bulk if len(images) >= self.switch else self.quick
        return engine.run(images)


def choose(
    model: Model,
    device: torch.device,
    max_batch: int,
    asked: str = "auto",
) -> Choice:
    """The fastest engine for this network and machine that predicts as float32 does.

    Args:
        model: In evaluation mode; is left as it is.
        device: Where PyTorch computes.
        max_batch: The largest batch.
        asked: "auto" measures all engines; a name takes that one.

    Raises:
        UsageError: There is no such engine, or it isn't installed.
        ConvscopeError: The engine asked for fails or disagrees, or the network's logits are not
            numbers.
    """
    if asked not in ("auto", *NAMES):
        raise unknown_name("engine", asked, ("auto", *NAMES))
    reference = make_engine("float32", model, device)
    samples = sample_images(model.card, SAMPLES)
    expected = reference.run(samples)
    check_finite(expected.probabilities)
    usable: dict[str, tuple[Engine, Measured]] = {}
    measured: list[Measured] = []
    for name in NAMES if asked == "auto" else (asked,):
        engine, result = _try_engine(name, model, device, max_batch, reference, expected)
        measured.append(result)
        if engine is not None:
            usable[name] = (engine, result)
    if asked != "auto":
        if asked not in usable:
            raise ConvscopeError(f"Engine {asked!r} can't be used: {measured[0].refused}.")
        engine, _ = usable[asked]
        return Choice(engine, engine, 1, tuple(measured), "as asked")
    return _fastest(usable, tuple(measured), model.card, max_batch)


def sample_images(card: ModelCard, count: int) -> NDArray[np.uint8]:
    """Made-up images with structure from coarse to fine, (count, C, H, W); always the same."""
    random = torch.Generator().manual_seed(0)
    shape = (card.size, card.size)
    images = []
    for number in range(count):
        cells = min(card.size, 2 ** (1 + number % 5))
        coarse = torch.rand(1, card.channels, cells, cells, generator=random)
        fine = torch.rand(1, card.channels, *shape, generator=random)
        mixed = 0.9 * F.interpolate(coarse, shape, mode="bilinear") + 0.1 * fine
        images.append((255 * mixed).to(torch.uint8))
    return torch.cat(images).numpy()


def _try_engine(
    name: str,
    model: Model,
    device: torch.device,
    max_batch: int,
    reference: Engine,
    expected: EngineOutput,
) -> tuple[Engine | None, Measured]:
    """The engine, and what it did; no engine if it can't be used."""
    try:
        engine = reference if name == reference.name else make_engine(name, model, device)
        given = engine.run(sample_images(model.card, SAMPLES))
    except UsageError as error:
        return None, Measured(name, refused=str(error).rstrip("."))
    except Exception as error:  # an exporter or a kernel can fail in any way
        first_line = (str(error).splitlines() or [type(error).__name__])[0]
        return None, Measured(name, refused=f"fails on this network: {first_line[:200]}")
    difference, changed = disagreement(expected, given, TOLERANCE[name])
    if changed or not difference <= TOLERANCE[name]:  # false for NaN as well
        refused = (
            f"differs from float32 (by {difference:.2g} in probability, at most "
            f"{TOLERANCE[name]} is accepted; {changed} of {SAMPLES} classes changed)"
        )
        return None, Measured(name, difference, refused=refused)
    one, full = (sample_images(model.card, size) for size in (1, max_batch))
    latency, batch_seconds = _seconds(engine, one, device), _seconds(engine, full, device)
    return engine, Measured(name, difference, latency, max_batch / batch_seconds)


def disagreement(
    expected: EngineOutput, given: EngineOutput, tolerance: float
) -> tuple[float, int]:
    """How far probabilities lie from those expected.

    Args:
        expected: What PyTorch gives in float32.
        given: What the other engine gives.
        tolerance: Where the two most probable classes lie closer than this, rounding may swap them.

    Returns:
        The largest difference of a probability, and how many images get another class.
    """
    ours, theirs = expected.probabilities, given.probabilities
    best = ours.topk(min(2, ours.shape[1]), dim=1).values
    clear = best[:, 0] - best[:, -1] > tolerance
    changed = (ours.argmax(dim=1) != theirs.argmax(dim=1)) & clear
    return (ours - theirs).abs().max().item(), int(changed.sum())


def _seconds(engine: Engine, images: NDArray[np.uint8], device: torch.device) -> float:
    """For one batch: the median of several, after two that prepare kernels."""
    times: list[float] = []
    while len(times) < 5 or (sum(times) < TIMING_SECONDS and len(times) < 100):
        start = time.perf_counter()
        engine.run(images)
        synchronize(device)
        times.append(time.perf_counter() - start)
    return float(np.median(times[2:]))


def _fastest(
    usable: dict[str, tuple[Engine, Measured]],
    measured: tuple[Measured, ...],
    card: ModelCard,
    max_batch: int,
) -> Choice:
    exact = [pair for name, pair in usable.items() if name != "bfloat16"]
    quick, _ = min(exact, key=lambda pair: pair[1].latency)
    bulk, bulk_result = max(exact, key=lambda pair: pair[1].throughput)
    short = usable.get("bfloat16")
    if short is not None:
        engine, result = short
        gain = result.throughput / bulk_result.throughput
        if bulk_result.throughput < ENOUGH and gain >= CLEARLY_FASTER:
            reason = (
                f"{gain:.1f}× the throughput of float32; probabilities within "
                f"{result.difference:.2g} of float32's on sample images"
            )
            return Choice(engine, engine, 1, measured, reason)
    if quick is bulk:
        return Choice(quick, bulk, 1, measured, "fastest of those that are exact")
    switch = _switch(quick, bulk, card, max_batch)
    reason = "each fastest at its sizes; their probabilities differ by rounding only"
    return Choice(quick, bulk, switch, measured, reason)


def _switch(quick: Engine, bulk: Engine, card: ModelCard, max_batch: int) -> int:
    """The batch size from which `bulk` is faster, among the powers of two."""
    size = 2
    cpu = torch.device("cpu")
    while size < max_batch:
        images = sample_images(card, size)
        if _seconds(bulk, images, cpu) < _seconds(quick, images, cpu):
            return size
        size *= 2
    return max_batch
