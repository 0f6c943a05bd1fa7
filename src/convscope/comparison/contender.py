"""One side of a comparison: a run, or runs of one recipe over several seeds or folds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from convscope.comparison.evaluation_record import (
    EvaluationRecord,
    mean_recall,
    pool_folds,
    read_evaluation,
)
from convscope.data.file_kinds import make_printable
from convscope.errors import ConvscopeError, UsageError
from convscope.runs.fold_group import FoldGroup, is_fold_group
from convscope.runs.forecast import ForecastRow, read_forecast
from convscope.runs.model_file import read_card
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run
from convscope.runs.seed_group import AccuracySpread, SeedGroup, is_seed_group, spread


@dataclass(frozen=True, eq=False)
class Contender:
    """A run, or a group, with its figures; those of a group are medians over its runs.

    Folds are evaluated together, as one run that was tested on all of their images.

    Attributes:
        name: Short, and different from those of the others.
        folder: The folder of the run or the group.
        runs: The run, or the group's runs that were evaluated.
        evaluated: How each was evaluated; folds all together.
        seeds: The seed of each run.
        is_group: Whether it is a group of seeds.
        failures: What is wrong with seeds of the group.
        recipe: The recipe of the (first) run.
        data_fingerprint: Differs where its training images differ.
        loss: Mean cross-entropy on the evaluated images.
        epochs: Trained for.
        seconds: Time of the training, with the evaluation after every epoch.
        images_per_second: In training.
        parameters: None for a module that isn't in the catalog.
        model_bytes: Size of model.safetensors.
        forecast: What was forecast, beside what it came to.
        curves: For each run, the epochs and the accuracy after each.
        curve_split: The images these accuracies are of.
    """

    name: str
    folder: str
    runs: tuple[Run, ...] = field(repr=False)
    evaluated: tuple[EvaluationRecord, ...] = field(repr=False)
    seeds: tuple[int, ...]
    is_group: bool
    failures: dict[int, str]
    recipe: Recipe = field(repr=False)
    data_fingerprint: str = field(repr=False)
    loss: float
    epochs: float
    seconds: float
    images_per_second: float
    parameters: int | None
    model_bytes: int
    forecast: tuple[ForecastRow, ...] = field(repr=False)
    curves: tuple[tuple[tuple[int, float], ...], ...] = field(repr=False)
    curve_split: str = field(repr=False)

    @property
    def accuracies(self) -> tuple[float, ...]:
        """The accuracy of each run."""
        return tuple(evaluated.accuracy for evaluated in self.evaluated)

    @property
    def spread(self) -> AccuracySpread:
        """How far the accuracies lie apart."""
        return spread(self.accuracies)

    @property
    def accuracy(self) -> float:
        """The accuracy of the run, or the median of the seeds."""
        return self.spread.median

    @property
    def balanced_accuracy(self) -> float:
        """The mean of the recalls of all classes, or its median over the seeds."""
        return statistics.median(map(mean_recall, self.evaluated))

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of a run; lowest and highest accuracy of a group."""
        if self.is_group:
            return self.spread.lowest, self.spread.highest
        return self.evaluated[0].interval

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "name": self.name,
            "run": make_printable(self.folder),
            "network": self.recipe.network,
            "data": self.evaluated[0].data,
            "split": self.evaluated[0].split,
            "images": self.evaluated[0].images,
            "seeds": list(self.seeds),
            "failed": sorted(self.failures),
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "interval_of": "seeds, lowest to highest" if self.is_group else "95 % confidence",
            "accuracies": list(self.accuracies),
            "balanced_accuracy": self.balanced_accuracy,
            "mean": self.spread.mean,
            "standard_deviation": self.spread.standard_deviation,
            "loss": self.loss,
            "epochs": self.epochs,
            "seconds": self.seconds,
            "images_per_second": self.images_per_second,
            "parameters": self.parameters,
            "model_bytes": self.model_bytes,
            "forecast": [row.model_dump() for row in self.forecast],
        }


