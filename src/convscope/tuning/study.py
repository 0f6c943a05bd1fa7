"""A search over recipes, as `convscope tune` leaves it in a folder.

study.json    what was searched, every trial, and how the best did with new seeds
best.toml     the best recipe: convscope train NETWORK DATA --recipe best.toml
report.html   all of it on one page; figure.png: the same as a figure
study.db      Optuna's database, unless the study lies elsewhere
trials/       a run for every trial, without a final evaluation: test images choose nothing
retests/      the best recipe with new seeds, as a group of seeds for every recipe that was best
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pydantic

from convscope.errors import UsageError
from convscope.look.html import table
from convscope.look.numbers import percent
from convscope.runs import recipe as recipes
from convscope.runs.checked_json import read_checked, write_checked
from convscope.runs.recipe import Recipe

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FILE = "study.json"
Outcome = Literal["measured", "pruned", "out of time", "skipped", "failed", "stopped", "unfinished"]


@dataclass(frozen=True)
class TriedRecipe:
    """One trial of a search.

    Attributes:
        number: From 0 on, over all processes; 0 is the recipe that the search began with.
        outcome: "measured": trained to its end; "pruned": its learning curve lay below the others';
            "out of time": it was slower than forecast; "skipped": by its forecast, before it began;
            "failed", "stopped" (and tried again), or "unfinished".
        reason: Why it wasn't trained to its end; "" if it was.
        values: What the search chose, by field of the recipe.
        curve: Validation accuracy after every epoch.
        seconds: From its forecast to its last epoch.
    """

    number: int
    outcome: Outcome
    reason: str
    values: dict[str, bool | int | float | str]
    curve: tuple[float, ...]
    seconds: float

    @property
    def accuracy(self) -> float | None:
        """The highest validation accuracy, which is that of the weights that are kept."""
        return max(self.curve, default=None)


@dataclass(frozen=True)
class Retest:
    """A recipe that was best, trained again with seeds that chose nothing.

    Attributes:
        number: Of its trial.
        validation: Validation accuracy of every seed.
        test: Accuracy of every seed on `split`.
        split: "test", or "validation" where the data have no test images.
        folder: Its group of seeds, on the machine that trained it.
    """

    number: int
    validation: tuple[float, ...]
    test: tuple[float, ...]
    split: str
    folder: str


class _StudyFile(pydantic.BaseModel):
    """What is read back from study.json."""

    format: Literal[1]
    name: str
    storage: str
    recipe: dict[str, Any]
    space: list[str]
    trials: list[TriedRecipe]
    retests: list[Retest]


class Study:
    """What a search found. `convscope.tune` makes it; `Study(folder)` opens it again.

    Attributes:
        folder: The folder.
        name: The study's name in its storage.
        storage: Where it lies, without its password.
        recipe: What the search began with.
        space: What was searched, as `--search` takes it.
        trials: All trials, also those of other processes.
        retests: The recipes that were best when a search ended, with new seeds.

    Args:
        folder: Must hold study.json.

    Raises:
        UsageError: There is no such folder, or it isn't one of a search.
        ConvscopeError: study.json is damaged.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        file = self.folder / FILE
        if not file.is_file():
            raise UsageError(
                f"{str(folder)!r} isn't a folder of a search: it has no {FILE}. Make one with: "
                "convscope tune DATA --minutes 10."
            )
        advice = "It is written anew by: convscope tune … --resume."
        content = _StudyFile.model_validate(read_checked(file, _StudyFile, advice))
        self.name, self.storage, self.space = content.name, content.storage, tuple(content.space)
        self.recipe = recipes.parse(content.recipe, str(file))
        self.trials, self.retests = tuple(content.trials), tuple(content.retests)

    def __repr__(self) -> str:
        return f"Study({str(self.folder)!r})"

    def __str__(self) -> str:
        from convscope.tuning.study_text import study_text

        return study_text(self)

    def _repr_html_(self) -> str:
        rows = [
            (each.number, describe_values(each.values), percent(each.accuracy, 2), each.outcome)
            for each in self.ranking[:10]
        ]
        headings = ["trial", "recipe", "validation accuracy", "outcome"]
        return table(rows, headings, caption=str(self.folder))

    @property
    def measured(self) -> list[TriedRecipe]:
        """The trials that were trained to their end."""
        return [each for each in self.trials if each.outcome == "measured"]

    @property
    def ranking(self) -> list[TriedRecipe]:
        """The measured trials, the best first; of equals the quicker."""
        return sorted(self.measured, key=lambda each: (-(each.accuracy or 0.0), each.seconds))

    @property
    def best(self) -> TriedRecipe | None:
        """The trial of the highest validation accuracy; None before one is measured."""
        return self.ranking[0] if self.measured else None

    @property
    def retest(self) -> Retest | None:
        """How the best recipe did with new seeds; None if it wasn't tried with any yet."""
        best = self.best
        found = [each for each in self.retests if best is not None and each.number == best.number]
        return found[-1] if found else None

    @property
    def luck(self) -> float | None:
        """How far new seeds of the best recipe stay behind what it was chosen for, at the median.

        The best of many trials is partly the luckiest. None before it was trained with new seeds.
        """
        if self.best is None or self.retest is None or self.best.accuracy is None:
            return None
        return self.best.accuracy - statistics.median(self.retest.validation)

    @property
    def best_recipe(self) -> Recipe | None:
        """The recipe of the best trial, as `train` takes it."""
        from convscope.tuning.space import change_recipe

        return None if self.best is None else change_recipe(self.recipe, self.best.values)

    @property
    def recipe_file(self) -> Path:
        """The file of the best recipe."""
        return self.folder / "best.toml"

    @property
    def report_file(self) -> Path:
        """The page about the search."""
        return self.folder / "report.html"

    def run_folder(self, number: int) -> Path:
        """Where the run of a trial lies, on the machine that trained it."""
        return trial_folder(self.folder, number)

    def figure(self, path: str | Path | None = None) -> Figure:
        """The trials in their order, their learning curves, and what each value gave.

        Args:
            path: The PNG to write; None writes none.
        """
        from convscope.tuning.study_figure import study_figure

        return study_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        best, retest = self.best, self.retest
        return {
            "folder": str(self.folder),
            "name": self.name,
            "storage": self.storage,
            "network": self.recipe.network,
            "data": self.recipe.data,
            "space": [*self.space],
            "best": None if best is None else {**plain(best), "recipe": str(self.recipe_file)},
            "retest": None if retest is None else {**plain(retest), "luck": self.luck},
            "recipes_tested": len({each.number for each in self.retests}),
            "trials": [plain(each) for each in self.trials],
        }


