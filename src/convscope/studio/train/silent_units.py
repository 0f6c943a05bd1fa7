"""Units of a training network that no image excites any more, counted on the built-in images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.studio.images import image_names
from convscope.studio.network.subject import SubjectRequest, read_pixels

if TYPE_CHECKING:
    from convscope.inspection.open.image import OpenedImage


def count_silent_units(opened: OpenedImage) -> dict[str, Any]:
    """Units behind activations with a flat side that are above 0 on none of the built-in images.

    Such a unit may still answer to other images; one that is really dead is among them.

    Args:
        opened: The network, and an image made ready for it, as the others are then.

    Returns:
        `images`, how many were shown; `units` and `dead` in all; `layers`, the same of each layer.
    """
    import torch

    from convscope.data.convert import convert
    from convscope.data.image_set import ImageSet
    from convscope.inspection.parameters.dead_units import find_dead_units

    channels, height, _ = opened.pixels.shape[1:]
    ready = []
    for name in image_names():
        pixels = read_pixels(SubjectRequest(network="catalog:", image=name))
        one = convert(ImageSet(pixels[None], [0], ("",)), size=height, channels=channels)
        ready.append(np.asarray(one.images[0]))
    assert opened.normalization is not None  # noqa: S101 - it was opened with an image
    batch = opened.normalization.apply(torch.from_numpy(np.stack(ready)))
    found = find_dead_units(opened.network, batch.to(opened.pixels))
    layers = [{"layer": each.layer, "units": each.units, "dead": len(each.dead)} for each in found]
    return {
        "images": len(ready),
        "units": sum(each.units for each in found),
        "dead": sum(len(each.dead) for each in found),
        "layers": layers,
    }
