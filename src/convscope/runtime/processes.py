"""Several processes that train one network together, as PyTorch's launcher `torchrun` starts them.

Each process takes its part of every batch; gradients are averaged while they are computed
(`torch.nn.parallel.DistributedDataParallel`), over gloo on processors and NCCL on GPUs. What is
said between processes besides is plain numbers and JSON in the launcher's store, never a pickle.
"""

from __future__ import annotations

import json
import math
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from convscope.data.batch_part import BatchPart
from convscope.runtime.module_output import main_logits
from convscope.runtime.shared_normalization import normalizing_together
from convscope.runtime.waiting import Watch

T = TypeVar("T")
BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class BatchTotals(NamedTuple):
    """What a step came to on the whole batch.

    Attributes:
        loss: Mean over its images.
        correct: Images whose largest logit is that of their label.
        images: How many there are.
        is_stopping: Whether some process was asked to stop before this step.
    """

    loss: float
    correct: int
    images: int
    is_stopping: bool


class Processes:
    """The processes that train together, seen from one of them.

    Args:
        rank: The number of this process, from 0.
        count: How many there are.
        store: What is said lies here; None for a process by itself.
        watch: Tells a person whom this process waits for.
        is_again: Whether the launcher has started the processes before.

    Attributes:
        rank: As given.
        count: As given.
        has_images: Whether the last batch given to the network had images for this process.
    """

    def __init__(
        self,
        rank: int = 0,
        count: int = 1,
        store: Any = None,
        watch: Watch | None = None,
        *,
        is_again: bool = False,
    ) -> None:
        self.rank, self.count = rank, count
        self.has_images = True
        self._is_again = is_again
        self._store, self._watch = store, watch

    @property
    def are_alone(self) -> bool:
        """Whether this is the only process."""
        return self.count == 1

    @property
    def is_first(self) -> bool:
        """Whether this process writes the run's folder and speaks to the person."""
        return self.rank == 0

    @property
    def part(self) -> BatchPart:
        """What this process takes of every batch."""
        return BatchPart(self.rank, self.count)

    @property
    def has_restarted(self) -> bool:
        """Whether the launcher started the processes again, after one of them had ended."""
        counted = int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0
        return not self.are_alone and (counted or self._is_again)

    def place_on(self, device: torch.device) -> torch.device:
        """The device of this process: of several GPUs, one for each process of the machine."""
        if self.are_alone or device.type != "cuda":
            return device
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))

    def gather(self, name: str, value: Any) -> list[Any]:
        """What each process says under a name, in the order of their numbers; any JSON.

        Raises:
            ConvscopeError: A process has failed, or hasn't been heard of for too long.
        """
        if self._watch is None:
            return [value]
        self._store.set(f"{name}/{self.rank}", json.dumps(value))
        keys = [f"{name}/{rank}" for rank in range(self.count)]
        return [json.loads(self._watch.wait_for(key, rank, name)) for rank, key in enumerate(keys)]

    def from_first(self, name: str, make: Callable[[], T]) -> T:
        """What the first process makes, in all of them; any JSON."""
        if self._watch is None:
            return make()
        if self.is_first:
            value = make()
            self._store.set(f"{name}/0", json.dumps(value))
            return value
        made: T = json.loads(self._watch.wait_for(f"{name}/0", 0, name))
        return made

    @contextmanager
    def first_of_machine_first(self, what: str) -> Iterator[None]:
        """Within: the first process of each machine, and then its others, which find its cache."""
        key = f"{what} {os.environ.get('GROUP_RANK', '0')}"
        is_first_here = os.environ.get("LOCAL_RANK", str(self.rank)) == "0"
        if self._watch is not None and not is_first_here:
            self._watch.wait_for(key, None, what)
        yield
        if self._watch is not None and is_first_here:
            self._store.set(key, "done")

    def spread(self, network: nn.Module, device: torch.device) -> nn.Module:
        """The network as training calls it: on parts of a batch, with the mean of all gradients.

        Buckets of gradients are never rebuilt (PyTorch does so after a first step unless it looks
        for parameters that took no part): a run that goes on adds in the same order as before.
        Buffers are handed on by `_OwnPart`, and weights are the same in all before training begins:
        where PyTorch hands them on, it waits for a process that hangs without letting any other
        thread of this one speak.
        """
        if self.are_alone:
            return network
        devices = [device.index] if device.type == "cuda" else None
        with warnings.catch_warnings():
            # Newer releases of PyTorch rename the argument, older ones don't know the new name.
            warnings.simplefilter("ignore", FutureWarning)
            return DistributedDataParallel(
                _OwnPart(network, self),
                device_ids=devices,
                find_unused_parameters=True,
                broadcast_buffers=False,
                init_sync=False,
            )

    def normalizing(self, network: nn.Module) -> AbstractContextManager[None]:
        """Within: batch normalizations use the statistics of the whole batch."""
        return normalizing_together(network, self.add_up, lambda: self.has_images)

    def total(self, loss: Tensor, correct: Tensor, images: int, *, asked: bool) -> BatchTotals:
        """What a step came to on the whole batch.

        Args:
            loss: Mean over this process's images.
            correct: How many of them are right.
            images: How many they are.
            asked: Whether this process was asked to stop.
        """
        mean, right = torch.stack([loss.detach(), correct]).tolist()
        if self.are_alone:
            return BatchTotals(mean, int(right), images, asked)
        own = [mean * images if images else 0.0, right, images, asked]
        summed = torch.tensor(own, dtype=torch.float64)
        self.add_up(summed)
        loss_sum, right, count, requests = summed.tolist()
        return BatchTotals(loss_sum / count, int(right), int(count), requests > 0)

    def share(self, loss: Tensor, logits: Tensor, images: int, whole: int) -> Tensor:
        """The loss of this process, so weighted that the mean over all is that of the whole batch.

        Args:
            loss: Mean over `images`.
            logits: That it was computed from.
            images: Of this process; may be none.
            whole: Of all together.
        """
        if self.are_alone:
            return loss
        return loss * (images * self.count / whole) if images else logits.float().sum() * 0

    def add_up(self, numbers: Tensor) -> None:
        """Replace numbers by their sums over all processes, which are the same in all."""
        if self._watch is not None:
            with self._watch.step():
                dist.all_reduce(numbers)

    def take_from_first(self, tensors: Iterable[Tensor]) -> None:
        """Replace tensors by those of the first process."""
        if self._watch is not None:
            with self._watch.step(), torch.no_grad():
                for tensor in tensors:
                    sent = tensor.detach().contiguous()
                    dist.broadcast(sent, 0)
                    tensor.copy_(sent)

    def part_ways(self) -> None:
        """From here on each process goes its own way, and waits for no other."""
        if self._watch is not None:
            self._watch.end()

    def agree(self, number: int) -> int:
        """The first process's whole number, in all of them."""
        agreed = torch.tensor([number])
        self.take_from_first([agreed])
        return int(agreed)


class _OwnPart(nn.Module):
    """A network on a part of a batch that may have no images.

    Then it computes on one that was made up, which counts for nothing, so that this process takes
    part in everything that is added up over all.
    """

    def __init__(self, network: nn.Module, processes: Processes) -> None:
        super().__init__()
        self.network, self._processes = network, processes
        # Statistics of batches are the same in all, or each has its own; training reads neither.
        others = (module for module in network.modules() if not isinstance(module, BATCH_NORMS))
        kept = (buffer for module in others for buffer in module.buffers(recurse=False))
        self._followed = [buffer for buffer in kept if buffer.numel()]

    def forward(self, images: Tensor) -> Tensor:
        self._processes.take_from_first(self._followed)
        self._processes.has_images = len(images) > 0
        if len(images):
            return main_logits(self.network(images))
        made_up = torch.linspace(-1, 1, math.prod(images.shape[1:]))
        one = made_up.to(images).view(1, *images.shape[1:])
        return main_logits(self.network(one))[:0]


ALONE = Processes()
