"""From logits to an evaluation: how often a network is right, and where it goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convscope.data.image_set import ImageSet
from convscope.evaluation.calibration import CalibrationError, calibrate_probabilities
from convscope.evaluation.logits import Logits
from convscope.evaluation.next_step import NextStep
from convscope.evaluation.out_of_distribution import OutOfDistribution
from convscope.evaluation.unknown import KnownImages
from convscope.files import file_name, write_text
from convscope.look.html import table
from convscope.look.numbers import percent
from convscope.runs.model import Model
from convscope.runs.model_file import ModelCard
from convscope.runs.run import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ClassScore:
    """How well one class is recognized. None stands for 0/0.

    Attributes:
        name: The class.
        precision: Share of the images said to be of this class that are.
        recall: Share of the images of this class that are recognized.
        f1: Harmonic mean of the two, 2·TP / (2·TP + FP + FN).
        count: Images of this class.
    """

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    count: int


@dataclass(frozen=True)
class Mistake:
    """An image given the wrong class.

    Attributes:
        index: Its place among the images evaluated.
        path: Where it came from.
        label: Its true class.
        predicted: The class it was given.
        probability: The probability that the network gave to that class.
    """

    index: int
    path: str
    label: str
    predicted: str
    probability: float

    def __str__(self) -> str:
        share = percent(self.probability)
        return f"{share:>7}  {self.predicted}, but it is {self.label}: {self.path}"


@dataclass(frozen=True)
class Evaluation:
    """A trained network, evaluated on labelled images.

    Attributes:
        accuracy: Share of images given their true class.
        balanced_accuracy: Mean over the classes, those with images, of the share of their images
            that is recognized.
        interval: 95 % confidence interval of the accuracy.
        loss: Mean cross-entropy.
        classes: Names, in the order of rows and columns of `confusion`.
        per_class: Precision, recall, F1 and count of each class.
        confusion: (classes, classes) int64: how many images of the row's class were given the
            column's.
        mistakes: All wrong images, the most confident first.
        data: Name or folder of the data.
        split: Which part of the data.
        seconds: Time the network took.
        notes: What a reader of the figures must know besides.
        images: The images evaluated.
        logits: The network's logits of these images, with their labels.
        calibration: Whether its probabilities can be taken at their word.
        rejection: How often it says "unknown" to these images, all of known classes; None for
            one that never does. It doesn't alter the accuracy above.
        out_of_distribution: What it says of images of nothing it knows, one for each data set.
        run: The run that was evaluated.
        model: Its network and card.
        is_usual: Whether the run's own test images were asked for.
        next_steps: What the images need next; none for other images than the run's own.
    """

    accuracy: float
    balanced_accuracy: float
    interval: tuple[float, float]
    loss: float
    classes: tuple[str, ...]
    per_class: tuple[ClassScore, ...]
    confusion: npt.NDArray[np.int64] = field(repr=False)
    mistakes: tuple[Mistake, ...] = field(repr=False)
    data: str
    split: str
    seconds: float
    notes: tuple[str, ...]
    images: ImageSet = field(repr=False)
    logits: Logits = field(repr=False)
    calibration: CalibrationError
    rejection: KnownImages | None
    out_of_distribution: tuple[OutOfDistribution, ...]
    run: Run = field(repr=False)
    model: Model = field(repr=False)
    is_usual: bool = field(repr=False)
    next_steps: tuple[NextStep, ...] = ()

    @property
    def image_count(self) -> int:
        """How many images were evaluated."""
        return int(self.confusion.sum())

    @property
    def present(self) -> tuple[int, ...]:
        """Numbers of the classes that an image is of or was given; the others have no figures."""
        seen = self.confusion.sum(axis=0) + self.confusion.sum(axis=1)
        return tuple(np.flatnonzero(seen).tolist())

    @property
    def report_name(self) -> str:
        """What ends the names of the report's files; nothing for the run's own test images."""
        return "" if self.is_usual else f"{file_name(self.data)}-{self.split}"

    def __str__(self) -> str:
        from convscope.evaluation.text import evaluation_text

        return evaluation_text(self)

    def _repr_html_(self) -> str:
        rows = [
            [percent(score.precision), percent(score.recall), percent(score.f1), f"{score.count:,}"]
            for score in self.per_class
        ]
        low, high = self.interval
        return table(
            [[score.name, *row] for score, row in zip(self.per_class, rows, strict=True)],
            ["class", "precision", "recall", "F1", "images"],
            caption=f"{self.split} accuracy {percent(self.accuracy, 2)} ({percent(low, 2)} to "
            f"{percent(high, 2)}) on {self.image_count:,} images of {self.data}",
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """The confusion matrix as a figure, which is written if a path is given.

        Args:
            path: The PNG to write.
        """
        from convscope.evaluation.figures.confusion import confusion_figure

        return confusion_figure(self, path)

    def report(
        self, path: str | Path | None = None, *, robustness: bool = True, quiet: bool = False
    ) -> Path:
        """Write the report: one HTML page with everything, as `convscope evaluate` writes it.

        Args:
            path: The page to write, alone. None: report.html in the run's folder, with its
                figures, tables and evaluation.json, which then are of this evaluation; one of
                other images than the run's test images is written under a name that says so.
            robustness: Whether to evaluate the network on disturbed images, too.
            quiet: Show no progress.

        Returns:
            Where the page is.
        """
        from convscope.evaluation.analysis import analyse
        from convscope.evaluation.page.page import report_page
        from convscope.evaluation.report import write_report

        analysis = analyse(self, robustness=robustness, quiet=quiet)
        if path is None:
            return write_report(analysis, self.report_name)["report"]
        write_text(path, report_page(analysis))
        return Path(path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold: everything but the images."""
        return {
            "accuracy": self.accuracy,
            "balanced_accuracy": self.balanced_accuracy,
            "interval": list(self.interval),
            "loss": self.loss,
            "data": self.data,
            "split": self.split,
            "images": self.image_count,
            "image_shape": list(self.images.image_shape),
            "fingerprint": self.images.fingerprint(),
            "seconds": self.seconds,
            "notes": list(self.notes),
            "next_steps": [each.as_dict() for each in self.next_steps],
            "calibration": asdict(self.calibration),
            "rejection": asdict(self.rejection) if self.rejection is not None else None,
            "out_of_distribution": [asdict(each) for each in self.out_of_distribution],
            "classes": list(self.classes),
            "per_class": [
                {
                    "class": score.name,
                    "precision": score.precision,
                    "recall": score.recall,
                    "f1": score.f1,
                    "count": score.count,
                }
                for score in self.per_class
            ],
            "confusion": self.confusion.tolist(),
            "mistakes": [
                {
                    "path": mistake.path,
                    "label": mistake.label,
                    "predicted": mistake.predicted,
                    "probability": mistake.probability,
                    "index": mistake.index,
                }
                for mistake in self.mistakes
            ],
        }


