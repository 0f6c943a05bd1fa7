"""A recipe: everything that decides how a network is trained, as plain data (TOML in and out)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import tomli_w

from convscope.data.augmentation_settings import Augmentation
from convscope.data.reading import Fit, Reading, parse_split_folders
from convscope.data.table_columns import parse_columns
from convscope.errors import UsageError, first_invalid, unknown_name
from convscope.files import write_text
from convscope.look.html import escape
from convscope.runs.recipe_fields import (
    TABLES,
    Count,
    Initialization,
    PixelStatistics,
    Rate,
    Share,
    Stages,
)
from convscope.runs.recipe_styles import read_recipe_file, style_table, styles


class Recipe(pydantic.BaseModel, frozen=True, extra="forbid"):
    """How a network is trained. Unset optional values mean "not used".

    Attributes:
        network: Name in the catalog.
        network_arguments: Arguments of its builder, besides channels, classes and dropout.
        data: Name of a data set, or path of a folder or zip.
        from_: What gives the first weights: "published", or the path of a run or a file; or "".
        stages: Which layers begin to learn when; by default all at once.
        channels: 1 makes images grey, 3 repeats grey ones three times; unset: as the data has them.
        size: Height and width that images are resized to; unset: as the data has them.
        normalization: "unit" scales pixels to [0, 1]; "standard" then subtracts the mean and
            divides by the standard deviation of the training images, per channel; or a table of
            `mean` and `std` to use in place of theirs.
        validation: Share of the training images held out to choose the best epoch, where the
            data has no validation split of its own. 0: the last epoch is the result, probabilities
            aren't calibrated, and the model never says "unknown".
        unknown_rate: Share of the validation images that may be called "unknown", so that
            images of nothing known can be. 0: every image is given a class.
        fit: How images that aren't square become square: "crop" takes the central part, "pad" puts
            black beside, "stretch" shrinks the longer side more.
        grey_range: The values of 16-bit grey files that become 0 and 255; unset: found.
        split_folders: Which folders are splits: "auto" finds out, "none" are; or split → folder.
        zip_encoding: Of names in a zip that aren't marked as UTF-8; "auto" finds out.
        class_from: Regular expression whose group is the class in a file's path; unset: folders.
        columns: Of a table of labels: "path", "label", "split", "group" → column; unset: found.
        images: Of a table of labels: the folder or zip that its paths begin in; unset: its own.
        group_by: Column of a table, or regular expression on paths: what stays in one split.
        fold: Which part of the data is for testing, as (2, 5); unset: a fifth, chosen at random.
        allow_leaks: Train even if images are both in train and in another split.
        allow_conflicting_labels: Train even if the same image has two classes.
        data_rules: 2; 1 reads and divides a folder as earlier versions did, whose runs say nothing.
        balance: Show every class equally often, however many images it has.
        augmentation: Random changes of the training images.
        initialization: "default" leaves the network's own; the others set the weights of dense and
            convolution layers as `networks.initialization` says, and "data-dependent" by the
            first batch, so that no unit begins dead and every channel varies alike.
        dropout: Probability of dropout, for networks that have it; unset: as in the paper.
        optimizer: "sgd" (with `momentum`), "nesterov", "adam" or "adamw".
        learning_rate: The largest rate of the schedule.
        momentum: The momentum of "sgd" and "nesterov".
        weight_decay: L2 penalty ("sgd", "adam") or decoupled decay ("adamw"), on weights of
            dense and convolution layers only (not on biases and normalization).
        schedule: How the rate goes on after `warmup`: "constant", or down to nearly 0, "linear" or
            as half a "cosine".
        warmup: Share of the run in which the rate rises from nearly 0 to `learning_rate`.
        label_smoothing: Share of each label spread evenly over all classes.
        clip_gradient: Largest norm of the gradient of all parameters.
        ema: Decay per step of an exponential moving average of the weights, which is evaluated
            and kept in place of the weights themselves.
        epochs: Passes over the training images; unset: as many as fit in `minutes`.
        minutes: Time for the whole of training; the schedule is fitted to it.
        batch_size: Images per step.
        early_stop: Stop after this many epochs in a row without a better validation accuracy.
        checkpoint_minutes: Time between checkpoints inside an epoch; each epoch ends with one.
        seed: Decides everything random, with epoch and step.
        device: "auto" takes a GPU if there is one; or "cpu", "cuda", "cuda:1", "mps".
        precision: "auto" measures; or "float32", "bfloat16".
        threads: How many compute, on the processor; unset: measured.
        recompute: Blocks whose activations are computed again in the backward pass instead of
            being kept, which saves memory, takes time, and changes no number: paths of modules
            such as "layer1.0", or parts of an `nn.Sequential` such as "features[0:7]"; "auto"
            takes those that pay.
        batch_norm: Statistics where several processes train: "synchronized", or "local" to each.
    """

    network: str = ""
    network_arguments: dict[str, bool | int | float | str] = {}
    data: str = ""
    from_: str = ""
    stages: Stages = Stages()
    channels: Literal[1, 3] | None = None
    size: Count | None = None
    normalization: Literal["unit", "standard"] | PixelStatistics = "standard"
    validation: Share = 0.1
    fit: Fit = "crop"
    grey_range: tuple[float, float] | None = None
    split_folders: Literal["auto", "none"] | dict[str, str] = "auto"
    zip_encoding: str = "auto"
    class_from: str | None = None
    columns: dict[str, str] | None = None
    images: str | None = None
    group_by: str | None = None
    fold: tuple[Count, Count] | None = None
    allow_leaks: bool = False
    allow_conflicting_labels: bool = False
    data_rules: Literal[1, 2] = 2
    unknown_rate: Share = 0.05
    balance: bool = False
    augmentation: Augmentation = Augmentation()
    initialization: Initialization = "default"
    dropout: Share | None = None
    optimizer: Literal["sgd", "nesterov", "adam", "adamw"] = "sgd"
    learning_rate: Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)] = 0.1
    momentum: Share = 0.0
    weight_decay: Rate = 0.0
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    warmup: Share = 0.0
    label_smoothing: Share = 0.0
    clip_gradient: Annotated[float, pydantic.Field(gt=0)] | None = None
    ema: Annotated[float, pydantic.Field(gt=0, lt=1)] | None = None
    epochs: Count | None = None
    minutes: Annotated[float, pydantic.Field(gt=0)] | None = None
    batch_size: Count = 128
    early_stop: Count | None = None
    checkpoint_minutes: Annotated[float, pydantic.Field(gt=0)] = 10.0
    seed: Annotated[int, pydantic.Field(ge=0, lt=2**63)] = 0
    device: str = "auto"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    threads: Count | None = None
    recompute: Literal["auto"] | tuple[str, ...] = ()
    batch_norm: Literal["synchronized", "local"] = "synchronized"

    @pydantic.field_validator("recompute", mode="before")
    @classmethod
    def _is_auto_or_paths(cls, value: Any) -> Any:
        is_paths = isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
        if value != "auto" and not is_paths:
            raise ValueError(
                'takes "auto" or a list of blocks, such as ["layer1.0", "features[0:7]"]'
            )
        return value

    @pydantic.field_validator("columns", mode="before")
    @classmethod
    def _names_columns(cls, value: Any) -> Any:
        return parse_columns(value) if isinstance(value, str) else value

    @pydantic.field_validator("split_folders", mode="before")
    @classmethod
    def _names_folders(cls, value: Any) -> Any:
        return parse_split_folders(value) if isinstance(value, str) else value

    @pydantic.model_validator(mode="after")
    def _fields_agree(self) -> Recipe:
        if self.epochs is None and self.minutes is None:
            raise ValueError("give epochs, minutes or both: with neither, training never ends")
        if self.momentum and self.optimizer not in ("sgd", "nesterov"):
            raise ValueError(f"momentum belongs to sgd and nesterov, not {self.optimizer}")
        if self.optimizer == "nesterov" and not self.momentum:
            raise ValueError("nesterov needs a momentum above 0, such as 0.9")
        _ = self.reading  # complains about what it doesn't accept
        return self

    @property
    def reading(self) -> Reading:
        """How the files of a folder are to be understood."""
        return Reading(
            self.fit,
            self.grey_range,
            self.split_folders,
            self.zip_encoding,
            self.data_rules,
            class_from=self.class_from or "",
            columns=self.columns or {},
            images=self.images or "",
            group_by=self.group_by or "",
        )

    def replace(self, **changes: Any) -> Recipe:
        """This recipe with some fields changed, checked again.

        Args:
            **changes: New values. Of a table (`augmentation`, `network_arguments`) only the
                fields given are changed.

        Raises:
            UsageError: A field doesn't exist or a value isn't accepted.
        """
        fields = self.model_dump(exclude_none=True)
        for name, value in changes.items():
            merges = isinstance(value, dict) and isinstance(fields.get(name), dict)
            fields[name] = fields[name] | value if merges else value
        return parse(fields, "recipe")

    def write(self, path: str | Path) -> None:
        """Write the recipe as TOML, atomically. Unset fields are left out."""
        write_text(path, str(self))

    def __str__(self) -> str:
        return tomli_w.dumps(self.as_dict())

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self)}</pre>"

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold; unset fields are left out."""
        return self.model_dump(mode="json", exclude_none=True)


