"""Record one training step without computing it: its operations, and when tensors come and go.

The network is copied with tensors that have shapes but no memory (PyTorch's fake tensors), and the
very code that training runs (`runtime.training_step`) is run on them, as the recipe asks for it: so
nothing has to be known about any kind of layer, and clipping, averaging, label smoothing and
mixtures are in it. A module of one's own that decides by the numbers it computes, which don't exist
then, takes one step on images of random numbers instead.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

from convscope.planning.elementary_calls import computes, convolution_workspaces
from convscope.planning.module_without_memory import with_memory, without_memory
from convscope.planning.operation import (
    Phase,
    RecordedOperation,
    TensorShape,
    choose_few,
    choose_stand_in,
)
from convscope.planning.step import Event, Kind, RecordedStep
from convscope.runs.optimization import make_optimizer
from convscope.runs.recipe import Recipe
from convscope.runtime.execution import Execution
from convscope.runtime.kept_state import generators_kept, hooks_kept
from convscope.runtime.module_calls import following_modules
from convscope.runtime.module_output import main_logits
from convscope.runtime.quiet import quiet_torch
from convscope.runtime.recomputation import recomputing
from convscope.runtime.training_mode import into_training_mode
from convscope.runtime.training_step import take_step, training_loss
from convscope.runtime.weight_average import WeightAverage

LATE = 10**6  # the number of the step recorded: the average keeps its decay, not less as early on


class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees every elementary operation while it is the active mode."""

    def __init__(self, step: RecordedStep) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.step = step
        self.phase: Phase = "input"
        self.layers: list[str] = [""]
        self._blocks: dict[int, int] = {}  # address of a storage → number of its block
        self._watched: list[weakref.ref[Any]] = []
        self._count = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        results = function(*args, **kwargs)
        if function.namespace in ("prim", "profiler"):
            return results
        tensors = [t for t in tree_flatten(results)[0] if isinstance(t, Tensor)]
        workspaces = convolution_workspaces(function, args)
        for tensor in tensors:
            self._block_of(tensor)
            for size in next(workspaces, ()):
                self._use_briefly(size)
        if computes(function):
            operation = RecordedOperation(
                function,
                tree_map(_described, (args, kwargs)),
                tuple(TensorShape.of(t) for t in tensors),
                self.phase,
                self.layers[-1],
            )
            self.step.operations.append(operation)
            if function.namespace != "aten" and str(function) not in self.step.unknown:
                self.step.unknown.append(str(function))
        return results

    def _use_briefly(self, size: int) -> None:
        self._count += 1
        self.step.kinds[self._count] = "workspace"
        self._note(self._count, size)
        self._note(self._count, 0)

    def _note(self, block: int, size: int) -> None:
        step = self.step
        step.events.append(Event(block, size, self.phase, self.layers[-1], len(step.operations)))

    def _block_of(self, tensor: Tensor) -> int:
        storage = tensor.untyped_storage()
        address = storage._cdata
        if address not in self._blocks:
            size = int(storage.nbytes())
            if size == 0:
                return 0
            self._count += 1
            self._blocks[address] = self._count
            self._note(self._count, size)
            self._watched.append(weakref.ref(storage, self._released(address, self._count)))
        return self._blocks[address]

    def _released(self, address: int, block: int) -> Callable[[Any], None]:
        def release(_: Any) -> None:
            if self._blocks.get(address) == block:
                del self._blocks[address]
                self._note(block, 0)

        return release

    def known(self, tensor: Tensor) -> None:
        """Leave the memory of a tensor that was there before out of the record."""
        self._blocks[tensor.untyped_storage()._cdata] = 0

    def mark(self, tensor: Tensor, kind: Kind) -> None:
        """Say what the block of a tensor holds."""
        self.step.kinds[self._block_of(tensor)] = kind

    def blocks(self, values: Any) -> set[int]:
        """Numbers of the blocks of all tensors in nested values."""
        return {self._block_of(t) for t in tree_flatten(values)[0] if isinstance(t, Tensor)}

    def begin_backward(self) -> None:
        """The forward pass is over: what is in use now is kept for the backward pass."""
        for block in set(self._blocks.values()) - {0}:
            self.step.kinds[block] = "activations"
        self.phase = "backward"

    def begin_update(self, network: nn.Module) -> None:
        """The backward pass is over: the gradients are there, and the weights are changed next."""
        for parameter in network.parameters():
            if parameter.grad is not None:
                self.mark(parameter.grad, "gradients")
        self.phase = "optimizer"


