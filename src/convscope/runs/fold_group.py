"""Runs of one recipe that differ in which part of the data they are tested on: cross-validation.

fold-1/, fold-2/ …   a run each
folds.json           the recipe they share, how many folds there are, and the results

Every image is tested on in one fold, by a network that was not trained on it. So all images count
for the accuracy, where a single split of a small set would judge by a few.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
import pydantic

from convscope.errors import ConvscopeError, UsageError, first_invalid
from convscope.files import read_bytes, write_text
from convscope.look.html import table
from convscope.look.numbers import percent
from convscope.runs import recipe as recipes
from convscope.runs.differences import find_differing_fields
from convscope.runs.interval import wilson_interval
from convscope.runs.out_folder import check_out_folder
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run
from convscope.runs.run_facts import EvaluationSummary
from convscope.runs.seed_group import AccuracySpread, spread

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FILE = "folds.json"


class _FoldsFile(pydantic.BaseModel):
    """What is read back from folds.json; the results in it are there for people."""

    format: Literal[1]
    recipe: dict[str, Any]
    folds: Annotated[int, pydantic.Field(ge=2)]


class _FoldResult(EvaluationSummary):
    """What is read of the evaluation of a fold."""

    images: Annotated[int, pydantic.Field(gt=0)]
    classes: list[str]
    confusion: list[list[int]]


class FoldGroup:
    """A folder of runs over folds, as `convscope train --folds` makes it.

    Attributes:
        folder: The folder.
        recipe: What the runs share; its `fold` has no meaning.
        folds: How many parts the data have.

    Args:
        folder: Must hold folds.json.

    Raises:
        UsageError: There is no such folder, or it isn't one of folds.
        ConvscopeError: folds.json is damaged.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        file = self.folder / FILE
        if not file.is_file():
            raise UsageError(
                f"{str(folder)!r} isn't a folder of folds: it has no {FILE}. Make one with: "
                "convscope train NETWORK DATA --folds 5."
            )
        try:
            content = _FoldsFile.model_validate_json(read_bytes(file))
        except pydantic.ValidationError as error:
            raise ConvscopeError(f"{str(file)!r} is damaged: {first_invalid(error)}.") from None
        self.recipe = recipes.parse(content.recipe, str(file))
        self.folds = content.folds

    def __repr__(self) -> str:
        return f"FoldGroup({str(self.folder)!r})"

    def __str__(self) -> str:
        from convscope.runs.fold_group_text import fold_group_text

        return fold_group_text(self)

    def _repr_html_(self) -> str:
        rows = [
            (row["fold"], percent(row["accuracy"], 2), f"{row['images']:,}")
            for row in self.as_dict()["folds"]
            if "accuracy" in row
        ]
        return table(rows, ["fold", "accuracy", "images"], caption=str(self.folder))

    def figure(self, path: str | Path | None = None) -> Figure:
        """The accuracy of every fold, and that over all images, as a figure.

        Args:
            path: The PNG to write; None writes none.
        """
        from convscope.runs.folds_figure import folds_figure

        return folds_figure(self, path)

    def run_folder(self, fold: int) -> Path:
        """Where the run of a fold lies, or will."""
        return self.folder / f"fold-{fold}"

    @property
    def runs(self) -> list[Run]:
        """The runs that have been evaluated, in the order of the folds."""
        folders = (self.run_folder(fold) for fold in range(1, self.folds + 1))
        return [Run(folder) for folder in folders if (folder / "evaluation.json").is_file()]

    @property
    def spread(self) -> AccuracySpread | None:
        """The spread of the accuracies of `runs`; None where there are none."""
        accuracies = [run.summary()["accuracy"] for run in self.runs]
        return spread(accuracies) if accuracies else None

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of `confusion`; none before a fold has a result."""
        runs = self.runs
        return tuple(_read(runs[0])["classes"]) if runs else ()

    @property
    def confusion(self) -> npt.NDArray[np.int64]:
        """(classes, classes), summed over the folds: how often each class was given each class."""
        tables = np.array([_read(run)["confusion"] for run in self.runs], np.int64)
        summed: npt.NDArray[np.int64] = tables.sum(axis=0)
        return summed

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold: figures over all images, the spread, and every run.

        Figures are None where no fold has a result.
        """
        rows: list[dict[str, Any]] = [{"fold": fold} for fold in range(1, self.folds + 1)]
        for run in self.runs:
            fold, _ = run.recipe.fold or (1, 1)
            found = _read(run)
            rows[fold - 1] |= {**run.summary(), "images": found["images"]}
        known: dict[str, Any] = {
            "accuracy": None, "interval": None, "balanced_accuracy": None, "images": 0,
            "per_class": [],
        }  # fmt: skip
        if self.runs:
            known = _over_all(self.confusion, self.classes)
        return {
            "run": str(self.folder),
            "network": self.recipe.network,
            "data": self.recipe.data,
            **known,
            "spread": asdict(self.spread) if self.spread else None,
            "folds": rows,
        }

    def write(self) -> None:
        """Write folds.json."""
        write_text(self.folder / FILE, _content(self.recipe, self.folds, self.as_dict()))

    def remove_if_empty(self) -> None:
        """Remove the folder again if no run has been made in it."""
        if [file.name for file in self.folder.iterdir()] == [FILE]:
            shutil.rmtree(self.folder)