def read_of_run(path: str | Path) -> Recipe:
    """The recipe in a run's folder; earlier code wrote none of the fields that `Reading` has."""
    return parse({"data_rules": 1} | read_recipe_file(Path(path)), str(path))


def read(path: str | Path) -> Recipe:
    """The recipe in a TOML file.

    Raises:
        UsageError: No such file, not TOML, or a field that isn't accepted.
    """
    return parse(read_recipe_file(Path(path)), str(path))


def parse(fields: dict[str, Any], source: str) -> Recipe:
    """A recipe from plain fields.

    Args:
        fields: As in the TOML file.
        source: What to call them in an error.

    Raises:
        UsageError: Names the first wrong field, what was given, and what is accepted.
    """
    try:
        return Recipe.model_validate(fields)
    except pydantic.ValidationError as error:
        raise _in_words(error, source) from None


def named(style: str, network: str, data: str) -> Recipe:
    """A recipe that comes with Convscope, for this network and data.

    Args:
        style: "book" (the textbook's settings, where it has some) or "fast".
        network: Name in the catalog.
        data: Name of a data set, or path of a folder or zip.

    Raises:
        UsageError: The style doesn't exist, or has no settings for this network.
    """
    if style not in styles():
        raise unknown_name("recipe", style, styles())
    table = style_table(style)
    networks = table["network"]
    if network not in networks and "any" not in networks:
        raise UsageError(
            f"The recipe {style!r} has no settings for {network!r}, only for: "
            f"{', '.join(networks)}. Use --recipe fast, or a TOML file of your own."
        )
    fields = {
        **table["common"],
        **networks.get(network, networks.get("any")),
        **table["data"].get(data, table["data"].get("any", {})),
        **table["pair"].get(f"{network} {data}", {}),
        "network": network,
        "data": data,
    }
    return parse(fields, f"{style}.toml")


def default_style(network: str) -> str:
    """The style used where none is asked for: the book's if it covers the network, else fast."""
    return "book" if network in style_table("book")["network"] else "fast"


def _in_words(error: pydantic.ValidationError, source: str) -> UsageError:
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    if first["type"] == "extra_forbidden":
        table = TABLES.get(place[0], Augmentation) if len(place) > 1 else Recipe
        wrong = unknown_name("recipe field", place[-1], table.model_fields)
        return UsageError(f"{source}: {wrong}")
    given = f", got {first['input']!r}" if place else ""
    return UsageError(f"{source}: {first_invalid(error)}{given}.")
