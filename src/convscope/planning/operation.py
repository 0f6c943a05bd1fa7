"""One tensor operation of a step, as data: what is called, on tensors of which shapes.

A step is recorded with a stand-in for the number of images, a large prime: every size that it
divides belongs to the batch, and any other batch size can be put in its place.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, TypeAlias

import torch
from torch.utils._pytree import tree_flatten, tree_map

Phase: TypeAlias = Literal["input", "forward", "backward", "optimizer"]

# Larger than any side of an image or number of channels, so that it divides none of them.
STAND_INS = (10_007, 10_009, 10_037, 10_039)

FEW = (31, 37, 41, 43, 53, 61, 79, 101, 127, 151, 191, 251, 307, 383, 509)
"""The same for a step that is really computed: as many as a batch may have."""


class TensorShape(NamedTuple):
    """What decides how long an operation takes on a tensor, and what it occupies.

    Attributes:
        sizes: Length of each dimension.
        strides: Distance of neighbours along each dimension, in elements.
        dtype: Type of the elements.
    """

    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: torch.dtype

    @classmethod
    def of(cls, tensor: torch.Tensor) -> TensorShape:
        """The shape of a tensor."""
        return cls(tuple(tensor.shape), tensor.stride(), tensor.dtype)

    @property
    def bytes(self) -> int:
        """What its elements occupy."""
        return math.prod(self.sizes) * self.dtype.itemsize


@dataclass(frozen=True, eq=False)
class RecordedOperation:
    """A call of one of PyTorch's elementary functions.

    Attributes:
        function: What is called.
        arguments: (positional, by name), with a `TensorShape` in place of every tensor.
        results: Shapes of the tensors it returns.
        phase: Part of the step in which it is called.
        layer: Path of the module that called it; "" outside of any, as in the backward pass.
    """

    function: torch._ops.OpOverload
    arguments: tuple[tuple[Any, ...], dict[str, Any]]
    results: tuple[TensorShape, ...]
    phase: Phase
    layer: str

    @cached_property
    def key(self) -> str:
        """The same for operations that take the same time."""
        return f"{self.function} {self.arguments}"

    @cached_property
    def inputs(self) -> tuple[TensorShape, ...]:
        """Shapes of the tensors it is given."""
        leaves = tree_flatten(self.arguments, is_leaf=_is_shape)[0]
        return tuple(leaf for leaf in leaves if isinstance(leaf, TensorShape))

    @property
    def bytes(self) -> int:
        """What it reads and writes at least, if nothing is in the processor's caches."""
        return sum(shape.bytes for shape in (*self.inputs, *self.results))

    @cached_property
    def flops(self) -> int:
        """Floating point operations of convolutions and matrix products (2 per MAC)."""
        aten, packet = torch.ops.aten, self.function.overloadpacket
        shapes = [math.prod(shape.sizes) for shape in self.inputs]
        if packet is aten.convolution:
            kernels = self.inputs[1]
            return 2 * math.prod(self.results[0].sizes) * shapes[1] // kernels.sizes[0]
        if packet is aten.convolution_backward:
            gradient = self.inputs[0]
            wanted: int = sum(self.arguments[0][10][:2])  # in the images, in the kernels
            return 2 * int(wanted) * shapes[0] * shapes[2] // gradient.sizes[1]
        if packet in (aten.mm, aten.bmm, aten.addmm, aten.baddbmm):
            left = self.inputs[-2]
            return 2 * math.prod(self.results[0].sizes) * left.sizes[-1]
        return 0

    def at(self, batch_size: int, stand_in: int) -> RecordedOperation:
        """The operation for another number of images.

        Args:
            batch_size: Images.
            stand_in: For how many it was recorded.
        """

        def scaled(value: Any) -> Any:
            if isinstance(value, TensorShape):
                return TensorShape(
                    tuple(scale(n, batch_size, stand_in) for n in value.sizes),
                    tuple(scale(n, batch_size, stand_in) for n in value.strides),
                    value.dtype,
                )
            is_count = isinstance(value, int) and not isinstance(value, bool)
            return scale(value, batch_size, stand_in) if is_count else value

        return RecordedOperation(
            self.function,
            tree_map(scaled, self.arguments, is_leaf=_is_shape),
            tuple(scaled(shape) for shape in self.results),
            self.phase,
            self.layer,
        )


def scale(number: int, batch_size: int, stand_in: int) -> int:
    """The number with the batch size in place of the stand-in, where it is a factor."""
    return number // stand_in * batch_size if number % stand_in == 0 else number


def choose_stand_in(numbers: Iterable[int]) -> int:
    """A prime that divides none of the numbers, such as the sizes of parameters.

    Raises:
        ValueError: All that are known divide some.
    """
    sizes = set(numbers)
    for prime in STAND_INS:
        if not any(number and number % prime == 0 for number in sizes):
            return prime
    raise ValueError(f"every one of {STAND_INS} divides a size of the network")


def choose_few(numbers: Iterable[int], batch_size: int) -> int:
    """A prime that divides none of the numbers, and is as near to a batch size as one is.

    Raises:
        ValueError: All that are known divide some.
    """
    sizes = {number for number in numbers if number}
    fitting = [prime for prime in FEW if not any(size % prime == 0 for size in sizes)]
    if not fitting:
        raise ValueError(f"every one of {FEW} divides a size of the network")
    return min(fitting, key=lambda prime: abs(math.log(prime / batch_size)))


def _is_shape(value: Any) -> bool:
    return isinstance(value, TensorShape)
