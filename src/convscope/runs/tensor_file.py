"""Tensors to a safetensors file, with errors that a person understands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import safetensors
import safetensors.torch
from torch import Tensor

from convscope.errors import ConvscopeError


def write_tensors(
    path: Path,
    tensors: Mapping[str, Tensor],
    metadata: Mapping[str, str] | None = None,
    *,
    name: str | Path,
) -> None:
    """Write tensors to a file.

    Args:
        path: The file, usually a temporary one.
        tensors: By name; contiguous, on the CPU.
        metadata: Texts beside them.
        name: What the file will be called, for the error.

    Raises:
        ConvscopeError: It can't be written, as on a full disk.
    """
    try:
        safetensors.torch.save_file(dict(tensors), path, None if metadata is None else {**metadata})
    except safetensors.SafetensorError as error:
        reason = str(error).removeprefix("Error while serializing: ").removeprefix("I/O error: ")
        raise ConvscopeError(
            f"'{name}' can't be written: {reason}. Free some space, or make the folder writable, "
            "and go on: convscope resume RUN."
        ) from None
