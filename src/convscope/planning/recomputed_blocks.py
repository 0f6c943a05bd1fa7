"""Which blocks of a network are worth computing again in the backward pass.

Two things decide. A block saves what it keeps inside, and costs its forward pass. And while the
backward pass is at a block, all of its inside is there again: a few large blocks save no more than
many small ones. So the network is divided into blocks of many sizes, and every division is tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from torch import nn

from convscope.planning.operation import RecordedOperation
from convscope.planning.record_step import record_step
from convscope.planning.step import RecordedStep
from convscope.runs.recipe import Recipe
from convscope.runtime.execution import Execution

OPERATIONS_PER_BYTE = 20  # that a processor computes while it moves a byte, roughly
WORTHWHILE = 0.002  # share of all activations that a block must save to be looked at
DIVISIONS = 16  # sizes of blocks that are tried, each 1/√2 of the one before


@dataclass(frozen=True)
class Recomputation:
    """Blocks to recompute, and what that comes to.

    Attributes:
        blocks: As `runtime.recomputation` takes them, in the order of the network.
        saved: Share of the memory for activations that isn't needed any more, at its peak.
        repeated: Share by which the work of a training step grows, roughly.
    """

    blocks: tuple[str, ...]
    saved: float
    repeated: float


@dataclass(frozen=True)
class _Block:
    """A module, or neighbouring children of an `nn.Sequential`."""

    name: str
    inside: frozenset[int]
    inputs: frozenset[int]
    work: float


def plan_recomputation(
    network: nn.Module,
    image_shape: tuple[int, int, int],
    execution: Execution,
    recipe: Recipe,
) -> Recomputation:
    """The blocks that pay, confirmed by recording the step once more with them.

    Args:
        network: Isn't touched.
        image_shape: (C, H, W).
        execution: Precision and algorithms.
        recipe: Decides what a step does besides the network's own passes.

    Returns:
        With the share of the step's whole memory that is saved in a large batch; no blocks where
        none is worth it.

    Raises:
        RuntimeError: As for `record_step`.
    """
    step = record_step(network, image_shape, execution, recipe)
    chosen = choose_blocks(network, step)
    again = record_step(network, image_shape, execution, recipe, chosen.blocks)
    saved = 1 - _most_in_use(again) / _most_in_use(step)
    if saved <= chosen.repeated:
        return Recomputation((), 0.0, 0.0)
    return replace(chosen, saved=saved)


def choose_blocks(
    network: nn.Module, step: RecordedStep, share: float | None = None
) -> Recomputation:
    """The blocks that save most memory for the work they repeat.

    Args:
        network: The network that was recorded.
        step: A training step of this network, recorded without recomputation.
        share: Save at least this share of the activations' memory with as little work as possible;
            or as much as can be. None: as long as a greater share of memory is saved than the
            work grows.

    Returns:
        No blocks where none is worth it.
    """
    kept = _Kept(step)
    divisions = [
        _Division(network, step, kept, kept.total / 2 ** (i / 2)).blocks()
        for i in range(1, DIVISIONS + 1)
    ]
    choices = [Recomputation((), 0.0, 0.0)]
    for blocks in divisions:
        chosen: list[_Block] = []
        for block in sorted(blocks, key=lambda block: kept.saved_by(block) / block.work)[::-1]:
            chosen.append(block)
            names = tuple(each.name for each in blocks if each in chosen)
            saved = 1 - kept.peak(chosen) / max(kept.total, 1)
            choices.append(Recomputation(names, saved, sum(b.work for b in chosen) / kept.work))
    if share is None:
        return max(choices, key=lambda choice: choice.saved - choice.repeated)
    enough = [choice for choice in choices if choice.saved >= share]
    if enough:
        return min(enough, key=lambda choice: choice.repeated)
    return max(choices, key=lambda choice: choice.saved)


class _Kept:
    """What a step keeps from the forward pass for the backward pass.

    Args:
        step: As recorded.
    """

    def __init__(self, step: RecordedStep) -> None:
        self.bytes: dict[int, int] = {}  # of all blocks of memory
        self.order: dict[int, int] = {}  # when they were taken
        self.by_layer: dict[str, set[int]] = {}
        for index, event in enumerate(step.events):
            if not event.bytes:
                continue
            self.bytes[event.block] = event.bytes
            self.order[event.block] = index
            if step.kinds.get(event.block) == "activations":
                self.by_layer.setdefault(event.layer, set()).add(event.block)
        self.all = frozenset(block for blocks in self.by_layer.values() for block in blocks)
        self._operations = step.operations

    @cached_property
    def total(self) -> int:
        """Bytes kept when the backward pass begins."""
        return self._sum(self.all)

    @cached_property
    def work(self) -> float:
        """The work of the whole step, in floating-point operations."""
        return sum(_work(operation) for operation in self._operations)

    @cached_property
    def work_by_layer(self) -> dict[str, float]:
        """The work of the forward pass, by layer, in floating-point operations."""
        work: dict[str, float] = {}
        for operation in self._operations:
            if operation.phase == "forward":
                work[operation.layer] = work.get(operation.layer, 0.0) + _work(operation)
        return work

    def saved_by(self, block: _Block) -> int:
        """Bytes that aren't kept if the block is recomputed; its input is kept instead."""
        return self._sum(block.inside) - self._sum(block.inputs - self.all)

    def peak(self, blocks: Iterable[_Block]) -> int:
        """Bytes of activations at the worst moment of the backward pass.

        That may be its beginning, or when it computes one of the blocks: then all that came after
        the block is gone, but its inside has come back.
        """
        blocks = list(blocks)
        kept = set(self.all)
        for block in blocks:
            kept -= block.inside
        for block in blocks:
            kept |= block.inputs - {0}
        in_order = sorted(kept, key=self.order.__getitem__)
        peak = self._sum(kept)
        for block in blocks:
            last = max(self.order[each] for each in block.inside)
            before = [each for each in in_order if self.order[each] <= last]
            peak = max(peak, self._sum(before) + self._sum(block.inside))
        return peak

    def _sum(self, blocks: Iterable[int]) -> int:
        return sum(self.bytes.get(block, 0) for block in blocks)


