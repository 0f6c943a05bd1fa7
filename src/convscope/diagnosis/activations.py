"""What activation functions give on real images: units that are never on, or never move.

They are seen as operations, not as modules, so that `F.relu` in somebody's own forward counts as
much as `nn.ReLU`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from convscope.runtime.module_calls import following_modules

NEAR = 0.05  # of the range of an activation function, counted as being at its end
ALWAYS = 0.99  # share of the values of a unit that are there if it is stuck

_aten = torch.ops.aten
RELUS = {_aten.relu.default, _aten.relu_.default}
CLAMPS = {  # as ReLU, if they cut off at 0 from below: ReLU6, clamp(min=0)
    _aten.hardtanh.default,
    _aten.hardtanh_.default,
    _aten.clamp.default,
    _aten.clamp_.default,
    _aten.clamp_min.default,
    _aten.clamp_min_.default,
}
RANGES = {  # the least and the largest value of those that flatten out at both ends
    _aten.sigmoid.default: ("sigmoid", 0.0, 1.0),
    _aten.sigmoid_.default: ("sigmoid", 0.0, 1.0),
    _aten.tanh.default: ("tanh", -1.0, 1.0),
    _aten.tanh_.default: ("tanh", -1.0, 1.0),
}


@dataclass
class Activation:
    """An activation function at one place of a network, and what it gave.

    A unit is a channel of a feature map, or one number of a dense layer.

    Attributes:
        layer: Its module, or "relu after NAME" for a call in somebody's own forward; where the
            same is computed twice, the second is "… #2".
        kind: "ReLU", "sigmoid" or "tanh".
        before: The last module with weights that was computed before it; None if there was none.
        at_end: Per unit, how many of its values were 0 (relu) or near an end of the range.
        values: Number of values of each unit.
    """

    layer: str
    kind: str
    before: str | None
    at_end: Tensor
    values: int = 0

    @property
    def units(self) -> int:
        """Number of units."""
        return len(self.at_end)

    @property
    def stuck(self) -> float:
        """Share of units that are dead (relu), or at an end on nearly every image."""
        least = self.values if self.kind == "ReLU" else ALWAYS * self.values
        return float((self.at_end >= least).float().mean())

    @property
    def share_at_end(self) -> float:
        """Share of all values that are 0 (relu) or near an end of the range."""
        return float(self.at_end.sum()) / (self.units * self.values)


class _Observer(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees every operation of a forward pass, and counts what activation functions give."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found: dict[str, Activation] = {}
        self._path: list[tuple[str, nn.Module]] = []  # of the modules being computed
        self._calls: dict[str, int] = {}
        self._weighted: str | None = None

    def enter(self, name: str, module: nn.Module, _: object) -> None:
        """A module is about to be computed."""
        self._path.append((name, module))

    def leave(self, name: str, module: nn.Module, *_: object) -> None:
        """A module has been computed."""
        self._path.pop()
        if next(module.parameters(recurse=False), None) is not None:
            self._weighted = name

    def begin(self) -> None:
        """Another forward pass begins."""
        self._path.clear()
        self._calls.clear()
        self._weighted = None

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        if function in RELUS or (function in CLAMPS and len(args) > 1 and args[1] == 0):
            self._count("ReLU", result, result <= 0)
        elif function in RANGES:
            kind, low, high = RANGES[function]
            margin = NEAR * (high - low)
            self._count(kind, result, (result < low + margin) | (result > high - margin))
        return result

    def _count(self, kind: str, result: Tensor, at_end: Tensor) -> None:
        if result.ndim < 2:
            return  # not a value for each image
        place, module = self._path[-1]
        if not (place and type(module).__module__.startswith("torch.nn")):
            place = f"{kind} after {self._weighted or 'the images'}"
        call = self._calls[place] = self._calls.get(place, 0) + 1
        layer = place + (f" #{call}" if call > 1 else "")
        axis = 1 if result.ndim in (2, 4) else -1  # channels; of tokens (N, T, F), features
        units = result.shape[axis]
        per_unit = at_end.movedim(axis, 0).reshape(units, -1).sum(1).cpu()
        found = self.found.setdefault(
            layer, Activation(layer, kind, self._weighted, torch.zeros(units))
        )
        found.at_end += per_unit
        found.values += at_end.numel() // units


@torch.no_grad()
def observe(network: nn.Module, batches: Iterable[Tensor]) -> list[Activation]:
    """What the activation functions of a network give.

    Args:
        network: In the mode to observe it in.
        batches: Images (N, C, H, W).

    Returns:
        One for each place, in the order of computation.
    """
    observer = _Observer()
    with following_modules(network, before=observer.enter, after=observer.leave):
        for images in batches:
            observer.begin()
            with observer:
                network(images)
    return list(observer.found.values())
