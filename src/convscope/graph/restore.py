"""Running a network without leaving a trace: afterwards all is as it was found.

During the run the network holds stand-ins in place of its parameters and buffers, so nothing that
its `forward` does to them lasts. Then every module's attributes are put back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from convscope.runtime.exclusive import looking_at
from convscope.runtime.kept_state import generators_kept, remember


@contextmanager
def leave_as_found(network: nn.Module, stand_in: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Put the network into evaluation mode with stand-ins for its tensors, and undo all of it.

    What is put back: every attribute of every module (mode, parameters, buffers, hooks, counters,
    the contents of containers, however deep), what its hooks kept, and the state of the random
    generators. Other threads that come here wait.

    Args:
        network: The network.
        stand_in: Makes the tensor that takes the place of a parameter, a buffer or another tensor
            held by a module. It is asked once for each, so that tied ones stay tied.

    Raises:
        ConvscopeError: Another thread trains this very network.
    """
    with looking_at(network), _left_as_found(network, stand_in):
        yield


@contextmanager
def _left_as_found(network: nn.Module, stand_in: Callable[[Tensor], Tensor]) -> Iterator[None]:
    made: dict[int, Tensor] = {}

    def replaced(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        if id(value) not in made:
            made[id(value)] = stand_in(value)
        return made[id(value)]

    attributes = [(module.__dict__, dict(module.__dict__)) for module in network.modules()]
    values = [value for _, saved in attributes for value in saved.values()]
    restore = remember(values)
    containers = list(_containers(values))
    devices = {tensor.device for tensor in network.parameters() if tensor.device.type == "cuda"}
    with generators_kept(sorted(devices, key=str)):
        try:
            for held, _ in attributes:
                held["training"] = False
                held.update({name: replaced(value) for name, value in held.items()})
            for container in containers:
                if isinstance(container, dict):
                    container.update({key: replaced(value) for key, value in container.items()})
                else:
                    container[:] = [replaced(value) for value in container]
            yield
        finally:
            for held, saved in attributes:
                held.clear()
                held.update(saved)
            restore()


def _containers(values: Iterable[Any]) -> Iterator[dict[Any, Any] | list[Any]]:
    """Lists and dictionaries among the values, however deep, each once."""
    seen: set[int] = set()
    front = list(values)
    while front:
        value = front.pop()
        if id(value) in seen or not isinstance(value, dict | list | tuple):
            continue
        seen.add(id(value))
        front += value.values() if isinstance(value, dict) else value
        if not isinstance(value, tuple):
            yield value


def collect_tensors(
    network: nn.Module,
) -> tuple[dict[str, Tensor], list[str], dict[str, list[str]]]:
    """All tensors that a network holds, each once, under the first of its paths.

    Returns:
        The tensors by path: parameters, buffers, then those that are plain attributes; the paths
        of the parameters; and for parameters with several paths, the others by the first.
    """
    tensors: dict[str, Tensor] = {}
    first_path: dict[int, str] = {}
    tied: dict[str, list[str]] = {}
    for path, parameter in network.named_parameters(remove_duplicate=False):
        if id(parameter) in first_path:
            tied.setdefault(first_path[id(parameter)], []).append(path)
        else:
            first_path[id(parameter)] = path
            tensors[path] = parameter
    names = list(tensors)
    plain = (
        (f"{path}.{name}" if path else name, value)
        for path, module in network.named_modules()
        for name, value in module.__dict__.items()
        if isinstance(value, Tensor)
    )
    for path, tensor in [*network.named_buffers(), *plain]:
        if id(tensor) not in first_path:
            first_path[id(tensor)] = path
            tensors[path] = tensor
    return tensors, names, tied
