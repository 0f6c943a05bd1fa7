"""All networks of the catalog beside one another, for one data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure

from convscope.comparison.evaluation_record import EvaluationRecord
from convscope.data.facts import collect_facts
from convscope.data.reading import DEFAULT, Reading
from convscope.errors import UsageError
from convscope.evaluation.cost import count_macs
from convscope.look import numbers
from convscope.look.numbers import duration, percent, quantity
from convscope.look.printed import Paragraph, Part, Printed, TextTable
from convscope.look.progress import progress
from convscope.networks.catalog import list_networks
from convscope.planning.accuracies import best_accuracies
from convscope.planning.forecast import Forecast
from convscope.planning.forecast_notes import MUCH_ESTIMATED
from convscope.planning.overview_figure import overview_figure
from convscope.planning.plan import Plan
from convscope.runs.build_for_images import build_for_images
from convscope.runs.recipe import Recipe
from convscope.runtime.usual_settings import in_usual_settings

MEASURING_SECONDS = 0.3  # for each network


@dataclass(frozen=True)
class NetworkCost:
    """What a network costs on images of one size.

    Attributes:
        network: Name of the network.
        parameters: Numbers that are learned.
        macs: Multiplications with addition for one image, forward.
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
class Overview(Printed):
    """The networks that take a data set's images, the cheapest first.

    Attributes:
        data: What the images are called.
        size: Height and width of the images.
        channels: Channels of the images.
        costs: What each network costs.
        left_out: Networks that are made for larger images.
        budget: The most MACs an image that were asked for; None: networks of any cost.
        forecasts: A forecast for each network; empty where a budget was given.
        accuracies: The best evaluation of each network that was trained on these images.
    """

    data: str
    size: int
    channels: int
    costs: tuple[NetworkCost, ...]
    left_out: tuple[str, ...]
    budget: int | None = None
    forecasts: Mapping[str, Forecast] = field(default_factory=dict, repr=False)
    accuracies: Mapping[str, EvaluationRecord] = field(default_factory=dict, repr=False)

    @property
    def within_budget(self) -> tuple[NetworkCost, ...]:
        """The networks that take at most `budget` MACs for an image; the last is the dearest."""
        if self.budget is None:
            return self.costs
        return tuple(each for each in self.costs if each.macs <= self.budget)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw time against MACs of all networks, and accuracy against time of the trained.

        Args:
            path: The PNG to write; None: none is.

        Raises:
            UsageError: There are no forecasts, because a budget was given.
        """
        if not self.forecasts:
            raise UsageError("The figure shows forecasts of all networks; ask without a budget.")
        return overview_figure(
            self.data,
            self.size,
            {each.network: (each.macs, each.parameters) for each in self.costs},
            {name: forecast.epoch.value for name, forecast in self.forecasts.items()},
            self.accuracies,
            path,
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold; seconds and bytes."""
        rows = []
        for each in self.within_budget:
            row = each.as_dict()
            if each.network in self.forecasts:
                row["forecast"] = self.forecasts[each.network].as_dict()
            if each.network in self.accuracies:
                row["best_accuracy"] = self.accuracies[each.network].accuracy
            rows.append(row)
        return {
            "data": self.data,
            "size": self.size,
            "budget": self.budget,
            "networks": rows,
            "left_out": list(self.left_out),
        }

    def shown(self) -> Iterator[Part]:
        """A row for each network within the budget, the cheapest first."""
        pixels = f"{self.data} at {self.channels}×{self.size}×{self.size}"
        title, budget = f"Networks for {pixels}, by MACs an image", self.budget
        if budget is not None:
            title += f": at most {quantity(budget)}"
            if not self.within_budget:
                cheapest = self.costs[0]
                yield Paragraph(
                    f"No network takes at most {quantity(budget)} MACs for an image of "
                    f"{pixels}. The cheapest, {cheapest.network}, takes "
                    f"{quantity(cheapest.macs)}."
                )
                return
        headings = ["network", "MACs", "parameters"]
        headings += ["epoch", "memory"] if self.forecasts else []
        headings += ["accuracy"] if self.accuracies else []
        yield TextTable(title, headings, [self._cells(each) for each in self.within_budget])
        if self.forecasts:
            first = next(iter(self.forecasts.values()))
            yield Paragraph(
                f"In {first.precision}; another with --precision. ≈: part of the time is that of "
                "similar operations; convscope plan NETWORK DATA measures more.",
                "dim",
            )
        if self.accuracies:
            yield Paragraph("Accuracy: the best run of each on the test images.", "dim")
        if self.left_out:
            names = ", ".join(self.left_out)
            yield Paragraph(f"Left out, made for larger images (--size): {names}.", "dim")

    def _cells(self, cost: NetworkCost) -> list[str]:
        cells = [cost.network, quantity(cost.macs), quantity(cost.parameters)]
        if self.forecasts:
            forecast = self.forecasts[cost.network]
            about = "≈ " if forecast.estimated > MUCH_ESTIMATED else ""
            cells += [
                about + duration(forecast.epoch.value),
                numbers.size(forecast.memory.value),
            ]
        if self.accuracies:
            known = self.accuracies.get(cost.network)
            cells.append("" if known is None else percent(known.accuracy))
        return cells


