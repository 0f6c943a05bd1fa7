"""Tensors in a safetensors file: the same bytes for the same content, every changed bit noticed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from convscope.errors import ConvscopeError, UsageError
from convscope.files import free_space

KNOWN = {"convscope", "format", "sha256", "check"}
"""Names of metadata in model files: the card, and SHA-256 of the tensors and of the other texts."""

HEADER_BYTES = 1 << 24
"""Most that a header may have: some hundred thousand tensors, a million classes."""


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
        _sort_metadata(path)
    except (safetensors.SafetensorError, OSError) as error:
        reason = str(error).removeprefix("Error while serializing: ").removeprefix("I/O error: ")
        needed = sum(each.numel() * each.element_size() for each in tensors.values())
        raise ConvscopeError(
            f"'{name}' can't be written: {reason}. {free_space(Path(name).parent, needed)} Free "
            "some space, or make the folder writable, and go on: convscope resume RUN."
        ) from None


class TensorFile(NamedTuple):
    """The content of a file: texts beside the tensors, and the tensors by name."""

    metadata: dict[str, str]
    tensors: dict[str, Tensor]


def read_tensors(path: Path, *, with_tensors: bool = True) -> TensorFile:
    """Metadata and tensors of a model file, checked as far as they are read.

    Files of earlier versions have no checksums of their metadata, or none at all.

    Args:
        path: The file.
        with_tensors: Whether they are read, or the metadata alone.

    Raises:
        UsageError: The file doesn't exist.
        ConvscopeError: The file is damaged.
    """
    if not path.is_file():
        raise UsageError(f"No model file {str(path)!r}.")
    try:
        _check_header(path)
        with safetensors.safe_open(path, framework="pt") as file:
            names = file.keys() if with_tensors else ()
            content = TensorFile(
                file.metadata() or {}, {name: file.get_tensor(name) for name in names}
            )
    except (safetensors.SafetensorError, OSError, ValueError, RuntimeError, KeyError) as error:
        raise ConvscopeError(f"Model file {str(path)!r} is damaged: {error}.") from None
    metadata, tensors = content
    # A name that no version has written is a checksum's, damaged.
    is_odd = "sha256" in metadata and not metadata.keys() <= KNOWN
    if is_odd or ("check" in metadata and metadata != sealed(metadata)):
        what = "metadata isn't what was"
    elif with_tensors and metadata.get("sha256", digest(tensors)) != digest(tensors):
        what = "weights aren't those that were"
    else:
        return content
    raise ConvscopeError(
        f"Model file {str(path)!r} is damaged: its {what} written. "
        "Take a copy of it that is whole, or train again."
    )


def _check_header(path: Path) -> None:
    """Refuse a header that would take much work and memory; it says itself how long it is.

    Raises:
        ValueError: It is longer than any network's.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if length > HEADER_BYTES:
        raise ValueError(f"its header has {length:,} bytes; at most {HEADER_BYTES:,} are read")


def digest(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of names, types, shapes and bytes, in hexadecimal digits."""
    found = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        found.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()


def sealed(metadata: Mapping[str, str]) -> dict[str, str]:
    """Metadata with a SHA-256 of all its texts as "check"."""
    texts = sorted((name, text) for name, text in metadata.items() if name != "check")
    return {**dict(texts), "check": hashlib.sha256(json.dumps(texts).encode()).hexdigest()}


def _sort_metadata(path: Path) -> None:
    """Put the texts in order: safetensors writes them in another one each time."""
    with path.open("r+b") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        if "__metadata__" not in header:
            return
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
        if len(text) <= length:  # the same characters, so the same length
            file.seek(8)
            file.write(text.ljust(length))