def _read(run: Run) -> dict[str, Any]:
    return run.read_evaluation(_FoldResult)


def _over_all(confusion: npt.NDArray[np.int64], classes: tuple[str, ...]) -> dict[str, Any]:
    """Accuracy, its interval and figures of each class, over the images of all folds."""
    right, count = int(np.trace(confusion)), int(confusion.sum())
    true = confusion.sum(axis=1)
    recalls = [float(confusion[k, k] / true[k]) if true[k] else None for k in range(len(classes))]
    known = [recall for recall in recalls if recall is not None]
    return {
        "accuracy": right / count,
        "interval": list(wilson_interval(right, count)),
        "balanced_accuracy": sum(known) / len(known),
        "images": count,
        "per_class": [
            {"class": name, "recall": recall, "count": int(number)}
            for name, recall, number in zip(classes, recalls, true, strict=True)
        ],
    }


def _content(recipe: Recipe, folds: int, results: dict[str, Any]) -> str:
    content = {
        "format": 1,
        "recipe": recipe.model_dump(mode="json", exclude_none=True),
        "folds": folds,
        "results": results,
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def is_fold_group(folder: str | Path) -> bool:
    """Whether a folder is one of folds."""
    return (Path(folder) / FILE).is_file()


def open_fold_group(
    folder: str | Path, recipe: Recipe, folds: int, *, force: bool = False
) -> FoldGroup:
    """Make a folder of folds, or open the one that is there to go on with it.

    Args:
        folder: Made, with its parents.
        recipe: What all runs share.
        folds: How many.
        force: Begin anew, and drop the group that is there. Only a group is dropped.

    Raises:
        UsageError: Something else is there, or the group has another recipe or number of folds.
        ConvscopeError: The folds.json that is there is damaged.
    """
    folder = Path(folder)
    if is_fold_group(folder) and force:
        shutil.rmtree(folder)
    if is_fold_group(folder):
        group = FoldGroup(folder)
        differences = find_differing_fields([group.recipe, recipe], ignored=["fold"])
        if differences or group.folds != folds:
            listed = [f"{name} was {a!r} and is {b!r}" for name, (a, b) in differences.items()]
            if group.folds != folds:
                listed.append(f"{group.folds} folds, not {folds}")
            raise UsageError(
                f"--out {str(folder)!r} holds folds of another recipe: {', '.join(listed)}. Give "
                "another folder, or --force to replace it."
            )
        return group
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise UsageError(
            f"--out {str(folder)!r} exists and isn't a folder of folds, so nothing there is "
            "touched. Give another folder."
        )
    check_out_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / FILE, _content(recipe, folds, {}))
    return FoldGroup(folder)
