"""One part of every batch: what a process takes where several train one network together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class BatchPart:
    """Which part of a batch is taken; the parts of all numbers together are the batch.

    Attributes:
        number: Of the part, from 0.
        count: How many parts a batch has.
    """

    number: int = 0
    count: int = 1

    @property
    def is_whole(self) -> bool:
        """Whether the part is the batch itself."""
        return self.count == 1

    def rows(self, length: int) -> slice:
        """The rows of a batch of this length; sizes of parts differ by one at most.

        Of a batch with fewer rows than parts, some parts have none, but never the first.
        """
        first, stop = (
            -(-number * length // self.count) for number in (self.number, self.number + 1)
        )
        return slice(first, stop)


class PartOfDraws:
    """Draws random numbers for every image of a batch, and gives those of a part of it.

    So an image is changed in the same way whichever part it comes in. The methods are those of
    NumPy's generator that `data.augmentation` draws with; the last extent of a shape is the number
    of images.

    Args:
        random: Source of the numbers.
        length: Images in the whole batch.
        rows: Those of the part.
    """

    def __init__(self, random: np.random.Generator, length: int, rows: slice) -> None:
        self._random, self._length, self._rows = random, length, rows

    def random(self, size: int) -> NDArray[np.float64]:
        """A number in [0, 1) for each image of the part."""
        del size
        return self._random.random(self._length)[self._rows]

    def integers(self, low: int, high: int, size: int | Sequence[int]) -> NDArray[np.int64]:
        """Whole numbers from `low` to below `high`, for each image of the part."""
        return self._random.integers(low, high, self._whole(size))[..., self._rows]

    def uniform(self, low: float, high: float, size: int | Sequence[int]) -> NDArray[np.float64]:
        """Numbers in [low, high), for each image of the part."""
        return self._random.uniform(low, high, self._whole(size))[..., self._rows]

    def _whole(self, size: int | Sequence[int]) -> tuple[Any, ...]:
        shape = (size,) if isinstance(size, int) else tuple(size)
        return (*shape[:-1], self._length)