def confusion_matrix(
    labels: npt.NDArray[np.int64], predicted: npt.NDArray[np.int64], classes: int
) -> npt.NDArray[np.int64]:
    """How often each class (row) was given each class (column): (classes, classes).

    Args:
        labels: (N,) true classes.
        predicted: (N,) classes given.
        classes: How many there are.
    """
    pairs = np.bincount(labels * classes + predicted, minlength=classes**2)
    return pairs.reshape(classes, classes).astype(np.int64)


def class_scores(
    confusion: npt.NDArray[np.int64], classes: Sequence[str]
) -> tuple[ClassScore, ...]:
    """Precision, recall and F1 of each class, from the confusion matrix.

    scikit-learn's functions give the same (a test compares them), but loading them takes more
    than a second, which is longer than most evaluations.
    """
    right, said, true = confusion.diagonal(), confusion.sum(axis=0), confusion.sum(axis=1)
    return tuple(
        ClassScore(
            name=name,
            precision=_ratio(right[k], said[k]),
            recall=_ratio(right[k], true[k]),
            f1=_ratio(2 * right[k], said[k] + true[k]),
            count=int(true[k]),
        )
        for k, name in enumerate(classes)
    )


def find_mistakes(logits: Logits, images: ImageSet, card: ModelCard) -> tuple[Mistake, ...]:
    """The images given a wrong class, the most confident first.

    Args:
        logits: The network's logits of the images, with their labels.
        images: The images.
        card: Holds the temperature, so that probabilities are those of predictions.
    """
    probabilities, predicted = calibrate_probabilities(logits.values, card).max(dim=1)
    (wrong,) = (predicted != logits.labels).nonzero(as_tuple=True)
    order = probabilities[wrong].argsort(descending=True, stable=True)
    return tuple(
        Mistake(
            index=index,
            path=str(images.paths[index]),
            label=images.classes[int(logits.labels[index])],
            predicted=images.classes[int(predicted[index])],
            probability=float(probabilities[index]),
        )
        for index in wrong[order].tolist()
    )


def _ratio(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None
