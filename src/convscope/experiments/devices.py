"""The same steps of training on every device that is there, beside a computation in float64."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from convscope.look.language import pick
from convscope.look.numbers import counted, number
from convscope.look.printed import Part, Printed, TextTable
from convscope.networks.catalog import build
from convscope.runtime.device import choose_device, synchronize

STEPS, RATE = 5, 0.05


class DeviceResult(NamedTuple):
    """Some steps of training on one device.

    Attributes:
        device: "cpu", "cuda" or "mps".
        threads: Of the processor; 0 for another device.
        images_per_second: In training, the first step not counted.
        difference: The largest difference of the losses from those in float64.
    """

    device: str
    threads: int
    images_per_second: float
    difference: float


@dataclass(frozen=True)
class DeviceResults(Printed):
    """The same steps on several devices.

    Attributes:
        devices: One for each way.
        chosen: What "auto" chooses here.
    """

    devices: tuple[DeviceResult, ...]
    chosen: str

    @property
    def difference(self) -> float:
        """The largest difference of a loss of all."""
        return max(each.difference for each in self.devices)

    @property
    def speedup(self) -> float:
        """Images per second with two threads of the processor over those with one."""
        rates = {each.threads: each.images_per_second for each in self.devices}
        return rates[2] / rates[1]

    def shown(self) -> Iterator[Part]:
        """A row for each way."""
        rows = [
            [
                f"{each.device}, {pick(counted(each.threads, 'thread'), f'{each.threads} 线程')}"
                if each.threads else each.device,
                f"{each.images_per_second:,.0f}",
                number(each.difference, 1),
            ]
            for each in self.devices
        ]  # fmt: skip
        headings = (
            pick("device", "设备"),
            pick("images per second", "每秒图像数"),
            pick("loss differs from float64 by", "损失与 float64 相差"),
        )
        yield TextTable(
            pick(f"auto chooses {self.chosen}", f"auto 选择 {self.chosen}"), headings, rows
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"devices": [each._asdict() for each in self.devices], "chosen": self.chosen}


def compare_devices(
    network: str = "resnet9", *, images: int = 32, size: int = 16, **arguments: Any
) -> DeviceResults:
    """Take five steps of SGD from the same start: one thread, two threads, and a GPU if there is.

    Args:
        network: Name in the catalog.
        images: Random grey images in the batch.
        size: Their height and width, in pixels.
        **arguments: Of the network's builder, such as `width`.

    Raises:
        UsageError: There is no such network.
    """
    chosen = choose_device("auto")
    ways = [(torch.device("cpu"), 1), (torch.device("cpu"), 2)]
    if chosen.type != "cpu":
        ways.append((chosen, 0))
    before = torch.get_num_threads()
    try:
        exact, _ = _train(network, arguments, torch.device("cpu"), images, size, torch.float64)
        found = []
        for device, threads in ways:
            torch.set_num_threads(threads or before)
            losses, seconds = _train(network, arguments, device, images, size, torch.float32)
            difference = max(abs(a - b) for a, b in zip(losses, exact, strict=True))
            found.append(DeviceResult(device.type, threads, images / seconds, difference))
    finally:
        torch.set_num_threads(before)
    return DeviceResults(tuple(found), chosen.type)


def _train(
    name: str,
    arguments: dict[str, Any],
    device: torch.device,
    images: int,
    size: int,
    kind: torch.dtype,
) -> tuple[list[float], float]:
    """The losses of the steps, and the seconds of the quickest but the first."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build(name, 1, 10, **arguments).train().to(device, kind)
        batch = torch.rand(images, 1, size, size).to(device, kind)
        labels = torch.randint(10, (images,)).to(device)
    losses, times = [], []
    for _ in range(STEPS):
        begun = time.perf_counter()
        losses.append(_step(network, batch, labels))
        synchronize(device)
        times.append(time.perf_counter() - begun)
    return losses, min(times[1:])


def _step(network: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    loss = F.cross_entropy(network(images), labels)
    gradients = torch.autograd.grad(loss, [*network.parameters()])
    with torch.no_grad():
        for parameter, gradient in zip(network.parameters(), gradients, strict=True):
            parameter.sub_(RATE * gradient)
    return float(loss.detach())
