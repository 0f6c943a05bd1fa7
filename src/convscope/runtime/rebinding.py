"""Functions that a module keeps, made to mean its copy.

`self.steps = [lambda x: self.conv(x)]`, `network.forward = lambda x: 2 * forward(x)`, a hook with a
layer in a `functools.partial`: Python copies such functions by sharing them, and a copy of the
module would go on computing with the layers and weights of the original.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from types import CellType, FunctionType, MethodType
from typing import Any

from torch import Tensor, nn


def rebind(copies: Mapping[int, Any], modules: list[nn.Module]) -> None:
    """Let functions that copied modules keep refer to copies, wherever they referred to originals.

    Args:
        copies: From the identity of an original, a module or a tensor, to its copy.
        modules: The copies, whose attributes are changed; not what the originals hold.
    """
    translated = _Translation(copies).translated
    for module in modules:
        held = vars(module)
        held.update({name: translated(value) for name, value in held.items()})


class _Translation:
    def __init__(self, copies: Mapping[int, Any]) -> None:
        self._copies = copies
        self._done: dict[int, tuple[Any, Any]] = {}  # from identity to the original and what it is

    def translated(self, value: Any) -> Any:
        """A value with copies in the place of originals; the same object if there are none."""
        if isinstance(value, nn.Module | Tensor):
            return self._copies.get(id(value), value)
        translate = _HOW.get(type(value))
        if translate is None:
            return value
        if id(value) not in self._done:
            self._done[id(value)] = (value, value)  # what leads back to itself stays
            self._done[id(value)] = (value, translate(self, value))
        return self._done[id(value)][1]

    def _sequence(self, value: Any) -> Any:
        items = [self.translated(item) for item in value]
        return value if _are_same(items, value) else type(value)(items)

    def _dict(self, value: dict[Any, Any]) -> dict[Any, Any]:
        items = {key: self.translated(item) for key, item in value.items()}
        return value if _are_same(items.values(), value.values()) else type(value)(items)

    def _method(self, value: MethodType) -> MethodType:
        owner = self.translated(value.__self__)
        return value if owner is value.__self__ else MethodType(value.__func__, owner)

    def _partial(self, value: partial[Any]) -> partial[Any]:
        parts = (value.func, value.args, value.keywords)
        func, args, keywords = new = tuple(self.translated(part) for part in parts)
        return value if _are_same(new, parts) else partial(func, *args, **keywords)

    def _function(self, value: FunctionType) -> FunctionType:
        cells = tuple(self._cell(cell) for cell in value.__closure__ or ())
        defaults = self.translated(value.__defaults__)
        named = self.translated(value.__kwdefaults__)
        before = (*(value.__closure__ or ()), value.__defaults__, value.__kwdefaults__)
        if _are_same((*cells, defaults, named), before):
            return value
        made = FunctionType(
            value.__code__, value.__globals__, value.__name__, defaults, cells or None
        )
        made.__kwdefaults__ = named
        made.__dict__.update(value.__dict__)
        return made

    def _cell(self, cell: CellType) -> CellType:
        try:
            content = cell.cell_contents
        except ValueError:  # not assigned yet
            return cell
        new = self.translated(content)
        return cell if new is content else CellType(new)


def _are_same(new: Any, old: Any) -> bool:
    return all(one is other for one, other in zip(new, old, strict=True))


_HOW: dict[type, Callable[[_Translation, Any], Any]] = {
    list: _Translation._sequence,
    tuple: _Translation._sequence,
    dict: _Translation._dict,
    OrderedDict: _Translation._dict,
    MethodType: _Translation._method,
    partial: _Translation._partial,
    FunctionType: _Translation._function,
}
