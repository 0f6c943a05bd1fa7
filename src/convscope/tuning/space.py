"""What a search may change: fields of a recipe, each with its range or its choices."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from convscope.data.augmentation_settings import Augmentation
from convscope.errors import UsageError, unknown_name
from convscope.networks.catalog import entry
from convscope.runs.recipe import Recipe

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

Value: TypeAlias = bool | int | float | str

SEARCHED = (
    "balance",
    "batch_size",
    "clip_gradient",
    "dropout",
    "ema",
    "initialization",
    "label_smoothing",
    "learning_rate",
    "momentum",
    "optimizer",
    "schedule",
    "warmup",
    "weight_decay",
)
"""Fields that may be searched by their own name. Others decide which images there are, what is
begun from or how long training goes, so that accuracies couldn't be compared any more."""

RATIO = 10  # from here on a range is searched by ratios, as a learning rate
EXAMPLE = "--search learning_rate=0.0005..0.02 or --search kernel=3,5,7"


@dataclass(frozen=True)
class Dimension:
    """One thing that a search changes.

    Attributes:
        field: Of the recipe; a dot leads into a table, as in "augmentation.crop".
        low: The lowest value of a range; None for choices.
        high: The highest value, itself among the values.
        choices: The values, where they are listed.
    """

    field: str
    low: int | float | None = None
    high: int | float | None = None
    choices: tuple[Value, ...] = ()

    @property
    def name(self) -> str:
        """The field without its table, as it stands in tables and figures: "crop"."""
        return self.field.rpartition(".")[2]

    @property
    def is_logarithmic(self) -> bool:
        """Whether values are drawn by ratios: a range from `low` to at least ten times as much."""
        return self.low is not None and self.high is not None and 0 < RATIO * self.low <= self.high

    def suggest(self, trial: BaseTrial) -> Value:
        """The value that a search proposes for a trial."""
        value: Value
        if self.low is None or self.high is None:
            value = trial.suggest_categorical(self.field, self.choices)
        elif isinstance(self.low, int) and isinstance(self.high, int):
            value = trial.suggest_int(self.field, self.low, self.high, log=self.is_logarithmic)
        else:
            ends = float(self.low), float(self.high)
            value = trial.suggest_float(self.field, *ends, log=self.is_logarithmic)
        return value

    def nearest(self, value: Value | None) -> Value:
        """The value of this dimension that is nearest to one, or else its first."""
        if self.low is None or self.high is None:
            return value if value in self.choices and value is not None else self.choices[0]
        if not isinstance(value, int | float):
            return self.low
        kept = min(max(value, self.low), self.high)
        return kept if isinstance(self.low, float) or isinstance(self.high, float) else int(kept)

    def __str__(self) -> str:
        if self.low is None:
            return f"{self.field}={','.join(map(_plain, self.choices))}"
        return f"{self.field}={self.low!r}..{self.high!r}"


def parse_dimension(text: str, network: str) -> Dimension:
    """`FIELD=LOW..HIGH` or `FIELD=A,B,C` as a dimension.

    Args:
        text: As a person gave it. An argument of the network's builder needs no table: "depth".
        network: Name in the catalog.

    Raises:
        UsageError: It is neither, or the field can't be searched.
    """
    field, equals, values = (part.strip() for part in text.partition("="))
    if not (field and equals and values):
        raise UsageError(f"--search takes FIELD=LOW..HIGH or FIELD=A,B,C; got {text!r}.")
    field = _full_field(field, network)
    low, dots, high = values.partition("..")
    if dots:
        first, last = _value(low), _value(high)
        if isinstance(first, bool | str) or isinstance(last, bool | str) or first >= last:
            raise UsageError(
                f"--search {text}: a range goes from a number to a larger one, as in {EXAMPLE}."
            )
        if isinstance(first, float) or isinstance(last, float):
            first, last = float(first), float(last)
        return Dimension(field, first, last)
    choices = tuple(dict.fromkeys(_value(each) for each in values.split(",") if each.strip()))
    if len(choices) < 2:
        raise UsageError(
            f"--search {text}: there is nothing to search among fewer than two values. One value "
            "is set with --set."
        )
    return Dimension(field, choices=choices)


