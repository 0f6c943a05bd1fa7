"""Runs of one recipe that differ in the seed alone, in one folder.

seed-0/, seed-1/ …   a run each
seeds.json           the recipe they share, the seeds, which of them failed, and the results
"""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pydantic

from convscope.errors import UsageError
from convscope.look.html import table
from convscope.look.numbers import percent
from convscope.runs import recipe as recipes
from convscope.runs.checked_json import read_checked, write_checked
from convscope.runs.claim import check_unclaimed
from convscope.runs.differences import find_differing_fields
from convscope.runs.out_folder import check_out_folder
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FILE = "seeds.json"
Seed = Annotated[int, pydantic.Field(ge=0, lt=2**63)]


@dataclass(frozen=True)
class AccuracySpread:
    """How far the accuracies of several seeds lie apart.

    Attributes:
        median: As many accuracies lie above as below.
        mean: Their sum divided by their number.
        lowest: The lowest accuracy.
        highest: The highest accuracy.
        standard_deviation: That of a sample, with n - 1 below the line; None for one seed.
    """

    median: float
    mean: float
    lowest: float
    highest: float
    standard_deviation: float | None


class _SeedsFile(pydantic.BaseModel):
    """What is read back from seeds.json; the results in it are there for people."""

    format: Literal[1]
    recipe: dict[str, Any]
    seeds: list[Seed]
    failures: dict[Seed, str]


class SeedGroup:
    """A folder of runs over seeds, as `convscope train --seeds` makes it.

    Attributes:
        folder: The folder.
        recipe: What the runs share; its seed has no meaning.
        seeds: Those asked for, rising.
        failures: What is wrong with a seed, by seed: it has no result, or its network only guesses.

    Args:
        folder: Must hold seeds.json.

    Raises:
        UsageError: There is no such folder, or it isn't one of seeds.
        ConvscopeError: seeds.json is damaged.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        file = self.folder / FILE
        if not file.is_file():
            raise UsageError(
                f"{str(folder)!r} isn't a folder of seeds: it has no {FILE}. Make one with: "
                "convscope train NETWORK DATA --seeds 5."
            )
        advice = "Put it back, or give another folder."
        content = _SeedsFile.model_validate(read_checked(file, _SeedsFile, advice))
        self.recipe = recipes.parse({"data_rules": 1} | content.recipe, str(file))
        self.seeds = sorted(set(content.seeds))
        self.failures = content.failures

    def __repr__(self) -> str:
        return f"SeedGroup({str(self.folder)!r})"

    def __str__(self) -> str:
        from convscope.runs.seed_group_text import seed_group_text

        return seed_group_text(self)

    def _repr_html_(self) -> str:
        rows = [
            (row["seed"], percent(row["accuracy"], 2) if "accuracy" in row else "failed")
            for row in self.as_dict()["seeds"]
        ]
        return table(rows, ["seed", "accuracy"], caption=str(self.folder))

    def figure(self, path: str | Path | None = None) -> Figure:
        """The accuracy of every seed, with their median, as a figure.

        Args:
            path: The PNG to write; None writes none.
        """
        from convscope.runs.seeds_figure import seeds_figure

        return seeds_figure(self, path)

    def run_folder(self, seed: int) -> Path:
        """Where the run of a seed lies, or will."""
        return self.folder / f"seed-{seed}"

    @property
    def runs(self) -> list[Run]:
        """The runs that have been evaluated, in the order of the seeds.

        Those that only guess are among them: leaving them out would flatter the recipe.
        """
        return [Run(self.run_folder(seed)) for seed in self.seeds if self._is_evaluated(seed)]

    @property
    def spread(self) -> AccuracySpread | None:
        """The spread of the accuracies of `runs`; None where there are none."""
        accuracies = [run.summary()["accuracy"] for run in self.runs]
        return spread(accuracies) if accuracies else None

    def has_begun(self, seed: int) -> bool:
        """Whether the run of a seed has come as far as its first step."""
        return (self.run_folder(seed) / "environment.json").is_file()

    def has_ended(self, seed: int) -> bool:
        """Whether the run of a seed needs no more training, because it was evaluated or failed."""
        folder = self.run_folder(seed)
        return (folder / "evaluation.json").is_file() or (seed in self.failures and folder.is_dir())

    def add_failure(self, seed: int, reason: str) -> None:
        """Remember that a seed came to nothing."""
        self.failures[seed] = reason
        self.write()

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold: medians, the spread of the accuracy, and every run.

        Figures are None where no seed has a result.
        """
        evaluated = {run.folder: run.summary() for run in self.runs}
        rows = list(evaluated.values())
        medians = {
            name: statistics.median(row[name] for row in rows) if rows else None
            for name in ("epochs", "accuracy", "loss", "images_per_second")
        }
        return {
            "run": str(self.folder),
            "network": self.recipe.network,
            "data": self.recipe.data,
            **medians,
            "seconds": sum(row["seconds"] for row in rows),
            "split": rows[0]["split"] if rows else None,
            "spread": asdict(self.spread) if self.spread else None,
            "failed": sorted(self.failures),
            "seeds": [
                {
                    "seed": seed,
                    "problem": self.failures.get(seed),
                    **evaluated.get(self.run_folder(seed), {}),
                }
                for seed in self.seeds
            ],
        }

    def write(self) -> None:
        """Write seeds.json."""
        content = {
            "format": 1,
            "recipe": self.recipe.model_dump(mode="json", exclude_none=True),
            "seeds": self.seeds,
            "failures": self.failures,
            "results": self.as_dict(),
        }
        write_checked(self.folder / FILE, content, indent=1)

    def remove_if_empty(self) -> None:
        """Remove the folder again if no run has been made in it."""
        if [file.name for file in self.folder.iterdir()] == [FILE]:
            shutil.rmtree(self.folder)

    def _is_evaluated(self, seed: int) -> bool:
        return (self.run_folder(seed) / "evaluation.json").is_file()


