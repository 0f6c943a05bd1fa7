"""What a unit sees of every layer between the image and itself, as small images."""

from __future__ import annotations

from typing import Any

import numpy as np

from convscope.errors import ConvscopeError
from convscope.inspection.receptive_field.effective_field import pixels_of_share
from convscope.inspection.receptive_field.fields_between import FieldBetween, fields_between
from convscope.runtime.usual_settings import usual_settings
from convscope.studio.network.planes import small
from convscope.studio.network.subject import InspectedSubject
from convscope.studio.network.unit import SHARE, unit_parts
from convscope.studio.numbers import send_array
from convscope.studio.refusals import refuse


def between(subject: InspectedSubject, unit: str) -> dict[str, Any]:
    """The fields of a unit on the layers it is computed from, the image first.

    Args:
        subject: The network and the image.
        unit: As in "features.conv1:2,10,12".

    Raises:
        Refused: There is no such unit, or no gradient leads from it to the image.
    """
    try:
        layer, index = unit_parts(unit)
        opened = subject.opened
        with usual_settings():
            found = fields_between(opened.network, opened.pixels, layer, index)
    except (ConvscopeError, ValueError) as error:
        raise refuse("refused.network.unit", unit=unit, reason=str(error)) from None
    return {"share": SHARE, "layers": [_sent(each) for each in found]}


def _sent(field: FieldBetween) -> dict[str, Any]:
    """One layer; its image has the largest gradient as 255."""
    effective = field.effective
    sent: dict[str, Any] = {
        "layer": field.layer,
        "kind": field.kind,
        "shape": list(field.shape),
        "seen": field.channels,
        "places": pixels_of_share(effective, SHARE),
        "of": int(effective.size),
        "box": None,
        "image": None,
    }
    if field.rows is None or field.columns is None:
        return sent
    rows, columns = (np.flatnonzero(each) for each in (field.rows, field.columns))
    sent["box"] = {
        "top": int(rows[0]), "bottom": int(rows[-1]),
        "left": int(columns[0]), "right": int(columns[-1]),
    }  # fmt: skip
    image = small(effective[None])
    top = float(image.max())
    if np.isfinite(image).all():
        shade = np.rint(255 * image / (top or 1.0))
        sent["image"] = send_array(np.asarray(shade, np.uint8))
    return sent
