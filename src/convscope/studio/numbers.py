"""Arrays in JSON without losing a bit: their shape, and their bytes in base64."""

from __future__ import annotations

import base64
import binascii
import math
from typing import Any, Literal

import numpy as np
import pydantic
from numpy.typing import NDArray

LARGEST = 1 << 20
"""Most numbers of an array that a page may send."""


class SentArray(pydantic.BaseModel, extra="forbid"):
    """An array as it travels.

    Attributes:
        shape: The number of entries along each axis.
        type: Of the numbers; little-endian, in reading order.
        data: Their bytes in base64.
    """

    shape: list[int] = pydantic.Field(min_length=1, max_length=6)
    type: Literal["float64", "uint8"]
    data: str = pydantic.Field(max_length=LARGEST * 11)

    def array(self) -> NDArray[Any]:
        """The array itself.

        Raises:
            ValueError: Shape and data don't fit together.
        """
        kind = np.dtype(self.type).newbyteorder("<")
        count = math.prod(self.shape)
        try:
            data = base64.b64decode(self.data, validate=True)
        except binascii.Error:
            raise ValueError("data is not base64") from None
        if min(self.shape) < 0 or count > LARGEST or len(data) != count * kind.itemsize:
            raise ValueError(f"{len(data)} bytes don't fit {self.type} of the shape {self.shape}")
        return np.frombuffer(data, kind).reshape(self.shape)


def send_array(array: NDArray[Any]) -> dict[str, Any]:
    """An array as JSON holds it: uint8 as it is, everything else as float64."""
    name = "uint8" if array.dtype == np.uint8 else "float64"
    data = np.ascontiguousarray(array, dtype=np.dtype(name).newbyteorder("<")).tobytes()
    return {
        "shape": list(array.shape),
        "type": name,
        "data": base64.b64encode(data).decode("ascii"),
    }
