"""Which networks may race for a data set: those that the plan says will fit time and memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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

FOLDER_SIZE = 32  # height and width of the images of a folder, where nothing else is asked for
MOST_PUBLISHED = 2
MEASURING_SECONDS = 0.3  # for the operations of each network


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


NATIVE = (
    Candidate("lenet-bn", "lenet-bn"),
    Candidate("resnet9", "resnet9"),
    Candidate("resnet9-no-flips", "resnet9", changes={"augmentation": {"flip": False}}),
    Candidate("resnet9-wide", "resnet9", changes={"network_arguments": {"width": 32}}),
    Candidate("resnet18-32px", "resnet18-32px"),
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


def recipe_of(candidate: Candidate, data: Data, changes: dict[str, Any]) -> Recipe:
    """The recipe by which a network races.

    Args:
        candidate: The network.
        data: As for `train`.
        changes: Fields of the recipe, the same for all.
    """
    is_folder = isinstance(data, str | Path) and str(data) not in NAMED
    size = {"size": FOLDER_SIZE} if is_folder and candidate.style == "fast" else {}
    fields = candidate.changes | size | changes
    return choose_recipe(candidate.network, data, candidate.style, fields)


def choose_racers(
    data: Data, changes: dict[str, Any], minutes: float
) -> tuple[list[Racer], dict[str, str]]:
    """The networks that are to race, and by name why the others aren't; nothing is trained.

    Args:
        data: As for `train`.
        changes: Fields of the recipe, the same for all.
        minutes: For the race and the winner's training.

    Raises:
        UsageError: A field isn't accepted, or nothing fits into the time and memory.
    """
    found: list[Racer] = []
    left_out: dict[str, str] = {}
    for each in list_candidates():
        recipe = recipe_of(each, data, changes)
        if any(racer.recipe == recipe.as_dict() for racer in found):
            continue  # these images are never mirrored, say, or a width was given
        try:
            forecast = _forecast(each, data, recipe)
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
            )
        )
    return _that_fit(found, 60 * minutes, left_out), left_out


def _forecast(candidate: Candidate, data: Data, recipe: Recipe) -> Forecast:
    """The forecast of a run of one epoch."""
    precision = "float32" if recipe.precision == "auto" else recipe.precision  # half the measuring
    short = recipe.replace(epochs=1, minutes=None, precision=precision)
    plan = Plan(candidate.network, data, short)
    return plan.forecasters[0].at(recipe.batch_size, measuring_seconds=MEASURING_SECONDS)


def _that_fit(found: list[Racer], seconds: float, left_out: dict[str, str]) -> list[Racer]:
    """Those of which each can be trained for an epoch in the first round; names the others.

    Raises:
        UsageError: There are none.
    """
    if not found:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise UsageError(f"auto: no network can be trained on these images here. {reasons}")
    left = sorted(found, key=lambda racer: racer.least_seconds)
    while len(left) > 1 and left[-1].least_seconds > round_seconds(seconds, len(left), 1):
        slowest = left.pop()
        left_out[slowest.name] = (
            f"an epoch takes about {duration(slowest.least_seconds)}, more than the "
            f"{duration(round_seconds(seconds, len(left) + 1, 1))} that each of "
            f"{len(left) + 1} would have in the first round"
        )
    if left[0].least_seconds > seconds:
        raise UsageError(
            f"auto: {duration(seconds)} are too little for these images: the quickest network, "
            f"{left[0].name}, takes about {duration(left[0].least_seconds)} for one epoch. Give "
            "more --minutes, or a smaller --size."
        )
    names = {racer.name for racer in left}
    return [racer for racer in found if racer.name in names]


def describe_rounds(racers: list[Racer], minutes: float) -> str:
    """How the race goes, in a sentence."""
    if len(racers) == 1:
        return f"Only {racers[0].name} fits into the time and memory, so there is no race"
    rounds, first = count_rounds(len(racers)), round_seconds(60 * minutes, len(racers), 1)
    names = ", ".join(racer.name for racer in racers)
    return (
        f"{names} race in {rounds} {'round' if rounds == 1 else 'rounds'}, in the first for "
        f"{duration(first)} each; after each the worse half stops, and the winner has what is left "
        f"of {duration(60 * minutes)}"
    )