def open_contenders(folders: Sequence[str | Path | Run | SeedGroup | FoldGroup]) -> list[Contender]:
    """Read runs and groups, and give them names.

    Args:
        folders: Runs and groups, or their folders.

    Raises:
        UsageError: Fewer than two, one twice, not a run, or one that hasn't ended.
        ConvscopeError: A file of a run is damaged.
    """
    given = [
        each.folder if isinstance(each, (Run, SeedGroup, FoldGroup)) else Path(each)
        for each in folders
    ]
    if len(given) < 2:
        raise UsageError(
            f"A comparison takes two or more runs or folders of seeds or folds; given {len(given)}."
        )
    seen: set[Path] = set()
    for folder in given:
        if folder.resolve() in seen:
            raise UsageError(f"{str(folder)!r} is given twice. Give each run once.")
        seen.add(folder.resolve())
    groups = [_group_of(folder) for folder in given]
    runs = [
        _evaluated_runs(group) if group else [Run(folder)]
        for folder, group in zip(given, groups, strict=True)
    ]
    names = _names(given, [each[0].recipe.network for each in runs])
    return [_contender(*parts) for parts in zip(names, given, runs, groups, strict=True)]


def _group_of(folder: Path) -> SeedGroup | FoldGroup | None:
    if is_fold_group(folder):
        return FoldGroup(folder)
    return SeedGroup(folder) if is_seed_group(folder) else None


def _evaluated_runs(group: SeedGroup | FoldGroup) -> list[Run]:
    runs = group.runs
    if isinstance(group, FoldGroup):
        if len(runs) < group.folds:
            raise UsageError(
                f"Only {len(runs)} of the {group.folds} folds in {str(group.folder)!r} have a "
                f"result. Go on with: convscope train NETWORK DATA --folds {group.folds} --out "
                f"{group.folder}"
            )
        return runs
    if not runs:
        raise UsageError(
            f"No seed in {str(group.folder)!r} has a result yet. Go on with: convscope train "
            f"NETWORK DATA --seeds {len(group.seeds)} --out {group.folder}"
        )
    return runs


def _contender(
    name: str, folder: Path, runs: list[Run], group: SeedGroup | FoldGroup | None
) -> Contender:
    evaluated = [read_evaluation(run) for run in runs]
    is_folds = isinstance(group, FoldGroup)
    try:
        summaries = [run.summary() for run in runs]
        medians = {
            figure: statistics.median(float(summary[figure]) for summary in summaries)
            for figure in ("loss", "epochs", "seconds", "images_per_second")
        }
        curves = [_curve(run) for run in runs]
        prints = [str(run.environment["data_fingerprint"]) for run in runs]
        fingerprint = " ".join(prints) if is_folds else prints[0]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        if isinstance(error, UsageError):
            raise
        raise ConvscopeError(
            f"metrics.jsonl or environment.json in {str(folder)!r} is damaged: {error!r}."
        ) from None
    if is_folds:
        evaluated = [pool_folds(evaluated)]
        medians["loss"] = evaluated[0].loss
    return Contender(
        name=name,
        folder=str(folder),
        runs=tuple(runs),
        evaluated=tuple(evaluated),
        seeds=tuple(run.recipe.seed for run in runs[: len(evaluated)]),
        is_group=isinstance(group, SeedGroup),
        failures=group.failures if isinstance(group, SeedGroup) else {},
        recipe=runs[0].recipe,
        data_fingerprint=fingerprint,
        **medians,
        parameters=_parameters(runs[0]),
        model_bytes=runs[0].model_file.stat().st_size,
        forecast=read_forecast(runs[0].folder),
        curves=tuple(points for _, points in curves),
        curve_split=curves[0][0],
    )


def _curve(run: Run) -> tuple[str, tuple[tuple[int, float], ...]]:
    """What was evaluated after every epoch, and the accuracy."""
    lines = run.metrics("epoch")
    split = "validation" if "validation_accuracy" in lines[0] else "test"
    return split, tuple((int(line["epoch"]), float(line[f"{split}_accuracy"])) for line in lines)


def _parameters(run: Run) -> int | None:
    card = read_card(run.model_file)
    if not card.network:
        return None
    with torch.device("meta"):  # counts without taking memory
        return sum(parameter.numel() for parameter in card.build().parameters())


def _names(folders: Sequence[Path], networks: Sequence[str]) -> list[str]:
    """Names that tell the contenders apart: of the networks, else of the folders, else paths."""
    for candidates in (networks, map(_short, folders), map(str, folders)):
        names = [_visible(name) for name in candidates]
        if all(names) and len(set(names)) == len(names):
            return names
    return [f"{number} {_visible(str(folder))}" for number, folder in enumerate(folders, 1)]


def _short(folder: Path) -> str:
    """The folder's own name, and that of its group if it has one."""
    folder = folder.resolve()
    return f"{folder.parent.name}/{folder.name}" if is_seed_group(folder.parent) else folder.name


def _visible(name: str) -> str:
    """`name` without characters that would move a terminal's cursor or end a line."""
    return "".join(each if each.isprintable() else "�" for each in make_printable(name))
