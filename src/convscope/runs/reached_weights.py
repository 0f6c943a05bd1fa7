"""Which weights a training step of somebody's own module reaches, by the graph that PyTorch keeps.

Some mistakes give a network that trains without an error and learns less than it seems to, or is
another one when it is loaded: a layer made anew in every `forward`, a plain tensor in place of an
`nn.Parameter`, a `detach()` or `torch.no_grad()` that cuts a part off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from convscope.errors import UsageError
from convscope.graph.restore import leave_as_found
from convscope.look.names import join_names
from convscope.runtime.module_output import main_logits

SHOWN = 3  # names of weights in a note


@dataclass(frozen=True)
class ReachedWeights:
    """What one step was found to change.

    Attributes:
        plain: Attributes that hold tensors with gradients that are no parameters.
        foreign: Shapes of parameters that are used and belong to no part of the module.
        unreached: Parameters that require gradients and get none.
    """

    plain: tuple[str, ...]
    foreign: tuple[tuple[int, ...], ...]
    unreached: tuple[str, ...]


def check_reached(module: nn.Module, name: str, shape: tuple[int, int, int]) -> tuple[str, ...]:
    """Refuse weights that are used and not the module's; a note on those that can't learn.

    Args:
        module: Is left as it was found.
        name: What sentences call it.
        shape: (C, H, W) of an image.

    Raises:
        UsageError: There are such weights.
    """
    found = find_reached_weights(module, shape)
    if found is None:
        return ()
    if found.plain:
        attribute = found.plain[0]
        raise UsageError(
            f"The module {name} keeps weights in a plain tensor, {attribute!r}: they would neither "
            f"be trained nor saved. Make it a parameter: self.{attribute.rpartition('.')[2]} = "
            "nn.Parameter(…)."
        )
    if found.foreign:
        raise UsageError(
            f"The module {name} computes with weights of shape {found.foreign[0]} that none of its "
            "layers has, so they would neither be trained nor saved. Is a layer made in forward()? "
            "Make it in __init__, as an attribute."
        )
    if not found.unreached:
        return ()
    return (
        f"In a training step that was tried, no gradient reaches these weights of {name}: "
        f"{join_names(found.unreached, SHOWN)}. Where that is always so, they stay as they are: is "
        "there a detach() or torch.no_grad(), or is their part left out?",
    )


def find_reached_weights(module: nn.Module, shape: tuple[int, int, int]) -> ReachedWeights | None:
    """Follow the gradient back from the logits of two images; None if it can't be followed.

    Args:
        module: Is left as it was found.
        shape: (C, H, W) of an image.
    """
    originals: dict[int, Tensor] = {}
    stand_ins: list[Tensor] = []  # kept, so that no other tensor gets their ids

    def stand_in(tensor: Tensor) -> Tensor:
        copy = tensor.detach().clone().requires_grad_(tensor.requires_grad)
        originals[id(copy)] = tensor
        stand_ins.append(copy)
        return copy

    names = {id(each): name for name, each in module.named_parameters()}
    attributes = {
        id(value): f"{path}.{name}" if path else name
        for path, each in module.named_modules()
        for name, value in vars(each).items()
        if isinstance(value, Tensor)
    }
    device = next((tensor.device for tensor in module.parameters()), torch.device("cpu"))
    images = torch.rand(2, *shape, generator=torch.Generator().manual_seed(0)).to(device)
    try:
        with leave_as_found(module, stand_in), torch.enable_grad():
            module.train()
            logits = main_logits(module(images))
            leaves = list(_leaves(logits))
    except Exception:  # what fails without gradients was said before; with them, training says it
        return None
    if not leaves:
        return None
    found = [originals.get(id(leaf), leaf) for leaf in leaves]
    reached = {id(each) for each in found}
    return ReachedWeights(
        plain=tuple(attributes[id(each)] for each in found if _is_plain(each, names, attributes)),
        foreign=tuple(
            tuple(each.shape)
            for each in found
            if isinstance(each, nn.Parameter) and id(each) not in names
        ),
        unreached=tuple(
            name
            for name, each in module.named_parameters()
            if each.requires_grad and id(each) not in reached
        ),
    )


def _is_plain(tensor: Tensor, names: dict[int, str], attributes: dict[int, str]) -> bool:
    return (
        id(tensor) not in names
        and id(tensor) in attributes
        and tensor.is_leaf
        and not isinstance(tensor, nn.Parameter)
    )


def _leaves(result: Tensor) -> Iterator[Tensor]:
    """The tensors without a history that a result was computed from and that get gradients."""
    seen = set()
    waiting = [result.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        leaf = getattr(node, "variable", None)
        if leaf is not None:
            yield leaf
        waiting += [before for before, _ in node.next_functions]