def record_step(
    network: nn.Module,
    image_shape: tuple[int, int, int],
    execution: Execution,
    recipe: Recipe,
    recomputed: Sequence[str] = (),
) -> RecordedStep:
    """Record a training step of a network; nothing is computed and the network isn't touched.

    Args:
        network: Maps images (N, C, H, W) to logits. It may live on the "meta" device.
        image_shape: (C, H, W).
        execution: Precision and algorithms.
        recipe: Decides optimizer, label smoothing, mixup, clipping and averaging.
        recomputed: Blocks whose activations aren't kept, as for `runtime.recomputation`; the
            recipe's own may have been left to choose.

    Raises:
        RuntimeError: The network doesn't take such images.
    """
    tensors = [*network.parameters(), *network.buffers()]
    sizes = [size for tensor in tensors for size in (*tensor.shape, 1)]
    step = RecordedStep(choose_stand_in(sizes), image_shape)
    with ExitStack() as stack:
        for context in (quiet_torch(), hooks_kept(network), generators_kept()):
            stack.enter_context(context)
        try:
            with FakeTensorMode(allow_non_fake_inputs=True):
                copied = without_memory(network, execution.memory_format)
                return _record(step, copied, execution, recipe, recomputed)
        except (RuntimeError, TypeError, ValueError) as failed:
            if any(tensor.is_meta for tensor in tensors):
                raise
            count = choose_few([*sizes, *image_shape], recipe.batch_size)
            step = RecordedStep(count, image_shape, by_numbers=True)
            try:
                copied = with_memory(network, execution.memory_format)
                return _record(step, copied, execution, recipe, recomputed)
            except Exception:  # it fails on images, too, and the first reason is the better one
                raise failed from None


def _record(
    step: RecordedStep,
    copied: nn.Module,
    execution: Execution,
    recipe: Recipe,
    recomputed: Sequence[str],
) -> RecordedStep:
    """Take a step with a copy of the network, and write down what it does."""
    copied = into_training_mode(copied)
    optimizer = make_optimizer(copied, recipe)
    _fill_optimizer(optimizer)
    copies = with_memory if step.by_numbers else without_memory
    average = (
        WeightAverage(copies(copied, execution.memory_format), recipe.ema)
        if recipe.ema is not None
        else None
    )
    images = torch.rand(step.stand_in, *step.image_shape)
    images = images.contiguous(memory_format=execution.memory_format)
    labels = _make_labels(copied, images, recipe)
    slots = [t for each in optimizer.state.values() for t in each.values()]
    held: dict[Kind, list[Tensor]] = {
        "parameters": _tensors(copied),
        "optimizer": [t for t in slots if isinstance(t, Tensor)],
        "average": _tensors(average.network) if average is not None else [],
    }
    step.resident = {kind: [_bytes(t) for t in tensors] for kind, tensors in held.items()}
    recorder = _Recorder(step)
    for tensor in (*chain.from_iterable(held.values()), images, labels):
        recorder.known(tensor)
    recomputation = recomputing(copied, recomputed, execution.plan)
    with recorder, _naming_layers(copied, recorder), recomputation:
        recorder.phase = "forward"
        loss, _ = training_loss(
            copied, images, labels, execution, label_smoothing=recipe.label_smoothing
        )
        recorder.begin_backward()
        take_step(
            loss,
            copied,
            optimizer,
            clip_gradient=recipe.clip_gradient,
            average=average,
            number=LATE,
            on_gradients=partial(recorder.begin_update, copied),
        )
    return step


def _make_labels(network: nn.Module, images: Tensor, recipe: Recipe) -> Tensor:
    """Labels as the batches of the recipe have them: class numbers, or shares in mixtures."""
    if not recipe.augmentation.mixup:
        return torch.zeros(len(images), dtype=torch.int64)
    with torch.no_grad():
        logits = main_logits(network(images))
    return torch.full(logits.shape, 1 / logits.shape[-1])


def _tensors(network: nn.Module) -> list[Tensor]:
    return [*network.parameters(), *network.buffers()]


def _fill_optimizer(optimizer: torch.optim.Optimizer) -> None:
    """Give the optimizer its state by a step, so that the step recorded isn't the first."""
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    optimizer.zero_grad()


@contextmanager
def _naming_layers(network: nn.Module, recorder: _Recorder) -> Iterator[None]:
    """Within: the recorder knows which module is being computed."""
    step = recorder.step
    versions: list[list[int]] = []

    def enter(layer: str, _: nn.Module, inputs: tuple[Any, ...]) -> None:
        recorder.layers.append(layer)
        versions.append(_versions(inputs))

    def leave(layer: str, _: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        recorder.layers.pop()
        is_changed = versions.pop() != _versions(inputs)
        if recorder.phase == "forward":
            step.inputs.setdefault(layer, set()).update(recorder.blocks(inputs))
            step.outputs.setdefault(layer, set()).update(recorder.blocks(output))
            if is_changed:
                step.overwriting.add(layer)

    with following_modules(network, before=enter, after=leave):
        yield


def _described(value: Any) -> Any:
    return TensorShape.of(value) if isinstance(value, Tensor) else value


def _versions(values: Any) -> list[int]:
    """How often each tensor has been changed in place."""
    return [t._version for t in tree_flatten(values)[0] if isinstance(t, Tensor)]


def _bytes(tensor: Tensor) -> int:
    return tensor.untyped_storage().nbytes()
