"""What a person sets for a training, checked, and as the command that trains so."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

import pydantic

from convscope.studio.refusals import refuse
from convscope.studio.run_folders import find_run

RECIPES = ("book", "fast", "transfer")
DATA = ("digits", "fashion-mnist", "mnist", "cifar10")
PUBLISHED = "published"
OPTIONS = {
    "epochs": "--epochs",
    "minutes": "--minutes",
    "batch_size": "--batch-size",
    "learning_rate": "--lr",
    "size": "--size",
    "precision": "--precision",
    "seed": "--seed",
}
"""Fields of a recipe that have a dial, and the options of `convscope train` for them."""

LABELS = {
    "class_from": "--class-from",
    "columns": "--columns",
    "images": "--images",
    "group_by": "--group-by",
    "split_folders": "--split-folders",
}
"""Fields that say where classes, groups and splits stand, and the options for them."""


class LabelSettings(pydantic.BaseModel, extra="forbid"):
    """A data set as the page sets it, and where its classes stand; "" where that is found out.

    Attributes:
        data: Name of a data set, or path of a folder, zip or table of labels on this machine.
        class_from: Pattern of file names, whose group is the class.
        columns: Columns of a table, as `path=image_id,label=dx`.
        images: Folder or zip where a table's paths begin.
        group_by: What stays in one split: a column, or a pattern of paths.
        split_folders: Which folders are splits, as `train=A,test=B`, or `none`.
    """

    data: str = pydantic.Field(min_length=1, max_length=4096)
    class_from: str = pydantic.Field(default="", max_length=1024)
    columns: str = pydantic.Field(default="", max_length=1024)
    images: str = pydantic.Field(default="", max_length=4096)
    group_by: str = pydantic.Field(default="", max_length=1024)
    split_folders: str = pydantic.Field(default="", max_length=1024)

    def given(self) -> dict[str, str]:
        """What is said of the labels, as it was typed; nothing of data sets with a name."""
        if self.data in DATA:
            return {}
        return {name: text for name in LABELS if (text := getattr(self, name).strip())}

    def reading(self) -> dict[str, Any]:
        """The same as fields of a recipe, or of a `Reading`.

        Raises:
            UsageError: One of those that name folders or columns is not what it should be.
        """
        from convscope.data.reading import parse_split_folders
        from convscope.data.table_columns import parse_columns

        parsers = {"columns": parse_columns, "split_folders": parse_split_folders}
        return {name: parsers.get(name, str)(text) for name, text in self.given().items()}


class TrainingSettings(LabelSettings):
    """A training as the page sets it; None leaves a field as the recipe has it.

    Attributes:
        network: Name in the catalog.
        recipe: "book", "fast", "transfer", or "" for the usual one.
        source: What gives the first weights: "published", the name of a run of the opened folder,
            or "" for weights at random.
        epochs: Passes over the training images.
        minutes: Time for training.
        batch_size: Images per step.
        learning_rate: The largest of the schedule.
        size: Height and width that images are resized to.
        precision: In which the network computes.
        seed: Decides everything random.
    """

    network: str = pydantic.Field(max_length=64)
    recipe: Literal["", "book", "fast", "transfer"] = ""
    source: str = pydantic.Field(default="", max_length=4096)
    epochs: int | None = pydantic.Field(default=None, ge=1, le=100_000)
    minutes: float | None = pydantic.Field(default=None, gt=0, le=100_000, allow_inf_nan=False)
    batch_size: int | None = pydantic.Field(default=None, ge=1, le=65_536)
    learning_rate: float | None = pydantic.Field(default=None, gt=0, le=1e6, allow_inf_nan=False)
    size: int | None = pydantic.Field(default=None, ge=1, le=4096)
    precision: Literal["auto", "float32", "bfloat16"] | None = None
    seed: int | None = pydantic.Field(default=None, ge=0, lt=2**53)

    def changes(self) -> dict[str, Any]:
        """The fields of the recipe that are set, as `convscope.train` has them; not the source."""
        found = {name: value for name in OPTIONS if (value := getattr(self, name)) is not None}
        if "minutes" in found:
            found.setdefault("epochs", None)  # the time alone decides, as on the command line
        return {**found, **self.reading()}


def check_settings(settings: TrainingSettings) -> str:
    """The data as the command takes it: a name, or an absolute path.

    Raises:
        Refused: There is no such network, or no such folder or zip.
    """
    from convscope.networks.catalog import list_networks

    if settings.network not in list_networks():
        raise refuse("refused.train.network", name=settings.network)
    if settings.data in DATA:
        return settings.data
    try:
        path = Path(settings.data).expanduser().resolve()
        is_there = path.exists()
    except (OSError, RuntimeError, ValueError):  # too long, no such home, a NUL in it
        is_there = False
    if not is_there:
        raise refuse("refused.train.data", path=settings.data, names=", ".join(DATA))
    return str(path)


def find_source(settings: TrainingSettings, runs: Path) -> str:
    """What gives the first weights, as the command takes it: "published", the path of a run, or "".

    Args:
        settings: What is set.
        runs: The folder that was opened.

    Raises:
        Refused: There is no such run.
    """
    if settings.source in ("", PUBLISHED):
        return settings.source
    return str(find_run(settings.source, runs).resolve())


def recipe_changes(settings: TrainingSettings, runs: Path) -> dict[str, Any]:
    """All fields of the recipe that are set, as `convscope.train` takes them.

    Args:
        settings: What is set.
        runs: The folder that was opened.

    Raises:
        Refused: As `find_source`.
    """
    source = find_source(settings, runs)
    return {**settings.changes(), **({"from_": source} if source else {})}


def train_command(settings: TrainingSettings, folder: Path) -> list[str]:
    """The command that trains so, as a list of arguments: no shell reads it.

    Args:
        settings: What is set.
        folder: Of the run; the runs that may give the first weights lie beside it.

    Raises:
        Refused: As `check_settings` and `find_source`.
    """
    data = check_settings(settings)
    arguments = [settings.network, data]
    if settings.recipe:
        arguments += ["--recipe", settings.recipe]
    if source := find_source(settings, folder.parent):
        arguments += ["--from", source]
    for name, option in OPTIONS.items():
        value = getattr(settings, name)
        if value is not None:
            arguments += [option, str(value)]
    # A pattern may begin with a dash.
    arguments += [f"{LABELS[name]}={text}" for name, text in settings.given().items()]
    return [sys.executable, "-m", "convscope", "train", *arguments, "--out", str(folder)]


def resume_command(folder: Path) -> list[str]:
    """The command that goes on with a run."""
    return [sys.executable, "-m", "convscope", "resume", str(folder)]
