"""Which networks may race for a data set: those that the plan says will fit time and memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from convscope.data.image_set import ImageSet
from convscope.data.load import NAMED, Data
from convscope.errors import ConvscopeError, UsageError
from convscope.look import numbers
from convscope.look.numbers import duration
from convscope.networks.published import PUBLISHED
from convscope.planning.forecast import Forecast
from convscope.planning.plan import Plan
from convscope.runs.choose_recipe import choose_recipe
from convscope.runs.race import Racer, count_rounds, round_seconds
from convscope.runs.recipe import Recipe
from convscope.runs.source import find_here

FOLDER_SIZE = 32  # height and width of a folder's images, where they aren't smaller themselves
SMALLEST_SIZE = 16
CROPPED = 8  # images are moved by up to this part of their size at random, as the recipe has it
MOST_PUBLISHED = 2
MEASURING_SECONDS = 0.3  # for the operations of each network
FIRST_EPOCHS = 4
"""Epochs that a network which begins from nothing must have in the first round: after fewer, those
lead that are quick and not those that are good."""

ENOUGH_EPOCHS = 3
"""Of the usual network, in the whole time: then one that is merely quicker has no use."""


@dataclass(frozen=True)
class Candidate:
    """A network that may race.

    Attributes:
        name: What it is called in the race.
        network: Name in the catalog.
        style: Of its recipe.
        changes: Fields of its recipe.
    """

    name: str
    network: str
    style: str = "fast"
    changes: dict[str, Any] = field(default_factory=dict)


USUAL = "resnet9"
"""What the guides train in a given time: it stays unless another is clearly better."""

QUICK = "lenet-bn"

NATIVE = (
    Candidate(USUAL, "resnet9"),
    Candidate("resnet9-no-flips", "resnet9", changes={"augmentation": {"flip": False}}),
    Candidate("resnet9-wide", "resnet9", changes={"network_arguments": {"width": 32}}),
    Candidate("resnet18-32px", "resnet18-32px"),
    Candidate(QUICK, "lenet-bn"),
)
"""From 0.4 to some 500 million multiplications with addition for an image of 28×28 pixels: what a
small set of small images can use, at costs a few times apart; and one that isn't shown mirrored
images, for letters and machine parts don't mean the same mirrored."""


def list_candidates() -> list[Candidate]:
    """Networks that may race: small ones, and those whose published weights lie on this machine."""
    at_hand = [name for name in ("resnet18", "mobilenet-v2", *PUBLISHED) if find_here(name)]
    return [
        *NATIVE,
        *(
            Candidate(f"{name}-published", name, "transfer", {"from_": "published"})
            for name in list(dict.fromkeys(at_hand))[:MOST_PUBLISHED]
        ),
    ]