def parse_space(texts: Sequence[str], network: str) -> tuple[Dimension, ...]:
    """Several dimensions.

    Raises:
        UsageError: One isn't accepted, or a field is given twice.
    """
    space = tuple(parse_dimension(each, network) for each in texts)
    fields = [each.field for each in space]
    for field in fields:
        if fields.count(field) > 1:
            raise UsageError(f"--search {field}: given twice. Give all its values at once.")
    return space


def default_space(recipe: Recipe, size: int) -> tuple[Dimension, ...]:
    """What is searched unless a person says it: the network's shape, the rate, augmentation.

    Args:
        recipe: Where the search begins.
        size: Height and width of the images.
    """
    rate = recipe.learning_rate
    texts = [
        *(("depth=2..8", "width=8..64", "kernel=3,5") if recipe.network == "stack" else ()),
        f"learning_rate={rate / 4:.3g}..{rate * 4:.3g}",
        f"augmentation.crop=0..{max(1, size // 8)}",
        f"augmentation.cutout=0..{max(1, size // 4)}",
        # What is mirrored may mean something else, so only where the recipe has it already.
        *(("augmentation.flip=true,false",) if recipe.augmentation.flip else ()),
        *(() if recipe.network == "stack" else ("weight_decay=0.0001..0.1",)),
    ]
    return parse_space(texts, recipe.network)


def begin_values(space: Sequence[Dimension], recipe: Recipe) -> dict[str, Value]:
    """The recipe's own values of what is searched, or the nearest that the search has."""
    return {each.field: each.nearest(_own_value(each, recipe)) for each in space}


def change_recipe(recipe: Recipe, values: Mapping[str, Value]) -> Recipe:
    """The recipe with these values of its fields.

    Raises:
        UsageError: One isn't accepted, or they don't go together.
    """
    changes: dict[str, Any] = {}
    for field, value in values.items():
        table, dot, name = field.rpartition(".")
        if dot:
            changes.setdefault(table, {})[name] = value
        else:
            changes[name] = value
    return recipe.replace(**changes)


def check_space(space: Sequence[Dimension], recipe: Recipe) -> None:
    """Complain, before anything is trained, about values that no recipe takes.

    Raises:
        UsageError: Names the field and what is accepted.
    """
    for each in space:
        ends = each.choices if each.low is None else (each.low, each.high)
        for value in ends:
            change_recipe(recipe, {**begin_values(space, recipe), each.field: value})  # type: ignore[dict-item]


def _own_value(dimension: Dimension, recipe: Recipe) -> Value | None:
    table, dot, name = dimension.field.rpartition(".")
    if table == "network_arguments":
        own = recipe.network_arguments.get(name)
        if own is not None:
            return own
        default = inspect.signature(entry(recipe.network).builder).parameters[name].default
        return default if isinstance(default, bool | int | float | str) else None
    value: Value | None = getattr(recipe.augmentation if dot else recipe, name)
    return value


def _full_field(field: str, network: str) -> str:
    """The field with its table; arguments of the builder may be given without.

    Raises:
        UsageError: It can't be searched.
    """
    table, dot, name = field.rpartition(".")
    arguments = [each for each in entry(network).arguments if each not in _DECIDED]
    if field in SEARCHED:
        return field
    if (not dot or table == "network_arguments") and name in arguments:
        return f"network_arguments.{name}"
    if table == "augmentation" and name in Augmentation.model_fields:
        return field
    if field in Recipe.model_fields:
        raise UsageError(
            f"--search {field}: this field is the same for all trials of a search, for otherwise "
            f"their accuracies couldn't be compared. Give one value of it: --set {field}=…"
        )
    augmentations = [f"augmentation.{each}" for each in Augmentation.model_fields]
    raise unknown_name("field to search", field, [*SEARCHED, *arguments, *augmentations])


_DECIDED = ("in_channels", "classes", "size", "dropout")  # by the images, or a field of its own


def _value(text: str) -> Value:
    text = text.strip()
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    try:
        return float(text)
    except ValueError:
        return text


def _plain(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
