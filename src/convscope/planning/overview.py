"""All networks of the catalog beside one another, for one data set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from convscope.data.facts import data_facts
from convscope.errors import UsageError
from convscope.evaluation.cost import count_multiply_adds
from convscope.networks.catalog import networks
from convscope.planning.forecast import Forecast
from convscope.planning.plan import forecasters
from convscope.runs.fitting import fit_network
from convscope.runs.recipe import Recipe

MEASURING_SECONDS = 0.3  # for each network


@dataclass(frozen=True)
class NetworkCost:
    """What a network costs on pictures of one size.

    Attributes:
        network: Its name.
        parameters: Numbers that are learned.
        multiply_adds: For one picture, forward.
    """

    network: str
    parameters: int
    multiply_adds: int

    def as_json(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "network": self.network,
            "parameters": self.parameters,
            "multiply_adds": self.multiply_adds,
        }


@dataclass(frozen=True)
class Overview:
    """The networks that take a data set's pictures, the cheapest first.

    Attributes:
        size: Height and width of the pictures.
        channels: Of the pictures.
        costs: Of each network.
        left_out: Networks that are made for larger pictures.
    """

    size: int
    channels: int
    costs: tuple[NetworkCost, ...]
    left_out: tuple[str, ...]

    def within(self, multiply_adds: int) -> tuple[NetworkCost, ...]:
        """Those that take no more multiply–adds for a picture; the last is the dearest."""
        return tuple(each for each in self.costs if each.multiply_adds <= multiply_adds)


def overview(
    data: str | Path, *, size: int | None = None, advance: Callable[[int], None] = lambda _: None
) -> Overview:
    """Parameters and multiply–adds of all networks that take these pictures.

    Args:
        data: Name of a data set, or a folder or zip of pictures.
        size: Height and width to resize them to; None: as they are.
        advance: Called with 1 after every network of the catalog.

    Raises:
        UsageError: There is no such data, or its pictures aren't square and no size is given.
    """
    facts = data_facts(data, size=size)
    channels, height, width = facts.shape
    if size is None and height != width:
        raise UsageError(f"The pictures are {height}×{width}. Give --size, to make them square.")
    side = size or height
    recipe = Recipe(epochs=1, size=side)
    costs, left_out = [], []
    for name in networks():
        advance(1)
        try:
            with torch.device("meta"):
                _, network, _, _ = fit_network(name, facts.shape, facts.classes, recipe)
                picture = torch.empty(1, channels, side, side)
        except UsageError:
            left_out.append(name)
            continue
        parameters = sum(parameter.numel() for parameter in network.parameters())
        costs.append(NetworkCost(name, parameters, count_multiply_adds(network, picture)))
    costs.sort(key=lambda each: each.multiply_adds)
    return Overview(size or height, channels, tuple(costs), tuple(left_out))


def forecast_all(
    found: Overview,
    data: str | Path,
    recipe: str | Path | None,
    advance: Callable[[int], None] = lambda _: None,
    **changes: Any,
) -> dict[str, Forecast]:
    """A forecast for each network, with little measuring: a second or two for each.

    Args:
        found: The networks.
        data: As for `overview`.
        recipe: One for all; None: the fast recipe.
        advance: Called with 1 after every network.
        **changes: Fields of the recipe to change.

    Raises:
        UsageError: A field isn't accepted, or the recipe isn't for all networks.
    """
    # One precision halves the time; which of the two training would measure to be faster differs.
    fields = {"precision": "float32", **changes, "size": found.size}
    forecasts = {}
    for cost in found.costs:
        forecaster = forecasters(cost.network, data, recipe=recipe or "fast", **fields)[0]
        batch_size = forecaster.workload.recipe.batch_size
        forecasts[cost.network] = forecaster.at(batch_size, measuring_seconds=MEASURING_SECONDS)
        advance(1)
    return forecasts


def is_estimated(forecast: Forecast) -> bool:
    """Whether much of the step's time is that of similar operations."""
    return any("estimated from similar operations" in note for note in forecast.notes)