def recipe_of(
    candidate: Candidate, data: Data, changes: dict[str, Any], size: int = FOLDER_SIZE
) -> Recipe:
    """The recipe by which a network races.

    Args:
        candidate: The network.
        data: As for `train`.
        changes: Fields of the recipe, the same for all.
        size: Height and width of a folder's images.
    """
    fields = dict(candidate.changes)
    random = fields.pop("augmentation", {})
    if candidate.style == "fast" and isinstance(data, str | Path) and str(data) not in NAMED:
        fields["size"], random = size, {"crop": max(1, size // CROPPED), **random}
    fields |= changes
    random = {**random, **changes.get("augmentation", {})}
    if random:
        fields["augmentation"] = random
    return choose_recipe(candidate.network, data, candidate.style, fields)


def own_size(images: ImageSet) -> int:
    """At which height and width the images of a folder race: their own, where that is small.

    Enlarging them costs time and adds nothing, but below 16 pixels networks have too little room.

    Args:
        images: As they were read.
    """
    if not images.original_sizes:
        return FOLDER_SIZE
    usual = max(images.original_sizes, key=lambda size: images.original_sizes[size])
    return min(FOLDER_SIZE, max(SMALLEST_SIZE, *usual))


def choose_racers(
    data: Data, changes: dict[str, Any], left: Callable[[], float], size: int = FOLDER_SIZE
) -> tuple[list[Racer], dict[str, str]]:
    """The networks that are to race, and by name why the others aren't; nothing is trained.

    Args:
        data: As for `train`.
        changes: Fields of the recipe, the same for all.
        left: Seconds that are left for the race and the winner's training; asked for when the
            forecasts are made, which take some of them.
        size: As for `recipe_of`.

    Raises:
        UsageError: A field isn't accepted, or nothing fits into the time and memory.
    """
    found: list[Racer] = []
    left_out: dict[str, str] = {}
    forecasts: dict[str, Forecast] = {}  # what images are changed by at random takes no time
    for each in list_candidates():
        recipe = recipe_of(each, data, changes, size)
        if any(racer.recipe == recipe.as_dict() for racer in found):
            continue  # these images are never mirrored, say, or a width was given
        try:
            alike = str(recipe.as_dict() | {"augmentation": None})
            if alike not in forecasts:
                forecasts[alike] = _forecast(each, data, recipe)
            forecast = forecasts[alike]
        except ConvscopeError as error:
            left_out[each.name] = str(error)
            continue
        most = forecast.available_bytes
        if most is not None and forecast.memory.value > most:
            left_out[each.name] = (
                f"it takes about {numbers.size(forecast.memory.value)} of memory, and "
                f"{numbers.size(most)} are free"
            )
            continue
        found.append(
            Racer(
                name=each.name,
                recipe=recipe.as_dict(),
                least_seconds=(
                    forecast.run.value - forecast.start_seconds - forecast.final_evaluation_seconds
                ),
                memory_bytes=round(forecast.memory.value),
                is_usual=each.name == USUAL,
            )
        )
    return _that_fit(found, max(0.0, left()), left_out), left_out


def _forecast(candidate: Candidate, data: Data, recipe: Recipe) -> Forecast:
    """The forecast of a run of one epoch."""
    precision = "float32" if recipe.precision == "auto" else recipe.precision  # half the measuring
    short = recipe.replace(epochs=1, minutes=None, precision=precision)
    plan = Plan(candidate.network, data, short)
    return plan.forecasters[0].at(recipe.batch_size, measuring_seconds=MEASURING_SECONDS)


def _that_fit(found: list[Racer], seconds: float, left_out: dict[str, str]) -> list[Racer]:
    """Those that have time for enough epochs in the first round; names the others.

    Raises:
        UsageError: There are none.
    """
    if not found:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise UsageError(f"auto: no network can be trained on these images here. {reasons}")
    quickest = min(found, key=lambda racer: racer.least_seconds)
    if quickest.least_seconds > seconds:
        raise UsageError(
            f"auto: {duration(seconds)} are left after the forecasts, too little for these images: "
            f"the quickest network, {quickest.name}, takes about "
            f"{duration(quickest.least_seconds)} for one epoch. Give more --minutes, or a smaller "
            "--size."
        )
    left = sorted(found, key=_least_time)
    usual = next((each for each in left if each.is_usual), None)
    if usual is not None and ENOUGH_EPOCHS * usual.least_seconds <= seconds:
        for quick in [each for each in left if each.name == QUICK]:
            left.remove(quick)
            left_out[quick.name] = f"{usual.name} has time enough, and comes farther"
    else:
        usual = quickest  # there is hardly time for anything else
    others = [each for each in left if each is not usual]
    while others and _least_time(others[-1]) > round_seconds(seconds, len(others) + 1, 1):
        slowest, count = others.pop(), len(others) + 1
        left_out[slowest.name] = (
            f"{_epochs(slowest)} about {duration(_least_time(slowest))}, more than the "
            f"{duration(round_seconds(seconds, count + 1, 1))} that each of "
            f"{count + 1} would have in the first round"
        )
    names = {usual.name, *(racer.name for racer in others)}
    return [racer for racer in found if racer.name in names]


def _least_time(racer: Racer) -> float:
    """Seconds that a network needs in the first round, so that what it comes to says something."""
    return racer.least_seconds * (1 if racer.recipe["from_"] else FIRST_EPOCHS)


def _epochs(racer: Racer) -> str:
    return "an epoch takes" if racer.recipe["from_"] else f"{FIRST_EPOCHS} epochs take"


def describe_rounds(racers: list[Racer], seconds: float) -> str:
    """How the race goes, in a sentence.

    Args:
        racers: Those that fit.
        seconds: For the race and the winner's training.
    """
    if len(racers) == 1:
        return f"Only {racers[0].name} fits into the time and memory, so there is no race"
    rounds, first = count_rounds(len(racers)), round_seconds(seconds, len(racers), 1)
    names = ", ".join(racer.name for racer in racers)
    return (
        f"{names} race in {rounds} {'round' if rounds == 1 else 'rounds'}, in the first for "
        f"{duration(first)} each; after each the worse half stops, and the winner has what is left "
        f"of {duration(seconds)}"
    )