class _Division:
    """A network divided into blocks, none of which has more inside than a limit.

    Args:
        network: The network whose modules are divided.
        step: Recorded with it.
        kept: What the step keeps for its backward pass.
        limit: Bytes kept inside of a block.
    """

    def __init__(self, network: nn.Module, step: RecordedStep, kept: _Kept, limit: float) -> None:
        self._network, self._step, self._kept, self._limit = network, step, kept, limit

    def blocks(self) -> list[_Block]:
        """In the order of the network."""
        return [block for block in self._divide(self._network, "") if self._is_worth(block)]

    def _is_worth(self, block: _Block) -> bool:
        return self._kept.saved_by(block) > WORTHWHILE * self._kept.total

    def _divide(self, module: nn.Module, path: str) -> list[_Block]:
        if path:
            whole = self._block(path, [path])
            if whole is not None and self._fits(whole):
                return [whole]
        if isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward:
            return self._divide_sequential(module, path)
        return [
            block
            for name, child in module.named_children()
            for block in self._divide(child, f"{path}.{name}".lstrip("."))
        ]

    def _divide_sequential(self, module: nn.Sequential, path: str) -> list[_Block]:
        """Neighbours together as long as they fit; what is too large by itself is divided."""
        # Not `named_children`, which leaves out a module that stands there a second time.
        paths = [f"{path}.{name}".lstrip(".") for name in module._modules]
        found: list[_Block] = []
        start = 0
        while start < len(paths):
            best, end = None, start + 1
            for stop in range(start + 1, len(paths) + 1):
                name = paths[start] if stop == start + 1 else f"{path}[{start}:{stop}]"
                block = self._block(name, paths[start:stop])
                if block is None or not self._fits(block):
                    break
                if stop == len(paths) or paths[stop] not in self._step.overwriting:
                    best, end = block, stop
            if best is None:
                if paths[start] in self._step.outputs:
                    found += self._divide(module[start], paths[start])
            else:
                found.append(best)
            start = end
        return found

    def _fits(self, block: _Block) -> bool:
        return sum(self._kept.bytes[each] for each in block.inside) <= self._limit

    def _block(self, name: str, paths: list[str]) -> _Block | None:
        """None for what was never called, or changes its input, which then isn't there any more."""
        step = self._step
        if paths[0] in step.overwriting or any(path not in step.outputs for path in paths):
            return None
        under = re.compile("|".join(f"{re.escape(path)}(\\.|$)" for path in paths))
        inside = {
            block
            for layer, blocks in self._kept.by_layer.items()
            if under.match(layer)
            for block in blocks
        }
        work = sum(w for layer, w in self._kept.work_by_layer.items() if under.match(layer))
        inside -= step.outputs[paths[-1]]
        inputs = frozenset(step.inputs[paths[0]])
        return _Block(name, frozenset(inside), inputs, max(work, 1.0))


def _work(operation: RecordedOperation) -> float:
    """What takes time: computing, or moving bytes where that takes longer."""
    return max(operation.flops, OPERATIONS_PER_BYTE * operation.bytes)


def _most_in_use(step: RecordedStep) -> int:
    """Bytes in use at the worst moment, besides what is there before and after the step."""
    sizes: dict[int, int] = {}
    in_use = most = 0
    for event in step.events:
        if event.bytes:
            sizes[event.block] = event.bytes
            in_use += event.bytes
        else:
            in_use -= sizes.pop(event.block, 0)
        most = max(most, in_use)
    return most
