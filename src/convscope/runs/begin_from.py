"""Give a fresh network the weights of a source: what is taken, what is new, what is left, by name.

The rules:

- With other classes than the source's, in name or order, the last layer is new; so it is where the
  classes of the source aren't known. Everything before it must fit, or nothing is taken.
- Grey images for a colour network are repeated in three channels, which computes exactly what the
  source would of them (`channels = 3` in the recipe).
- Colour images for a grey network: each of three channels gets a third of the first layer's
  weights, so that the network begins by looking at their mean.
- What the source has and the network doesn't is left, if it is a part of its own, such as
  GoogLeNet's auxiliary classifiers; surplus layers inside a part mean another architecture.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pydantic
from torch import Tensor, nn

from convscope.errors import ConvscopeError, UsageError, first_invalid
from convscope.look.names import join_names
from convscope.networks.network import Network
from convscope.networks.weights import advise, find_differences, match_names
from convscope.runs.last_layers import find_last_layers
from convscope.runs.origin import Origin
from convscope.runs.run import Run
from convscope.runs.source import WeightSource

SHOWN = 6  # names that a message quotes of each kind


def begin_from(
    network: nn.Module,
    source: WeightSource,
    *,
    image_shape: tuple[int, int, int],
    classes: tuple[str, ...],
    arguments: dict[str, Any],
) -> Origin:
    """Fill a network with the weights of a source.

    Args:
        network: With fresh weights, on the CPU; is changed.
        source: What to read; published weights are fetched if they aren't here yet.
        image_shape: (C, H, W) of the images that the network takes.
        classes: The names of its logits, in order.
        arguments: What the catalog built it with.

    Returns:
        What the model file says of it.

    Raises:
        UsageError: The weights are of another architecture, or of other images.
        ConvscopeError: They are damaged, or can't be fetched.
    """
    weights = source.read()
    given, left, _ = match_names(network, weights.tensors)
    state = network.state_dict()
    ends: tuple[str, ...] = ()
    if classes != source.classes:
        ends = find_last_layers(network, image_shape, len(classes), arguments)
    own = {name: tensor for name, tensor in state.items() if not _is_in(name, ends)}
    taken = {name: tensor for name, tensor in given.items() if not _is_in(name, ends)}
    parts = {name.partition(".")[0] for name in state}
    left += [name for name in taken if name.partition(".")[0] not in parts]
    taken = {name: tensor for name, tensor in taken.items() if name not in left}
    taken = _for_colour(own, taken)
    differences = find_differences(own, taken)
    if differences:
        called = network.name if isinstance(network, Network) else type(network).__name__
        hint = advise(network, given)
        if source.card is not None and source.card.size != image_shape[1]:
            hint = f" They take images of {source.card.size} pixels: leave --size out."
        raise UsageError(
            f"--from {source.given!r}: these weights don't fit {called} for images of "
            f"{'×'.join(map(str, image_shape))}: {'; '.join(differences)}.{hint}"
        )
    network.load_state_dict(taken, strict=False)  # strict but for the new layer and the counters
    return Origin(
        source=source.given,
        file=weights.file.name,
        sha256=weights.sha256,
        licence=source.licence,
        taken=len(taken),
        new=tuple(name for name in state if _is_in(name, ends)),
        left=tuple(left),
    )


def describe_origin(origin: Origin) -> str:
    """What was taken, what is new and what was left, for a person."""
    new = join_names(origin.new, SHOWN) if origin.new else "nothing, the classes are the same"
    left = f"; left: {join_names(origin.left, SHOWN)}" if origin.left else ""
    return (
        f"Begins from {origin.source} ({origin.file}, SHA-256 {origin.sha256[:8]}…): "
        f"{origin.taken} tensors taken; new: {new}{left}. Licence: {origin.licence}."
    )


def read_origin(run: Run) -> Origin | None:
    """What a run began from, as it was written when it began; None: from nothing.

    Raises:
        ConvscopeError: The record is damaged.
    """
    known = run.environment.get("origin")
    try:
        return None if known is None else Origin.model_validate(known)
    except pydantic.ValidationError as error:
        raise ConvscopeError(
            f"{str(run.environment_file)!r} is damaged: origin: {first_invalid(error)}."
        ) from None


def _is_in(name: str, layers: tuple[str, ...]) -> bool:
    return name.rpartition(".")[0] in layers


def _for_colour(own: Mapping[str, Tensor], taken: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights; of a first layer for grey images, a third for each channel of colour images."""
    first = next(iter(own), None)
    if first is None or first not in taken:
        return taken
    here, there = own[first], taken[first]
    if here.ndim == there.ndim >= 2 and here.shape[1] == 3 * there.shape[1]:
        repeats = [1, 3, *[1] * (there.ndim - 2)]
        taken = taken | {first: there.repeat(repeats) / 3}
    return taken
