"""How much each pixel counts for a class, by the method that is asked for."""

from __future__ import annotations

import math
from typing import Any

from convscope.errors import UsageError
from convscope.inspection.attribution.attribute import attribute
from convscope.inspection.attribution.methods import METHODS
from convscope.runtime.usual_settings import usual_settings
from convscope.studio.network.subject import InspectedSubject
from convscope.studio.numbers import send_array
from convscope.studio.refusals import refuse


def attribution(subject: InspectedSubject, method: str, label: int | None) -> dict[str, Any]:
    """The heat of every pixel, (1, height, width), and what was measured on the way.

    Args:
        subject: The network and the image.
        method: One of the library's, as "grad-cam".
        label: The class that is explained; None: the one the network takes the image for.

    Raises:
        Refused: There is no such method or class, or the method can't explain this network.
    """
    if method not in METHODS:
        raise refuse("refused.network.method", name=method, known=", ".join(METHODS))
    output = subject.graph.output
    if len(output.unit_shape) != 1 or output.value is None:
        shape = " × ".join(map(str, output.unit_shape)) or "1"
        raise refuse("refused.network.no_scores", layer=output.name, shape=shape)
    count = output.unit_shape[0]
    target = int(output.value[0].argmax()) if label is None else label
    if not 0 <= target < count:
        raise refuse("refused.network.label", given=target, last=count - 1)
    try:
        with usual_settings():
            found = attribute(subject.opened, method, target)
    except UsageError as error:
        raise refuse("refused.network.attribution", method=method, reason=str(error)) from None
    facts = {
        name: value for name, value in found.facts.items()
        if not isinstance(value, float) or math.isfinite(value)
    }  # fmt: skip
    return {
        "method": found.method,
        "label": target,
        "signed": found.signed,
        "facts": facts,
        "note": found.note,
        "heat": send_array(found.heat[None]),
    }
