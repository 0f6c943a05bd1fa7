"""Numbers that take part in a calculation, with the places in the network where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from convscope.definitions.arrays import FloatArray
from convscope.graph.graph import Node

T = TypeVar("T")

Place = int | NDArray[np.int64]

Index = tuple[int, ...]


@dataclass(frozen=True)
class Numbers:
    """Some numbers of a layer or of a parameter, on a grid.

    Attributes:
        name: The layer's name or the parameter's path; of constants, what they are, as in "1/4".
        places: Where they stand: for each axis of the layer or parameter an index, or the indexes
            along an axis of `values`. Below 0 or behind the last is padding. None for constants.
        values: The numbers, float64, one axis for each of `places` that is an array; 0 in padding.
        outside: bool, in the shape of `values`: in padding.
        batch_axis: Which place counts the one image, and goes without saying; None for parameters
            and what is computed from them alone.
        is_gradient: Whether the numbers are gradients of the loss in those of the layer.
    """

    name: str
    places: tuple[Place, ...]
    values: FloatArray
    outside: NDArray[np.bool_]
    batch_axis: int | None = None
    is_gradient: bool = False

    def index(self, position: Sequence[int] = ()) -> tuple[int, ...]:
        """Where the number at this position of `values` stands, without the batch axis."""
        along = iter(position)
        full = [p if isinstance(p, int) else int(p[next(along)]) for p in self.places]
        return self.unit_index(full)

    def label(self, position: Sequence[int] = ()) -> str:
        """A number's name, as in "pool1[3, 0, 12]"."""
        if not self.places:
            return self.name
        return f"{self.name}[{', '.join(map(str, self.index(position)))}]"

    @property
    def grid(self) -> tuple[Place, ...]:
        """The places without the batch axis."""
        return self.unit_index(self.places)

    def unit_index(self, places: Sequence[T]) -> tuple[T, ...]:
        """The places without the one along the batch axis."""
        return tuple(place for axis, place in enumerate(places) if axis != self.batch_axis)

    @property
    def has_batch(self) -> bool:
        """Whether they are a layer's, of which there are as many for each image."""
        return self.batch_axis is not None

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "name": self.name,
            "places": [p if isinstance(p, int) else p.tolist() for p in self.grid],
            "values": self.values.tolist(),
            "padding": self.outside.tolist(),
            "gradient": self.is_gradient,
        }


@dataclass(frozen=True)
class Product:
    """Numbers that are multiplied one by one, and added up.

    Attributes:
        left: The inputs; backwards, what flows.
        right: The weights, as many.
        cancels: Where a factor is itself the difference of larger numbers, the size of the products
            with those.
    """

    left: Numbers
    right: Numbers
    cancels: float = 0.0

    @property
    def products(self) -> FloatArray:
        """In the shape of the left."""
        return self.left.values * self.right.values.reshape(self.left.values.shape)

    @property
    def total(self) -> float:
        """Their sum."""
        return float(self.products.sum())

    @property
    def magnitude(self) -> float:
        """How large the numbers are that the sum is made from."""
        return max(float(abs(self.products).sum()), self.cancels)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "left": self.left.as_dict(),
            "right": self.right.as_dict(),
            "products": self.products.tolist(),
            "sum": self.total,
        }


@dataclass(frozen=True)
class Operand:
    """A tensor that an operation was given, or the gradient of the loss in one.

    Attributes:
        name: The layer's name or the parameter's path.
        tensor: The numbers, with the batch axis if it is a layer's.
        node: The layer; None for a parameter.
        is_gradient: Whether it is the gradient in the layer's tensor.
    """

    name: str
    tensor: Tensor = field(repr=False)
    node: Node | None = None
    is_gradient: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the tensor."""
        return tuple(self.tensor.shape)

    def numbers(self, *places: Place) -> Numbers:
        """The numbers at these places, one for each axis of the tensor."""
        along = [place for place in places if not isinstance(place, int)]
        shape = tuple(len(place) for place in along)
        inside = np.ones(shape, bool)
        axis = 0
        within: list[Any] = []
        for place, size in zip(places, self.shape, strict=True):
            if isinstance(place, int):
                within.append(place)
                continue
            fits = (place >= 0) & (place < size)
            spread = [1] * len(shape)
            spread[axis] = -1
            inside = inside & fits.reshape(spread)
            within.append(np.where(fits, place, 0).reshape(spread))
            axis += 1
        found = self.tensor.detach()[tuple(within)].double().cpu().numpy().reshape(shape)
        return Numbers(
            name=self.name,
            places=places,
            values=np.where(inside, found, 0.0),
            outside=~inside,
            batch_axis=None if self.node is None else self.node.batch_axis,
            is_gradient=self.is_gradient,
        )


def constant(name: str, values: FloatArray | float) -> Numbers:
    """Numbers that stand nowhere in the network."""
    array = np.asarray(values, dtype=np.float64)
    return Numbers(name, (), array, np.zeros(array.shape, bool))


def span(size: int) -> NDArray[np.int64]:
    """All indexes along an axis."""
    return np.arange(size, dtype=np.int64)


def layer_operand(node: Node) -> Operand:
    """A layer's own tensor."""
    assert node.value is not None, "the image was real"  # noqa: S101
    return Operand(node.name, node.value, node)


def scale_gradients(
    left: Numbers, name: str, factor: float | FloatArray, cancels: float | FloatArray = 0.0
) -> list[Product]:
    """Gradients times a factor that is no number of the network's own.

    Args:
        left: The gradients.
        name: What the factor is.
        factor: One for all, or one for each.
        cancels: The size of what the factor is the difference of.
    """
    right = constant(name, np.broadcast_to(factor, left.values.shape))
    return [Product(left, right, float((abs(left.values) * cancels).sum()))]


def at_ones(given: Numbers) -> list[Product]:
    """Gradients that are only added up, as for a bias: what they met is 1 everywhere."""
    return [Product(constant("1", np.ones(given.values.shape)), given)]


def align_index(index: Sequence[int], shape: Sequence[int]) -> tuple[int, ...]:
    """The same position in a tensor that is repeated along axes where it has a single number."""
    last = index[len(index) - len(shape) :]
    return tuple(0 if size == 1 else i for i, size in zip(last, shape, strict=True))


def least_grid(values: FloatArray) -> list[Place] | None:
    """The least grid that holds all numbers that aren't 0; None if all are."""
    if not values.any():
        return None
    used: list[Place] = []
    for axis in range(values.ndim):
        others = tuple(a for a in range(values.ndim) if a != axis)
        along = np.flatnonzero((values != 0).any(axis=others)).astype(np.int64)
        used.append(int(along[0]) if len(along) == 1 else along)
    return used


def at_grid(values: FloatArray, places: Sequence[Place]) -> FloatArray:
    """The values at these places of each axis, one axis for each."""
    found: FloatArray = values[np.ix_(*(np.atleast_1d(np.asarray(place)) for place in places))]
    return found
