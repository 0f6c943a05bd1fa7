"""Parameters by their name, nested as the modules are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from torch import Tensor

from convscope.errors import unknown_name
from convscope.inspection.open.network import Inspectable, open_network

Tree: TypeAlias = "Mapping[str, Tree | Tensor]"


def read_parameters(network: Inspectable, name: str = "") -> Tensor | Tree:
    """A parameter by its name, or all parameters below a module, nested as the modules are.

        read_parameters(network, "features.conv1.weight")     # the parameter
        read_parameters(network, "features")  # {"conv1": {"weight": …, "bias": …}, …}

    Args:
        network: A module; a run, its folder, or a `model.safetensors`; or a name of the catalog.
        name: Names joined by points; "" for all of it.

    Raises:
        UsageError: There is nothing of this name.
    """
    whole = open_network(network).network
    tree: dict[str, Tree | Tensor] = {}
    known = set()
    for path, parameter in whole.named_parameters(remove_duplicate=False):
        *modules, last = path.split(".")
        branch = tree
        for depth, module in enumerate(modules, start=1):
            branch = branch.setdefault(module, {})  # type: ignore[assignment]
            known.add(".".join(modules[:depth]))
        branch[last] = parameter
        known.add(path)
    if name and name not in known:
        raise unknown_name("parameter", name, known)
    found: Tensor | Tree = tree
    for part in name.split(".") if name else []:
        found = found[part]  # type: ignore[index]
    return found
