"""A training run before it begins: how long it will take, whether it will fit, and what else."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from torch import nn

from convscope.data.load import Data
from convscope.errors import UsageError
from convscope.look.printed import Part, Printed
from convscope.look.progress import progress
from convscope.planning.alternatives import MOST, Alternatives, forecast_alternatives
from convscope.planning.elsewhere import ElsewhereForecast, forecast_elsewhere
from convscope.planning.figures import plan_figure
from convscope.planning.forecast import Forecast
from convscope.planning.forecaster import Forecaster
from convscope.planning.forecasters import explain_failure, make_forecasters
from convscope.planning.history import Range
from convscope.planning.largest_batch import LargestBatch, find_largest_batch
from convscope.planning.machines import MachineSpec, find_machine
from convscope.planning.workload import make_workload
from convscope.runs.choose_recipe import choose_recipe
from convscope.runs.model_file import read_card
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run
from convscope.runtime.usual_settings import in_usual_settings


@in_usual_settings
def plan(
    network: str | Path | nn.Module | Run,
    data: Data | None = None,
    recipe: str | Path | Recipe | None = None,
    *,
    image_shape: tuple[int, int, int] | None = None,
    **changes: Any,
) -> Plan:
    """Forecast the time and peak memory of a training run on this machine; nothing is trained.

    Args:
        network: Name in the catalog, a module of your own, a `model.safetensors`, whose network
            is taken, or a run (or its folder), which is planned once more, with its data and
            recipe.
        data: Name of a data set, folder or zip of images, or arrays. None, with
            `image_shape`: 60,000 images of that shape.
        recipe: As for `train`.
        image_shape: (C, H, W), where there is no data.
        **changes: Fields of the recipe to change, such as `batch_size=64` or `device="cpu"`.

    Raises:
        UsageError: A name or field isn't accepted, or the network doesn't take the images.
        ConvscopeError: A step of the network can't be taken.
    """
    made = Plan(network, data, recipe, image_shape=image_shape, **changes)
    made.forecast()  # so that what fails does so here
    return made


class Plan(Printed):
    """A training run that hasn't begun. `plan` makes it, and its arguments are those of `plan`.

    It prints itself as `convscope plan` does, and measures only when it is asked for something:
    operations of the training step, for a second or two. What was measured is kept.

    Attributes:
        network: Name in the catalog, or a module.
        data: The images; None where only their shape is known.
        recipe: How the network is to be trained.
        workload: The network built for these images.
    """

    def __init__(
        self,
        network: str | Path | nn.Module | Run,
        data: Data | None = None,
        recipe: str | Path | Recipe | None = None,
        *,
        image_shape: tuple[int, int, int] | None = None,
        **changes: Any,
    ) -> None:
        if isinstance(network, str | Path) and (Path(network) / "recipe.toml").is_file():
            network = Run(network)
        if isinstance(network, Run):
            recipe, data = recipe or network.recipe, data or network.recipe.data or None
            network = _network_of(network)
        elif isinstance(network, str | Path) and Path(network).suffix == ".safetensors":
            network = _network_of(Path(network))
        self.network = str(network) if isinstance(network, Path) else network
        self.data = data
        self._options = tuple(_options(recipe, changes))
        self.recipe = choose_recipe(self.network, data, recipe, changes)
        self.workload = make_workload(self.network, data, self.recipe, image_shape)
        self._image_shape = image_shape
        self._forecasts: dict[int, Forecast] = {}

    @cached_property
    @in_usual_settings
    def forecasters(self) -> list[Forecaster]:
        """One for each precision that training may choose, the faster first.

        Raises:
            ConvscopeError: A step of the network can't be taken.
        """
        return make_forecasters(self.workload)

    @in_usual_settings
    def forecast(self, batch_size: int | None = None) -> Forecast:
        """Time and memory of the run, each with its range, and what they are made of.

        Args:
            batch_size: Images per step; None: as the recipe has it.
        """
        size = batch_size or self.recipe.batch_size
        if size not in self._forecasts:
            self._forecasts[size] = self.forecasters[0].at(size)
        return self._forecasts[size]

    @property
    def step(self) -> Range:
        """Seconds per training step."""
        return self.forecast().step

    @property
    def epoch(self) -> Range:
        """Seconds of an epoch: training, the evaluation after it and the checkpoint."""
        return self.forecast().epoch

    @property
    def run(self) -> Range:
        """Seconds of the whole run."""
        return self.forecast().run

    @property
    def memory(self) -> Range:
        """Peak resident memory of the process, in bytes."""
        return self.forecast().memory

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the forecast must know besides."""
        return self.forecast().notes

    def replace(self, **changes: Any) -> Plan:
        """The same run with something changed; for another length alone nothing is measured again.

        Args:
            **changes: Fields of the recipe, or `network`.
        """
        network = changes.pop("network", self.network)
        made = Plan(network, self.data, self.recipe, image_shape=self._image_shape, **changes)
        if changes.keys() <= {"epochs", "minutes"} and network is self.network:
            length = made.recipe.epochs, made.recipe.minutes
            made.forecasters = [each.lasting(*length) for each in self.forecasters]
        return made

    def largest_batch(self, limit_bytes: int) -> LargestBatch:
        """The largest batch within a limit of memory, as it is and with recomputation.

        Args:
            limit_bytes: Limit of the process's resident memory.

        Raises:
            ConvscopeError: Not even one image fits; says so if one does with recomputation.
        """
        recomputing = [] if self.recipe.recompute else self.replace(recompute="auto").forecasters
        command = None
        if isinstance(self.network, str) and isinstance(self.data, str | Path):
            given = "convscope", "train", self.network, str(self.data), *self._options
            command = shlex.join(given)
        return find_largest_batch(self.forecasters, recomputing, limit_bytes, command)

    def alternatives(self, *, quiet: bool = False) -> Alternatives:
        """The same run with one thing changed at a time: batch, precision, image size and more.

        Args:
            quiet: Show no progress.
        """

        def change(**changes: Any) -> list[Forecaster]:
            return self.replace(**changes).forecasters

        with progress("With something changed", MOST, quiet=quiet) as advance:
            return forecast_alternatives(self.forecasters, self.forecast(), change, advance)

    def elsewhere(self, machine: str | MachineSpec) -> ElsewhereForecast:
        """A rougher forecast for a machine that isn't there; nothing is measured.

        Args:
            machine: Short name, as "a100" (`convscope plan --on list`), or what its maker states.

        Raises:
            UsageError: There is no machine of that name.
            ConvscopeError: A step of the network can't be taken.
        """
        spec = find_machine(machine) if isinstance(machine, str) else machine
        precision = self.recipe.precision
        if precision == "auto":
            shortens = spec.bfloat16 and not self.workload.no_bfloat16
            precision = "bfloat16" if shortens else "float32"
        execution = replace(self.workload.execution, precision=precision)
        with explain_failure(self.workload):
            return forecast_elsewhere(
                replace(self.workload, execution=execution), spec, self.recipe.batch_size
            )

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw memory over a training step, and time and memory against the batch size.

        Args:
            path: The PNG to write; None: none is.
        """
        return plan_figure(self.forecasters[0], self.forecast(), path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold; seconds and bytes."""
        return self.forecast().as_dict()

    def shown(self) -> Iterator[Part]:
        """The forecast."""
        return self.forecast().shown()


def _network_of(trained: Run | Path) -> str:
    """The name of the network of a run or a model file.

    Raises:
        UsageError: It was a module of somebody's own, which can't be built from either.
    """
    if isinstance(trained, Run):
        path, name = trained.folder, trained.recipe.network
    else:
        path, name = trained, read_card(trained).network
    if not name:
        raise UsageError(
            f"{str(path)!r} holds a module that isn't in the "
            "catalog. Give the module itself: cs.plan(module, data, recipe)."
        )
    return name


def _options(recipe: str | Path | Recipe | None, changes: Mapping[str, Any]) -> Iterator[str]:
    """What `convscope train` is to be given for the same run; the batch size is said elsewhere."""
    if isinstance(recipe, str | Path):
        yield from ("--recipe", str(recipe))
    for name, value in changes.items():
        if name != "batch_size" and isinstance(value, int | float | str):
            option = f"--{name}" if name in ("size", "precision", "epochs", "minutes") else ""
            yield from (option, str(value)) if option else ("--set", f"{name}={value}")