def is_seed_group(folder: str | Path) -> bool:
    """Whether a folder is one of seeds."""
    return (Path(folder) / FILE).is_file()


def open_group(
    folder: str | Path, recipe: Recipe, seeds: Sequence[int], *, force: bool = False
) -> SeedGroup:
    """Make a folder of seeds, or open the one that is there to go on with it.

    Args:
        folder: Made, with its parents.
        recipe: What all runs share.
        seeds: To run now. Runs of other seeds that have ended already stay in the group.
        force: Begin anew, and drop the group that is there. Only a group is dropped.

    Raises:
        UsageError: Something else is there, or the group has another recipe.
        ConvscopeError: The seeds.json that is there is damaged.
    """
    folder = Path(folder)
    if is_seed_group(folder) and force:
        for each in folder.glob("seed-*"):
            check_unclaimed(each)
        shutil.rmtree(folder)
    if is_seed_group(folder):
        group = SeedGroup(folder)
        _check_recipe(group, recipe)
        ended = {seed for seed in group.seeds if group.has_ended(seed)}
        group.failures = {seed: why for seed, why in group.failures.items() if seed in ended}
        group.seeds = sorted(ended.union(seeds))
        group.write()
        return group
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise UsageError(
            f"--out {str(folder)!r} exists and isn't a folder of seeds, so nothing there is "
            "touched. Give another folder."
        )
    check_out_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "format": 1,
        "recipe": recipe.model_dump(mode="json", exclude_none=True),
        "seeds": sorted(seeds),
        "failures": {},
    }
    write_checked(folder / FILE, content)
    return SeedGroup(folder)


def spread(values: Sequence[float]) -> AccuracySpread:
    """Median, mean, extremes and standard deviation of at least one value."""
    return AccuracySpread(
        median=statistics.median(values),
        mean=statistics.fmean(values),
        lowest=min(values),
        highest=max(values),
        standard_deviation=statistics.stdev(values) if len(values) > 1 else None,
    )


def _check_recipe(group: SeedGroup, recipe: Recipe) -> None:
    differences = find_differing_fields([group.recipe, recipe], ignored=["seed", "data_rules"])
    if differences:
        listed = ", ".join(
            f"{name} was {old!r} and is {new!r}" for name, (old, new) in differences.items()
        )
        raise UsageError(
            f"--out {str(group.folder)!r} holds seeds of another recipe: {listed}. Give another "
            "folder, or --force to replace it."
        )
