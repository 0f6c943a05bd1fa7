"""What `explain` finds out about one image: it prints, draws and saves itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convscope.errors import UsageError
from convscope.files import write_text
from convscope.inspection.attribution.attribution import Attribution
from convscope.inspection.explanation.page import PageFigure, explanation_page
from convscope.inspection.feature_maps.feature_maps import FeatureMaps
from convscope.inspection.kernels.first_kernels import FirstKernels
from convscope.look.html import table
from convscope.look.numbers import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ABOUT = {
    "saliency": "The gradient of the score in every pixel (Simonyan and others, 2013).",
    "integrated-gradients": "The gradient, added up on the way from a black image to this one "
    "(Sundararajan and others, 2017).",
    "occlusion": "The image with a window covered, again and again (Zeiler and Fergus, 2013).",
    "grad-cam": "The last feature maps, weighted by their gradients (Selvaraju and others, 2016).",
}


@dataclass(frozen=True)
class Explanation:
    """What a network says of an image, and what that rests on.

    It prints as text, draws itself, and writes files only when it is asked to (`save`).

    Attributes:
        image_name: Name of the image.
        image: uint8 (C, H, W), as the network saw it.
        label: The class that is explained.
        probability: What the network gives that class.
        guesses: The most probable classes with their probabilities, the first first.
        attributions: How much each pixel counts for the class, by each method.
        maps: The feature maps on the way through the network.
        kernels: The first kernels, if the network has any.
        notes: What a reader must know besides.
    """

    image_name: str
    image: NDArray[np.uint8] = field(repr=False)
    label: str
    probability: float
    guesses: tuple[tuple[str, float], ...]
    attributions: tuple[Attribution, ...] = field(repr=False)
    maps: tuple[FeatureMaps, ...] = field(repr=False)
    kernels: FirstKernels | None = field(repr=False)
    notes: tuple[str, ...]

    @property
    def prediction(self) -> str:
        """What the network takes the image for, in one sentence."""
        label, share, best = self.label, percent(self.probability), self.guesses[0][0]
        if label == best:
            return f"The network takes it for {label!r} ({share})."
        return f"The network takes it for {best!r}; explained here is {label!r} ({share})."

    def __str__(self) -> str:
        lines = [f"{self.image_name}: {self.prediction}"]
        lines += [
            f"{'→' if name == self.label else ' '} {percent(probability):>7}  {name}"
            for name, probability in self.guesses
        ]
        lines += ["", *(f"{each.method}: {each.note}" for each in self.attributions)]
        return "\n".join([*lines, *self.notes])

    def _repr_html_(self) -> str:
        guesses = table(
            [(name, percent(probability)) for name, probability in self.guesses],
            caption=f"{self.image_name}: {self.prediction}",
        )
        rows = [(each.method, each.note) for each in self.attributions]
        return guesses + table([*rows, *(("note", note) for note in self.notes)])

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the image, and on it how much each pixel counts by each method.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.inspection.attribution.figure import attributions_figure

        title = f"{self.image_name}: what counts for {self.label!r} ({percent(self.probability)})"
        return attributions_figure(self.image, self.attributions, title, path)

    def save(self, folder: str | Path) -> dict[str, Path]:
        """Write a figure for each part, and one HTML page that holds them all.

        Args:
            folder: The folder to write to; made if it isn't there.

        Returns:
            What each file shows, and where it is.

        Raises:
            UsageError: The folder can't be made.
        """
        from convscope.inspection.attribution.figure import TITLES, attribution_figure

        folder = _make_folder(Path(folder))
        figures: dict[str, PageFigure] = {}
        for each in self.attributions:
            file = folder / f"{each.method}.png"
            attribution_figure(self.image, each, self.label, file)
            caption = f"{ABOUT[each.method]} {each.note}"
            figures[each.method] = PageFigure(TITLES[each.method], file, caption, of_pixels=True)
        for layer in self.maps:
            what = f"maps of {layer.layer}"
            file = folder / f"maps-{re.sub('[^A-Za-z0-9._-]', '-', layer.layer)}.png"
            layer.figure(file)
            caption = f"Feature maps of layer {layer.layer} ({layer.kind}) on this image."
            figures[what] = PageFigure(what, file, caption, of_pixels=False)
        if self.kernels is not None:
            what, file = "first kernels", folder / "kernels.png"
            self.kernels.figure(file)
            caption = f"The kernels of {self.kernels.layer}, which the image meets first."
            figures[what] = PageFigure(what, file, caption, of_pixels=False)
        page = explanation_page(
            self.image_name,
            self.label,
            self.prediction,
            self.guesses,
            self.notes,
            [*figures.values()],
        )
        write_text(folder / "explanation.html", page)
        files = {what: figure.file for what, figure in figures.items()}
        return {**files, "page": folder / "explanation.html"}

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold: everything but the images."""
        return {
            "image": self.image_name,
            "label": self.label,
            "probability": self.probability,
            "guesses": [{"label": label, "probability": p} for label, p in self.guesses],
            "attributions": {each.method: dict(each.facts) for each in self.attributions},
            "notes": list(self.notes),
        }


def _make_folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"The folder {str(path)!r} can't be made: {error.strerror}. Give another one."
        ) from None
    return path
