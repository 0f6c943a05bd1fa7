"""Checkpoints: tensors as safetensors, plain state as JSON, checked when they are read.

A checkpoint is two files, `step-00000120.safetensors` and `step-00000120.json`. The JSON is
written last and holds the SHA-256 of the tensors and its own, so a checkpoint that a crash cut
short, or of which the disk has changed a bit, is noticed and the one before it is taken.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic
import safetensors
import safetensors.torch
import torch
from torch import nn

from convscope.errors import ConvscopeError
from convscope.files import atomic_path, open_file
from convscope.runs.checked_json import read_checked, write_checked
from convscope.runs.tensor_file import write_tensors

KEEP = 2  # generations: the newest, and the one to fall back on


@dataclass(frozen=True)
class Checkpoint:
    """What was read back.

    Attributes:
        tensors: By name, on the CPU.
        state: Plain numbers and strings; `state["step"]` counts steps from the run's start.
        passed_over: Newer checkpoints that could not be used, each with the reason.
    """

    tensors: dict[str, torch.Tensor]
    state: dict[str, Any]
    passed_over: tuple[str, ...]


class _Manifest(pydantic.BaseModel, extra="forbid"):
    sha256: str
    state: dict[str, int | float | str]


def save_checkpoint(
    folder: Path, tensors: Mapping[str, torch.Tensor], state: Mapping[str, Any]
) -> None:
    """Write a checkpoint, then remove all others but the one before it.

    Args:
        folder: Where checkpoints lie; made if missing.
        tensors: By name, on any device.
        state: Values that JSON can hold; must contain "step".
    """
    folder.mkdir(exist_ok=True)
    stem = f"step-{state['step']:08d}"
    # Copies, because safetensors refuses tensors that share memory, as tied weights do.
    contiguous = {name: t.detach().to("cpu", copy=True).contiguous() for name, t in tensors.items()}
    with atomic_path(folder / f"{stem}.safetensors") as temporary:
        write_tensors(temporary, contiguous, name=folder / f"{stem}.safetensors")
        digest = _sha256(temporary)
    write_checked(folder / f"{stem}.json", {"sha256": digest, "state": dict(state)})
    forget_later(folder, state["step"])
    kept = {each.stem for each in _manifests(folder)[:KEEP]}
    for file in folder.glob("step-*"):
        if file.stem not in kept:
            file.unlink(missing_ok=True)


def forget_later(folder: Path, step: int) -> None:
    """Remove the checkpoints of later steps, which couldn't be used.

    For a run that goes on from this step: it makes them again, and were a damaged one left, it
    would be kept in place of the one that the run went on from.
    """
    for manifest in _manifests(folder):
        if _step(manifest) > step:
            manifest.unlink()
            manifest.with_suffix(".safetensors").unlink(missing_ok=True)


def latest_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest checkpoint that is whole; None if there has never been one.

    Raises:
        ConvscopeError: There are checkpoints, and every one is damaged.
    """
    passed_over: list[str] = []
    for manifest in _manifests(folder):
        try:
            return _read(manifest, tuple(passed_over))
        except (OSError, ValueError, ConvscopeError, safetensors.SafetensorError) as error:
            passed_over.append(f"{manifest.stem}: {error}".rstrip(". "))
    if passed_over:
        raise ConvscopeError(
            f"No checkpoint in {str(folder)!r} can be used: {'; '.join(passed_over)}."
        )
    return None


def load_checkpoint_weights(file: Path, network: nn.Module) -> None:
    """Give a network the weights of a checkpoint that a run would keep: the average, if it has one.

    Args:
        file: The checkpoint's `.safetensors`.
        network: Of the run's kind; its weights are replaced.

    Raises:
        ConvscopeError: The checkpoint is damaged, or not of such a network.
    """
    try:
        tensors = _read(file.with_suffix(".json"), ()).tensors
        average = any(name.startswith("average.") for name in tensors)
        prefix = "average." if average else "network."
        own = {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
        network.load_state_dict(own)
    except (OSError, ValueError, KeyError, RuntimeError, safetensors.SafetensorError) as error:
        raise ConvscopeError(f"The checkpoint {file.stem} can't be used: {error}.") from None


def _read(manifest: Path, passed_over: tuple[str, ...]) -> Checkpoint:
    content = _Manifest.model_validate(read_checked(manifest, _Manifest, ""))
    file = manifest.with_suffix(".safetensors")
    if _sha256(file) != content.sha256:
        raise ValueError("its tensors are damaged (wrong checksum)")
    if content.state.get("step") != _step(manifest):
        raise ValueError("it holds another step than its name says")
    return Checkpoint(safetensors.torch.load_file(file), content.state, passed_over)


def _manifests(folder: Path) -> list[Path]:
    """Newest first."""
    names = [each for each in folder.glob("step-*.json") if each.stem[5:].isdecimal()]
    return sorted(names, key=_step, reverse=True)


def _step(file: Path) -> int:
    return int(file.stem[5:])


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with open_file(file) as stream:
        while block := stream.read(2**20):
            digest.update(block)
    return digest.hexdigest()
