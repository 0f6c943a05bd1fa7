"""A Run: the folder that training writes and everything else reads, also while it is written.

recipe.toml          everything needed to do it again
environment.json     machine, versions, what was chosen (precision, memory format)
metrics.jsonl        one line an epoch, some lines within each, one for an error that ended it
splits.csv.gz        which image was in which split; see split_record.py
checkpoints/         see checkpoint.py
model.safetensors    the result; see model_file.py
report.html          all about the result, on one page that opens anywhere
evaluation.json      the result, evaluated on the test images
predictions.csv      what it says of each of them; mistakes.csv, figures/: where it is wrong
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydantic

from convscope.errors import ConvscopeError, UsageError
from convscope.files import append_text, read_bytes, write_text
from convscope.look.html import table
from convscope.look.numbers import percent
from convscope.runs import recipe as recipes
from convscope.runs.checked_json import read_checked, write_line
from convscope.runs.forecast import read_forecast
from convscope.runs.metrics_file import parse_row
from convscope.runs.out_folder import check_out_folder, clear_run_folder
from convscope.runs.race import Race, check_no_race, read_race
from convscope.runs.recipe import Recipe
from convscope.runs.run_facts import EvaluationSummary, RunFacts

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import nn

    from convscope.runs.model import Model


class Run:
    """A run folder, opened for reading.

    Args:
        folder: The folder, as `convscope train --out` was given it.

    Raises:
        UsageError: The folder doesn't exist or isn't a run.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise UsageError(f"No run folder {str(folder)!r}. {_others(self.folder)}")
        check_no_race(self.folder)
        if not self.recipe_file.is_file():
            raise UsageError(
                f"{str(folder)!r} isn't a run: it has no recipe.toml. {_others(self.folder)}"
            )

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    def __str__(self) -> str:
        facts = self.as_dict()
        data = Path(facts["data"]).name or "arrays"
        lines = [f"{facts['run']}: {facts['network'] or 'own module'} on {data}"]
        if facts["epochs"]:
            lines.append(f"{facts['epochs']} epochs in {facts['seconds']:,.0f} s")
        if facts["accuracy"] is None:
            return "\n".join([*lines, "not evaluated yet"])
        low, high = facts["interval"]
        lines.append(
            f"{facts['split']} accuracy {percent(facts['accuracy'], 2)} (95 % interval "
            f"{percent(low, 2)} to "
            f"{percent(high, 2)}), loss {facts['loss']:.4f}"
        )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        first, *others = str(self).splitlines()
        return table([[line] for line in others], caption=first)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Loss and accuracy against the epoch as a figure, also while the run is going on.

        Args:
            path: The PNG to write; None writes none.
        """
        from convscope.runs.curves import curves_figure

        return curves_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold; what isn't known yet is None, as in a run going on."""
        recipe = self.recipe
        names = ("accuracy", "interval", "loss", "split")
        epochs = self.metrics("epoch")
        known = self.summary() if self.evaluation_file.exists() else dict.fromkeys(names)
        return {
            "run": str(self.folder),
            "network": recipe.network,
            "data": recipe.data,
            "epochs": len(epochs),
            "seconds": epochs[-1]["seconds"] if epochs else None,
            **known,
        }

    @property
    def recipe_file(self) -> Path:
        """Everything needed to do the run again."""
        return self.folder / "recipe.toml"

    @property
    def model_file(self) -> Path:
        """The trained network: the best epoch where there is validation, else the last."""
        return self.folder / "model.safetensors"

    @property
    def metrics_file(self) -> Path:
        """One JSON object a line."""
        return self.folder / "metrics.jsonl"

    @property
    def environment_file(self) -> Path:
        """Machine, versions, and what was chosen by measuring."""
        return self.folder / "environment.json"

    @property
    def evaluation_file(self) -> Path:
        """The evaluation of the result."""
        return self.folder / "evaluation.json"

    @property
    def report_file(self) -> Path:
        """The page about the result."""
        return self.folder / "report.html"

    @property
    def checkpoints(self) -> Path:
        """Folder of the states that `resume` goes on from."""
        return self.folder / "checkpoints"

    @property
    def figures(self) -> Path:
        """Folder of the images made of the run."""
        return self.folder / "figures"

    @property
    def recipe(self) -> Recipe:
        """The recipe the run was started with."""
        return recipes.read_of_run(self.recipe_file)

    @property
    def environment(self) -> dict[str, Any]:
        """Facts of the machine, versions, choices."""
        return self.read_environment()

    def read_environment(self, fields: type[pydantic.BaseModel] = RunFacts) -> dict[str, Any]:
        """The content of environment.json, which must hold these fields.

        Raises:
            UsageError: The run stopped before it wrote it, and so before it began.
            ConvscopeError: It is damaged.
        """
        if not self.environment_file.exists():
            raise UsageError(
                f"Run {str(self.folder)!r} stopped before its first step. Start it again: "
                f"convscope train NETWORK DATA --recipe {self.recipe_file} --out NEW_FOLDER"
            )
        return read_checked(
            self.environment_file,
            fields,
            "It says what the run chose on this machine; without it the run can't go on. Put it "
            "back, or train again.",
        )

    def summary(self) -> dict[str, Any]:
        """What the run came to: its folder, epochs, time, speed, and the evaluation.

        Raises:
            UsageError: The run hasn't been evaluated yet.
        """
        if not self.evaluation_file.exists():
            raise UsageError(
                f"Run {str(self.folder)!r} hasn't ended yet. Go on with it: convscope resume "
                f"{self.folder}"
            )
        evaluated = self.read_evaluation()
        epochs = self.metrics("epoch")
        speeds = sorted(epoch["images_per_second"] for epoch in epochs)
        return {
            "run": str(self.folder),
            "epochs": len(epochs),
            "seconds": epochs[-1]["seconds"] if epochs else None,
            "images_per_second": speeds[len(speeds) // 2] if epochs else None,
            "forecast": [row.model_dump() for row in read_forecast(self.folder)] or None,
            **{name: evaluated[name] for name in ("accuracy", "interval", "loss", "split")},
            "balanced_accuracy": evaluated.get("balanced_accuracy"),
        }

    def read_evaluation(
        self, fields: type[pydantic.BaseModel] = EvaluationSummary
    ) -> dict[str, Any]:
        """The content of evaluation.json, which must hold these fields.

        Raises:
            ConvscopeError: It is damaged.
        """
        advice = f"Evaluate the run again: convscope evaluate {self.folder}"
        return read_checked(self.evaluation_file, fields, advice)

    def metrics(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl so far; a line that is still being written is left out.

        Args:
            kind: "epoch", "step" or "error"; None gives all.

        Raises:
            ConvscopeError: A line is damaged.
        """
        if not self.metrics_file.exists():
            return []
        lines = read_bytes(self.metrics_file).split(b"\n")[:-1]
        found = []
        for number, line in enumerate(lines, start=1):
            try:
                found.append(parse_row(line))
            except ValueError as error:
                raise ConvscopeError(
                    f"Line {number} of {str(self.metrics_file)!r} is damaged: it should be a JSON "
                    f"object with a 'kind' ({error}). Remove that line; only curves lose by it."
                ) from None
        return [each for each in found if kind is None or each["kind"] == kind]

    def log(self, kind: str, **values: Any) -> None:
        """Append a line to metrics.jsonl."""
        append_text(self.metrics_file, write_line({"kind": kind, **values}))

    def forget_after(self, step: int, epoch: int) -> None:
        """Drop the metrics later than `step` or `epoch`: a resumed run makes them again."""
        if not self.metrics_file.exists():
            return
        ends = {"step": step, "epoch": epoch}
        rows = [r for r in self.metrics() if all(r.get(name, 0) <= ends[name] for name in ends)]
        write_text(self.metrics_file, "".join(map(write_line, rows)))

    @property
    def race(self) -> Race | None:
        """How its network was chosen, where `train("auto", …)` did; else None.

        Raises:
            ConvscopeError: race.json is damaged.
        """
        return read_race(self.folder)

    def model(self, module: nn.Module | None = None) -> Model:
        """The trained network in evaluation mode, with its card; opened anew at every call.

        Args:
            module: The module to fill, if the run trained one that isn't in the catalog.

        Raises:
            UsageError: The run hasn't finished an epoch yet, or needs `module`.
        """
        if not self.model_file.exists():
            raise UsageError(
                f"Run {str(self.folder)!r} has no model yet: it stopped before its first epoch "
                f"ended. Go on with: convscope resume {self.folder}"
            )
        from convscope.runs.model import load_model  # torch, which the rest of a run doesn't need

        return load_model(self.model_file, module)


def new_run(folder: str | Path, recipe: Recipe, *, force: bool = False) -> Run:
    """Make a run folder that holds the recipe and nothing else but the claim of this process.

    Args:
        folder: Made, with its parents.
        recipe: Written as recipe.toml.
        force: Replace the run that is there. Only a run is replaced, never another folder.

    Raises:
        UsageError: Something is there that may not be replaced.
    """
    check_out_folder(folder, force=force)
    clear_run_folder(Path(folder))
    (Path(folder) / "figures").mkdir()
    recipe.write(Path(folder) / "recipe.toml")
    return Run(folder)


def _others(folder: Path) -> str:
    """A sentence that lists runs near a folder that turned out not to be one."""
    places = [folder, folder.parent, Path("runs")]
    found = {str(file.parent) for place in places for file in place.glob("*/recipe.toml")}
    if not found:
        return "Make one with: convscope train NETWORK DATA."
    return f"Runs here: {', '.join(sorted(found)[:8])}."
