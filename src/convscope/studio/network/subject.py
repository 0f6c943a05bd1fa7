"""A network and one image, as the page names them, opened; only those asked about last are kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pydantic
from numpy.typing import NDArray

from convscope.errors import ConvscopeError
from convscope.studio.images import built_in
from convscope.studio.network.choose import CHECKPOINTS, find_network, refuse_to_open
from convscope.studio.numbers import SentArray
from convscope.studio.refusals import refuse
from convscope.studio.run_images import PREFIX, EvaluatedImages

if TYPE_CHECKING:
    from convscope.graph.graph import Graph
    from convscope.inspection.open.image import OpenedImage

SIDES = (8, 512)
"""Smallest and largest height and width of an image."""
PHOTOGRAPH = 96
"""Pixels of a photograph before it is made as large as the network wants it."""


class SubjectRequest(pydantic.BaseModel, extra="forbid"):
    """What is looked at.

    Attributes:
        network: As `choices` lists it: "catalog:lenet", or "stored:first" for a run.
        image: The name of an image that is there, or "evaluated:18:first" for one that a run was
            evaluated on.
        pixels: uint8 (channels, height, width), in the place of a name.
        size: Height and width that the network is given; 0: the usual.
    """

    network: str = pydantic.Field(max_length=1024)
    image: str = pydantic.Field(default="", max_length=1100)
    pixels: SentArray | None = None
    size: int = 0


@dataclass(frozen=True)
class InspectedSubject:
    """A network and an image, opened.

    Attributes:
        name: As the page names the network.
        trained: Whether its weights are those of a training.
        normalized: Whether the image was normalized as in training.
        opened: The network and the image, made ready for each other.
        graph: All numbers of the call.
    """

    name: str
    trained: bool
    normalized: bool
    opened: OpenedImage
    graph: Graph


class InspectedSubjects:
    """Opens subjects, and keeps the last one. All calls come from one thread.

    What stands beside another subject is kept by an object of its own.

    Args:
        runs: The folder that was opened.
        evaluated: The images that its runs were evaluated on.
    """

    def __init__(self, runs: Path, evaluated: EvaluatedImages) -> None:
        self._runs = runs
        self._evaluated = evaluated
        self._key: tuple[Any, ...] = ()
        self._kept: InspectedSubject | None = None

    def open(self, asked: SubjectRequest) -> InspectedSubject:
        """The network on the image; what was opened last is not opened again.

        Raises:
            Refused: There is no such network, it can't be opened, or the image doesn't fit it.
        """
        network = find_network(asked.network, self._runs)
        image = read_pixels(asked, self._evaluated)
        low, high = SIDES
        if asked.size and not low <= asked.size <= high:
            raise refuse("refused.network.size", given=asked.size, low=low, high=high)
        digest = hashlib.sha256(image.tobytes()).hexdigest()
        key = (asked.network, asked.size, image.shape, digest, _changed(network))
        if self._kept is None or key != self._key:
            self._kept = None  # the memory of the old one is free before the new one needs any
            self._kept = _open(asked, network, image)
            self._key = key
        return self._kept


def _open(asked: SubjectRequest, network: str | Path, image: NDArray[np.uint8]) -> InspectedSubject:
    from convscope.graph.capture import capture
    from convscope.inspection.open.image import open_image
    from convscope.runs.checkpoint import load_checkpoint_weights
    from convscope.runtime.usual_settings import usual_settings

    is_checkpoint = isinstance(network, Path) and network.parent.name == CHECKPOINTS
    checkpoint = network if isinstance(network, Path) and is_checkpoint else None
    try:
        with usual_settings():
            opened = open_image(
                checkpoint.parents[1] if checkpoint else network, image, size=asked.size or None
            )
            if checkpoint:
                load_checkpoint_weights(checkpoint, opened.network)
            graph = capture(opened.network, opened.pixels)
    except (ConvscopeError, OSError) as error:
        raise refuse_to_open(asked.network, network, error) from None
    trained = not isinstance(network, str)
    return InspectedSubject(asked.network, trained, trained, opened, graph)


def read_pixels(
    asked: SubjectRequest, evaluated: EvaluatedImages | None = None
) -> NDArray[np.uint8]:
    """The image, uint8 (1 or 3, height, width) from 0 to 255.

    Args:
        asked: Names it, or has it.
        evaluated: The images that runs were evaluated on; None: those aren't asked for.

    Raises:
        Refused: There is no such image, or the pixels are none.
    """
    if asked.pixels is None and evaluated is not None and asked.image.startswith(PREFIX):
        return evaluated.named(asked.image).pixels
    if asked.pixels is None:
        found = built_in(asked.image, PHOTOGRAPH, colour=True)
        pixels = SentArray(**found["image"]).array()
        # The digits have values from 0 to 16, the drawn ones fewer; networks want the whole range.
        return np.asarray(np.rint(pixels * (255 / found["top"])), np.uint8)
    try:
        given = asked.pixels.array()
    except ValueError as error:
        raise refuse("refused.array", name="pixels", reason=str(error)) from None
    good = given.ndim == 3 and len(given) in (1, 3) and given.dtype == np.uint8
    if not good or not all(1 <= side <= SIDES[1] for side in given.shape[1:]):
        shape = " × ".join(map(str, given.shape))
        raise refuse("refused.network.pixels", shape=shape, most=SIDES[1])
    return given.astype(np.uint8)  # a copy: what was sent can't be written to


def _changed(network: str | Path) -> float:
    """When a stored network was last written; a training may go on meanwhile."""
    if isinstance(network, str):
        return 0.0
    file = network if network.is_file() else network / "model.safetensors"
    return file.stat().st_mtime if file.is_file() else 0.0
