"""Training that is killed, and what it takes to go on as if nothing had happened."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

import convscope
from convscope.errors import ConvscopeError, UsageError
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import Words, pick
from convscope.look.numbers import percent
from convscope.look.palette import BLUE, DIM, FAINT, VERMILION
from convscope.look.printed import Part, Printed, TextTable
from convscope.runs.checkpoint import Checkpoint, latest_checkpoint, save_checkpoint
from convscope.runs.run import Run
from convscope.training.resume import resume

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PROGRAM = "import json, sys, convscope as cs; cs.train(**json.loads(sys.argv[1]), quiet=True)"
MOST_SECONDS = 300  # that the process is waited for
LOOKS = 0.01  # seconds between looks at its folder

WAYS = {
    "resumed": Words("killed, resumed", "被杀后继续"),
    "power cut": Words("newest checkpoint cut in half", "最新的检查点只剩一半"),
    "weights alone": Words("only weights kept", "只留下权重"),
}


def kill_training(
    folder: str | Path,
    network: str,
    data: str,
    recipe: str = "fast",
    *,
    checkpoints: int = 2,
    **changes: Any,
) -> Run:
    """Train in a process of its own, and kill it as soon as it has written some checkpoints.

    It isn't asked to stop: on Linux and macOS it gets SIGKILL, which no program can see coming.

    Args:
        folder: Of the run; must not exist.
        network: Name in the catalog.
        data: Name of a data set.
        recipe: Name of a recipe.
        checkpoints: How many to wait for, 1 or 2 (no more are kept).
        **changes: Fields of the recipe to change; values that JSON can hold.

    Returns:
        The run, as the process left it.

    Raises:
        UsageError: `checkpoints` isn't 1 or 2.
        ConvscopeError: The process ended by itself, or wrote nothing within five minutes.
    """
    if checkpoints not in (1, 2):
        raise UsageError(f"checkpoints is 1 or 2; given {checkpoints!r}.")
    asked = {"network": network, "data": data, "recipe": recipe, "out": str(folder), **changes}
    source = str(Path(convscope.__file__).parents[1])
    paths = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as messages:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, json.dumps(asked)],
            stdout=subprocess.DEVNULL, stderr=messages, env=environment,
        )  # fmt: skip
        end = time.monotonic() + MOST_SECONDS
        written = Path(folder) / "checkpoints"
        while len([*written.glob("step-*.json")]) < checkpoints:
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                process.wait()
                messages.seek(0)
                said = messages.read()[-500:].strip() or "nothing"
                raise ConvscopeError(
                    f"The training ended before {checkpoints} checkpoints were seen, so it "
                    f"couldn't be killed. Give it more epochs. It said: {said}"
                )
            time.sleep(LOOKS)
        process.kill()
        process.wait()
    return Run(folder)


class Continuation(NamedTuple):
    """One way to go on with a killed run.

    Attributes:
        name: "resumed", "power cut" or "weights alone".
        begins: The step of the checkpoint that it went on from.
        difference: The largest difference of a number of the network (weights, and averages of
            batch normalization) from the run that was never interrupted.
        accuracy: On the test images.
    """

    name: str
    begins: int
    difference: float
    accuracy: float


@dataclass(frozen=True)
class Continuations(Printed):
    """Ways to go on with a killed run, beside the run that was never interrupted.

    Attributes:
        ways: One for each way.
        killed_at: The last step of which the killed run left a checkpoint.
        steps: Steps of the whole run.
        accuracy: Of the run that was never interrupted, on the test images.
    """

    ways: tuple[Continuation, ...]
    killed_at: int
    steps: int
    accuracy: float

    def __getitem__(self, name: str) -> Continuation:
        return next(way for way in self.ways if way.name == name)

    def shown(self) -> Iterator[Part]:
        """A row for each way."""
        rows = [
            [str(WAYS[way.name]), f"{way.begins}", f"{way.difference:.2g}", percent(way.accuracy)]
            for way in self.ways
        ]
        rows.append([pick("never interrupted", "从未中断"), "0", "", percent(self.accuracy)])
        headings = (
            pick("how it went on", "怎样继续"),
            pick("from step", "从第几步"),
            pick("largest difference of a number", "网络中数值的最大差"),
            pick("right on test images", "测试准确率"),
        )
        yield TextTable("", headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw for each way which steps were kept, which were done again, and what came of it.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 10.0, 3.9) as figure:
            headline(
                figure,
                pick(
                    "A killed run goes on bit for bit; with the weights alone it becomes another",
                    "被杀掉的训练可以逐位不差地继续；只剩权重，就成了另一次训练",
                ),
            )
            axes = figure.subplots()
            names = [str(WAYS[way.name]) for way in self.ways]
            for row, way in enumerate(self.ways):
                same = way.difference == 0
                axes.barh(row, way.begins, color=FAINT, height=0.55)
                axes.barh(
                    row, self.steps - way.begins, left=way.begins, height=0.55,
                    color=BLUE if same else VERMILION,
                )  # fmt: skip
                says = pick("every bit the same", "每一位都相同")
                if not same:
                    says = pick(
                        f"numbers differ by\nup to {way.difference:.2g}",
                        f"数值最多相差\n{way.difference:.2g}",
                    )
                axes.annotate(
                    says, (self.steps, row), xytext=(8, 0), textcoords="offset points",
                    va="center", color=DIM,
                )  # fmt: skip
            axes.set_yticks(range(len(names)), names)
            axes.invert_yaxis()
            axes.set_xlim(0, 1.3 * self.steps)
            axes.set_xticks(sorted({0, *(way.begins for way in self.ways), self.steps}))
            axes.set_xlabel(pick("step of the training", "训练的步数"), loc="left")
            axes.grid(visible=False, axis="y")
            axes.tick_params(axis="y", length=0)
            footnote(
                figure,
                pick(
                    "grey: before the kill, read from a checkpoint; colour: trained afterwards",
                    "灰色：被杀之前的步，取自检查点；彩色：之后训练的步",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return asdict(self) | {"ways": [way._asdict() for way in self.ways]}


def compare_continuations(killed: Run, resumed: Run, folder: str | Path) -> Continuations:
    """Go on with a killed run in other ways, beside the same training without interruption.

    - "resumed": what `resume` made of a copy, from the newest checkpoint.
    - "power cut": the file of that checkpoint is cut in half, as a power cut may leave it.
    - "weights alone": the optimizer's memory (averages of gradients) is set to zero.

    The run that is never interrupted is the same recipe, computed by the same algorithms.

    Args:
        killed: As it was left; isn't changed.
        resumed: A copy of it that was resumed, to its end.
        folder: Where three more copies are kept.

    Raises:
        ConvscopeError: The killed run has no two checkpoints.
    """
    whole, cut, bare = (_copy(killed, folder, name) for name in ("whole", "cut", "bare"))
    shutil.rmtree(whole.checkpoints)
    begins = _newest(killed).state["step"]
    _cut_in_half(cut)
    _forget_optimizer(bare)
    begins_cut = _newest(cut).state["step"]
    for run in (whole, cut, bare):
        resume(run, quiet=True)
    expected = _newest(whole)
    ways = [
        Continuation(name, step, _difference(run, expected.tensors), run.summary()["accuracy"])
        for name, step, run in (
            ("resumed", begins, resumed),
            ("power cut", begins_cut, cut),
            ("weights alone", begins, bare),
        )
    ]
    return Continuations(tuple(ways), begins, expected.state["step"], whole.summary()["accuracy"])


def _copy(run: Run, folder: str | Path, name: str) -> Run:
    return Run(shutil.copytree(run.folder, Path(folder) / name))


def _newest(run: Run) -> Checkpoint:
    found = latest_checkpoint(run.checkpoints)
    if found is None:
        raise ConvscopeError(f"The run {str(run.folder)!r} has no checkpoint.")
    return found


def _cut_in_half(run: Run) -> None:
    written = sorted(run.checkpoints.glob("step-*.json"))
    if len(written) < 2:
        raise ConvscopeError(f"The run {str(run.folder)!r} has no two checkpoints.")
    tensors = written[-1].with_suffix(".safetensors")  # a later one may be there, unfinished
    content = tensors.read_bytes()
    tensors.write_bytes(content[: len(content) // 2])


def _forget_optimizer(run: Run) -> None:
    found = _newest(run)
    tensors = {
        name: torch.zeros_like(tensor) if name.startswith("optimizer.") else tensor
        for name, tensor in found.tensors.items()
    }
    save_checkpoint(run.checkpoints, tensors, found.state)


def _difference(run: Run, expected: dict[str, torch.Tensor]) -> float:
    """The largest difference of a number of the network, between the last checkpoints."""
    tensors = _newest(run).tensors
    return max(
        float((tensors[name].double() - expected[name].double()).abs().max())
        for name in expected
        if name.startswith("network.")
    )
