"""What was measured of a network on this machine before, so that it isn't measured again.

How many times as fast as float32 bfloat16 is depends on the layers, the batch and the threads, and
so does how many of these are fastest: asked again, noise might answer, and another number of them
rounds otherwise. Whether the gradients of both agree depends on the very weights and images. Each
is kept under a digest of just that, by machine, in the cache folder. A module of somebody's own is
known by its layers, by the code of its classes and by the plain values that it holds. What it calls
elsewhere may change without being noticed: that can cost speed, so speeds are remembered, and
whether gradients agree is tried each time.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from types import CodeType

import pydantic
import torch
from torch import Tensor, nn

from convscope.folders import cache_folder, keep_text
from convscope.networks.network import Network
from convscope.runtime.device import processor

MOST = 1000  # entries of each kind and machine; the oldest are forgotten
SAMPLES = 64  # numbers of each tensor that stand for it


class _MachineSpeeds(pydantic.BaseModel):
    """What is kept of one machine.

    Attributes:
        ratios: By network, batch and threads: the speed in bfloat16 by that in float32.
        agreements: By weights and images: whether the gradients agree.
        threads: By network, batch and threads there are: how many were fastest.
    """

    ratios: dict[str, pydantic.PositiveFloat] = {}
    agreements: dict[str, bool] = {}
    threads: dict[str, pydantic.PositiveInt] = {}


_FILE = pydantic.TypeAdapter(dict[str, _MachineSpeeds])


class KnownSpeeds:
    """What is known of training a network on batches like this one, with the threads set now.

    Args:
        network: With the weights that training would begin with.
        images: A batch, (N, C, H, W).
        labels: (N,) or (N, classes).
        layout: In which images and kernels are stored.
    """

    def __init__(self, network: nn.Module, images: Tensor, labels: Tensor, layout: str) -> None:
        self._is_own = not isinstance(network, Network)
        self._file = cache_folder() / "precisions.json"
        limits = (
            os.environ.get("ONEDNN_MAX_CPU_ISA", "any"),
            torch.backends.cpu.get_cpu_capability(),
        )
        self._machine = f"{processor()}, {' and '.join(limits)}, torch {torch.__version__}"
        shapes = [tuple(each.shape) for each in (*network.parameters(), images, labels)]
        code = _code(network) if self._is_own else ()
        self._shape = _digest(str(network), shapes, layout, torch.get_num_threads(), *code)
        tensors = (*network.state_dict().values(), images, labels)
        self._values = _digest(self._shape, *(_sample(each) for each in tensors))

    @property
    def ratio(self) -> float | None:
        """The speed in bfloat16 by that in float32; None: not measured yet."""
        return self._read().ratios.get(self._shape)

    @property
    def agrees(self) -> bool | None:
        """Whether the gradients in both precisions agree; None: not tried yet."""
        return None if self._is_own else self._read().agreements.get(self._values)

    @property
    def threads(self) -> int | None:
        """How many of the threads set now are fastest; None: not measured yet."""
        known = self._read().threads.get(self._shape)
        return None if known is None else min(known, torch.get_num_threads())

    def keep_threads(self, threads: int) -> None:
        """Remember how many threads are fastest."""
        kept = self._read()
        self._write(kept.model_copy(update={"threads": {**kept.threads, self._shape: threads}}))

    def keep_ratio(self, ratio: float) -> None:
        """Remember how the speeds compare."""
        kept = self._read()
        self._write(kept.model_copy(update={"ratios": {**kept.ratios, self._shape: ratio}}))

    def keep_agreement(self, *, agrees: bool) -> None:
        """Remember whether the gradients agree, where the network can't change unnoticed."""
        if self._is_own:
            return
        kept = self._read()
        agreements = {**kept.agreements, self._values: agrees}
        self._write(kept.model_copy(update={"agreements": agreements}))

    def _read(self) -> _MachineSpeeds:
        return _read(self._file).get(self._machine, _MachineSpeeds())

    def _write(self, kept: _MachineSpeeds) -> None:
        newest = {
            name: dict(list(entries.items())[-MOST:]) for name, entries in kept.model_dump().items()
        }
        everything = {name: each.model_dump() for name, each in _read(self._file).items()}
        content = {**everything, self._machine: newest}
        keep_text(self._file, json.dumps(content, ensure_ascii=False))


def _read(file: Path) -> dict[str, _MachineSpeeds]:
    """What is kept of each machine; nothing if the file is missing or isn't ours."""
    try:
        return _FILE.validate_json(file.read_bytes())
    except (OSError, ValueError):
        return {}


def _code(network: nn.Module) -> list[object]:
    """What tells a module of somebody's own from another one with the same layers."""
    classes = {type(each) for each in network.modules()}
    own = [each for each in classes if not each.__module__.startswith(("torch.", "convscope."))]
    functions = [
        (each.__qualname__, name, _instructions(value.__code__))
        for each in own
        for name, value in vars(each).items()
        if hasattr(value, "__code__")
    ]
    plain = [
        (name, key, value)
        for name, module in network.named_modules()
        for key, value in vars(module).items()
        if isinstance(value, int | float | str) and key != "training"
    ]
    return [sorted(functions), sorted(plain, key=repr)]


def _instructions(code: CodeType) -> str:
    """What a function does; not in which file and line it stands."""
    constants = []
    for each in code.co_consts:
        if isinstance(each, CodeType):
            constants.append(_instructions(each))
        else:  # the order of a set of texts is another in each process
            constants.append(repr(sorted(map(repr, each)) if isinstance(each, frozenset) else each))
    return repr((code.co_code, code.co_names, code.co_varnames, constants))


def _sample(tensor: Tensor) -> bytes:
    """Numbers of a tensor, evenly spread."""
    flat = tensor.detach().reshape(-1)
    return flat[:: max(1, len(flat) // SAMPLES)].cpu().float().numpy().tobytes()


def _digest(*values: object) -> str:
    return hashlib.blake2b(repr(values).encode(), digest_size=12).hexdigest()
