"""Where the weights came from that a network was trained further from: a part of its card."""

from __future__ import annotations

from typing import Annotated

import pydantic


class Origin(pydantic.BaseModel, frozen=True, extra="forbid"):
    """Where the weights came from that a network was trained further from.

    Attributes:
        source: What was given: "published", or the path of a run or file.
        file: The name of the file; of published weights it holds the start of its SHA-256.
        sha256: Of that file.
        licence: The terms of its weights, as far as they are known.
        taken: How many tensors were taken over.
        new: Names of the tensors that began anew.
        left: Names of the tensors in the file that the network has no place for.
    """

    source: str
    file: str
    sha256: Annotated[str, pydantic.Field(pattern="^[0-9a-f]{64}$")]
    licence: str
    taken: Annotated[int, pydantic.Field(gt=0)]
    new: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