def write_study(
    folder: Path,
    name: str,
    storage: str,
    recipe: Recipe,
    space: Sequence[str],
    trials: Sequence[TriedRecipe],
    retests: Sequence[Retest],
) -> Study:
    """Write study.json, and the recipe of the best trial, if there is one.

    Args:
        folder: Of the search.
        name: Of the study in its storage.
        storage: Without a password.
        recipe: What the search began with.
        space: What is searched.
        trials: All of them.
        retests: What was trained with new seeds.
    """
    content = {
        "format": 1,
        "name": name,
        "storage": storage,
        "recipe": recipe.as_dict(),
        "space": [*space],
        "trials": [plain(each) for each in trials],
        "retests": [plain(each) for each in retests],
    }
    write_checked(folder / FILE, content, indent=1)
    study = Study(folder)
    if study.best_recipe is not None:
        study.best_recipe.write(study.recipe_file)
    return study


def trial_folder(folder: Path, number: int) -> Path:
    """Where the run of a trial lies in the folder of a search."""
    return folder / "trials" / f"trial-{number}"


def describe_values(values: Mapping[str, bool | int | float | str]) -> str:
    """What was chosen, in a few words: "depth 4, width 24, learning_rate 0.0031"."""
    shown = {
        field.rpartition(".")[2]: f"{value:.3g}" if isinstance(value, float) else str(value).lower()
        for field, value in values.items()
    }
    return ", ".join(f"{name} {text}" for name, text in shown.items())


def plain(row: TriedRecipe | Retest) -> dict[str, Any]:
    """A row as plain data that JSON can hold."""
    fields = {
        name: [*value] if isinstance(value, tuple) else value for name, value in asdict(row).items()
    }
    return fields | ({"accuracy": row.accuracy} if isinstance(row, TriedRecipe) else {})