@in_usual_settings
def plan_all(
    data: str | Path,
    recipe: str | Path | Recipe | None = None,
    *,
    budget: int | None = None,
    runs: str | Path = "runs",
    quiet: bool = False,
    **changes: Any,
) -> Overview:
    """Set all networks of the catalog beside one another: cost, time, memory, accuracy.

    Args:
        data: Name of a data set, or a folder or zip of images.
        recipe: One for all networks; None: the fast recipe.
        budget: The most MACs for an image; nothing is forecast then.
        runs: Folder of runs whose accuracies are shown; need not exist.
        quiet: Show no progress.
        **changes: Fields of the recipe to change, such as `size=32`.

    Raises:
        UsageError: There is no such data, its images aren't square and no size is given, a field
            isn't accepted, or the recipe isn't for all networks.
    """
    size = changes.pop("size", None)
    with progress("Counting operations", len(list_networks()), quiet=quiet) as advance:
        found = count_costs(data, size=size, reading=_reading(changes), advance=advance)
    accuracies = best_accuracies(Path(runs), data)
    if budget is not None:
        return replace(found, budget=budget, accuracies=accuracies)
    with progress("Forecasting networks", len(found.costs), quiet=quiet) as advance:
        forecasts = forecast_costs(found, recipe, advance, **changes)
    return replace(found, forecasts=forecasts, accuracies=accuracies)


def _reading(changes: Mapping[str, Any]) -> Reading:
    """How the files are read, of the fields of a recipe that are changed."""
    given = {field.name: changes[field.name] for field in fields(Reading) if field.name in changes}
    return Recipe(epochs=1, **given).reading


def count_costs(
    data: str | Path,
    *,
    size: int | None = None,
    reading: Reading = DEFAULT,
    advance: Callable[[int], None] = lambda _: None,
) -> Overview:
    """Count parameters and MACs of all networks that take these images.

    Args:
        data: Name of a data set, or a folder or zip of images.
        size: Height and width to resize them to; None: as they are.
        reading: How the files are read.
        advance: Called with 1 after every network of the catalog.

    Raises:
        UsageError: There is no such data, or its images aren't square and no size is given.
    """
    facts = collect_facts(data, size=size, reading=reading)
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
                _, network, _, _ = build_for_images(name, facts.shape, facts.classes, recipe)
                image = torch.empty(1, channels, side, side)
        except UsageError:
            left_out.append(name)
            continue
        parameters = sum(parameter.numel() for parameter in network.parameters())
        costs.append(NetworkCost(name, parameters, count_macs(network, image)))
    costs.sort(key=lambda each: each.macs)
    return Overview(str(data), side, channels, tuple(costs), tuple(left_out))


def forecast_costs(
    found: Overview,
    recipe: str | Path | Recipe | None = None,
    advance: Callable[[int], None] = lambda _: None,
    **changes: Any,
) -> dict[str, Forecast]:
    """Forecast each network, with little measuring: a second or two for each.

    Args:
        found: The networks, and the images.
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
        each = Plan(cost.network, found.data, recipe or "fast", **fields)
        forecasts[cost.network] = each.forecasters[0].at(
            each.recipe.batch_size, measuring_seconds=MEASURING_SECONDS
        )
        advance(1)
    return forecasts
