"""All networks of the catalog beside one another, for one data set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from convscope.data.facts import data_facts
from convscope.errors import UsageError
from convscope.evaluation.cost import count_macs
from convscope.networks.catalog import list_networks
from convscope.planning.forecast import Forecast
from convscope.planning.plan import forecasters
from convscope.runs.fitting import fit_network
from convscope.runs.recipe import Recipe

MEASURING_SECONDS = 0.3  # for each network


@dataclass(frozen=True)
class NetworkCost:
    """What a network costs on images of one size.

    Attributes:
        network: Its name.
        parameters: Numbers that are learned.
        macs: For one image, forward.
    """

    network: str
    parameters: int
    macs: int

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "network": self.network,
            "parameters": self.parameters,
            "macs": self.macs,
        }


@dataclass(frozen=True)
class Overview:
    """The networks that take a data set's images, the cheapest first.

    Attributes:
        size: Height and width of the images.
        channels: Of the images.
        costs: Of each network.
        left_out: Networks that are made for larger images.
    """

    size: int
    channels: int
    costs: tuple[NetworkCost, ...]
    left_out: tuple[str, ...]

    def within(self, macs: int) -> tuple[NetworkCost, ...]:
        """Those that take no more MACs for an image; the last is the dearest."""
        return tuple(each for each in self.costs if each.macs <= macs)


def overview(
    data: str | Path, *, size: int | None = None, advance: Callable[[int], None] = lambda _: None
) -> Overview:
    """Parameters and MACs of all networks that take these images.

    Args:
        data: Name of a data set, or a folder or zip of images.
        size: Height and width to resize them to; None: as they are.
        advance: Called with 1 after every network of the catalog.

    Raises:
        UsageError: There is no such data, or its images aren't square and no size is given.
    """
    facts = data_facts(data, size=size)
    channels, height, width = facts.shape
    if size is None and height != width:
        raise UsageError(f"The images are {height}×{width}. Give --size, to make them square.")
    side = size or height
    recipe = Recipe(epochs=1, size=side)
    costs, left_out = [], []
    for name in list_networks():
        advance(1)
        try:
            with torch.device("meta"):
                _, network, _, _ = fit_network(name, facts.shape, facts.classes, recipe)
                image = torch.empty(1, channels, side, side)
        except UsageError:
            left_out.append(name)
            continue
        parameters = sum(parameter.numel() for parameter in network.parameters())
        costs.append(NetworkCost(name, parameters, count_macs(network, image)))
    costs.sort(key=lambda each: each.macs)
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
