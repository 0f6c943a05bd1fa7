"""Two subjects side by side: two images, or two states of a network, at one layer and place."""

from __future__ import annotations

from typing import Any

import numpy as np

from convscope.studio.network.arithmetic import send_number
from convscope.studio.network.overview import answer
from convscope.studio.network.planes import as_planes, layer_numbers
from convscope.studio.network.subject import InspectedSubject
from convscope.studio.numbers import send_array
from convscope.studio.refusals import refuse


def beside(
    one: InspectedSubject, other: InspectedSubject, layer: str, channel: int
) -> dict[str, Any]:
    """One map of both, with the range of both, how far they are apart, and both answers.

    Args:
        one: A network and an image.
        other: Another image, or another state of the network.
        layer: A layer that both have.
        channel: The map.

    Raises:
        Refused: One of them has no such layer or map, or it can't be shown.
    """
    sides = []
    for subject in (one, other):
        node, numbers = layer_numbers(subject, layer)
        planes = as_planes(numbers)
        if not 0 <= channel < len(planes):
            raise refuse(
                "refused.network.channel", layer=node.name, given=channel, count=len(planes)
            )
        sides.append((subject, numbers, planes[channel]))
    values = np.concatenate([plane.ravel() for _, _, plane in sides])
    finite = values[np.isfinite(values)]
    (_, first, _), (_, second, _) = sides
    difference = float(abs(first - second).max()) if first.shape == second.shape else None
    return {
        "layer": layer,
        "channel": channel,
        "lowest": float(finite.min()) if finite.size else 0.0,
        "highest": float(finite.max()) if finite.size else 0.0,
        "difference": None if difference is None else send_number(difference),
        "sides": [
            {
                "name": subject.name,
                "shape": list(plane.shape),
                "image": send_array(subject.opened.visible_image()),
                "plane": send_array(plane[None]),
                "answer": answer(subject),
            }
            for subject, _, plane in sides
        ],
    }
