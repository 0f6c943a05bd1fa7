"""What a network predicts for image files, as a result that prints, draws and writes itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.data.image_set import Problem
from convscope.files import write_csv
from convscope.look.html import table
from convscope.look.numbers import percent
from convscope.runs.model import Model

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Guess:
    """A class, and the probability the network gives it."""

    label: str
    probability: float


@dataclass(frozen=True)
class Prediction:
    """The prediction for one image.

    Attributes:
        path: The file.
        top: The most probable classes, the first first.
        unknown: Whether it looks like nothing the network was trained on; then `top` says only
            what it is most like.
    """

    path: str
    top: tuple[Guess, ...]
    unknown: bool

    def __str__(self) -> str:
        guesses = "   ".join(f"{guess.label} {percent(guess.probability)}" for guess in self.top)
        return f"unknown (most like: {guesses})" if self.unknown else guesses


@dataclass(frozen=True)
class Predictions:
    """The predictions for all images.

    Attributes:
        predictions: In the order the images were given, folders sorted by name.
        problems: Files that couldn't be used, with the reason.
        model: The model that predicted.
    """

    predictions: tuple[Prediction, ...]
    problems: tuple[Problem, ...]
    model: Model = field(repr=False)

    def __str__(self) -> str:
        lines = [f"{each.path}: {each}" for each in self.predictions]
        lines += [f"Left out {each.path}: {each.reason}" for each in self.problems]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = [[each.path, str(each)] for each in self.predictions]
        rows += [[each.path, f"left out: {each.reason}"] for each in self.problems]
        return table(rows, ["image", "predicted"])

    def figure(self, path: str | Path | None = None) -> Figure:
        """The images with their predictions as a figure, at most forty, evenly spread.

        Args:
            path: The PNG to write; None writes none.
        """
        from convscope.evaluation.figures.predictions import predictions_figure

        return predictions_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "predictions": [
                {
                    "path": prediction.path,
                    "label": prediction.top[0].label,
                    "probability": prediction.top[0].probability,
                    "unknown": prediction.unknown,
                    "top": [
                        {"label": guess.label, "probability": guess.probability}
                        for guess in prediction.top
                    ],
                }
                for prediction in self.predictions
            ],
            "problems": [
                {"path": problem.path, "reason": problem.reason} for problem in self.problems
            ],
        }

    def write_csv(self, path: str | Path) -> None:
        """Write a line for each file: what is on it, or what is wrong with it.

        Args:
            path: The file; replaced if it exists.
        """
        write_csv(path, self._rows())

    def _rows(self) -> Iterator[Sequence[object]]:
        count = max((len(each.top) for each in self.predictions), default=1)
        more = [
            name
            for place in range(2, count + 1)
            for name in (f"label {place}", f"probability {place}")
        ]
        yield ["path", "label", "probability", "unknown", *more, "problem"]
        for prediction in self.predictions:
            first, *others = prediction.top
            cells = [cell for each in others for cell in (each.label, each.probability)]
            unknown = "yes" if prediction.unknown else "no"
            yield [prediction.path, first.label, first.probability, unknown, *cells, None]
        for problem in self.problems:
            yield [problem.path, None, None, None, *[None] * len(more), problem.reason]
