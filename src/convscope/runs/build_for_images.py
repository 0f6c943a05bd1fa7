"""Build the network that a recipe asks for, for images of a given shape."""

from __future__ import annotations

from typing import Any

from torch import nn

from convscope.errors import UsageError
from convscope.networks.catalog import build, entry
from convscope.runs.own_module import examine_module
from convscope.runs.recipe import Recipe


def build_for_images(
    network: str | nn.Module,
    image_shape: tuple[int, int, int],
    classes: int | None,
    recipe: Recipe,
) -> tuple[int, nn.Module, dict[str, Any], tuple[str, ...]]:
    """Build a catalog network for images of this shape, or check that a module takes them.

    Args:
        network: Name in the catalog, or a module.
        image_shape: (C, H, W) of the data.
        classes: How many; None: as many as a module has logits, or 10.
        recipe: Gives size, dropout and the builder's other arguments.

    Returns:
        The images' height and width, the network, the arguments of its builder, and notes for the
        reader.

    Raises:
        UsageError: The network doesn't take images of this size, or can't be trained on them.
    """
    channels, height, width = image_shape
    if recipe.size is None and height != width:
        raise UsageError(
            f"The images are {height}×{width}; training takes square ones. Give --size, to "
            "which the shorter side is resized (the middle is cut out)."
        )
    size = recipe.size or height
    if isinstance(network, nn.Module):
        notes = examine_module(network, (channels, size, size), classes)
        return size, network, {}, notes
    classes = 10 if classes is None else classes
    arguments: dict[str, Any] = dict(recipe.network_arguments)
    if recipe.dropout is not None:
        if "dropout" not in entry(network).arguments:
            raise UsageError(f"{network} has no dropout to set. Leave --set dropout out.")
        arguments["dropout"] = recipe.dropout
    try:
        return size, *_build(network, channels, classes, size, arguments), ()
    except UsageError:
        usual = entry(network).image[1]
        if recipe.size is not None or usual <= size:
            raise
        native = entry(network).native
        note = f"Images are enlarged from {size} to {usual} pixels, for which {network} is made."
        if native is not None:
            note += f" For small images as they are, there is {native}."
        return usual, *_build(network, channels, classes, usual, arguments), (note,)


def _build(
    network: str, channels: int, classes: int, size: int, arguments: dict[str, Any]
) -> tuple[nn.Module, dict[str, Any]]:
    """The network for images of this size, and all of its builder's arguments."""
    if entry(network).takes_size:
        arguments = {**arguments, "size": size}
    module = build(network, channels, classes, **arguments)
    module.check_image_size(size, size)
    return module, arguments
