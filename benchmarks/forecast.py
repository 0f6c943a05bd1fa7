"""How good are forecasts? Each training is forecast, then really done for some steps.

    python benchmarks/forecast.py                     # seven networks, 3 batch sizes, 2 precisions
    python benchmarks/forecast.py --only lenet vgg11  # some of them
    python benchmarks/forecast.py --odd               # three networks that nothing was tuned on
    python benchmarks/forecast.py --regularized       # with clipping, averaging, label smoothing

Every training runs in a process of its own, with the data's images and the book's recipe. Needs
Fashion-MNIST (CONVSCOPE_DATA) and an idle machine. The table is Markdown; --json writes every
figure.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from convscope.runtime.allocator import environment_without_thread_cache

BATCHES = {
    "lenet": (64, 256, 1024),
    "alexnet": (32, 64, 128),
    "vgg11": (16, 32, 64),
    "nin": (32, 64, 128),
    "googlenet": (32, 64, 128),
    "resnet18": (32, 64, 256),
    "densenet": (32, 64, 256),
}
ODD_BATCHES = {"depthwise": (32, 128), "thin": (32, 128), "wide": (32, 128)}
PRECISIONS = ("float32", "bfloat16")
REGULARIZED = {"clip_gradient": 1.0, "ema": 0.99, "label_smoothing": 0.1}
STEPS = 14


def depthwise() -> nn.Module:
    """Twelve depthwise convolutions with large kernels, each with a 1×1 convolution."""
    layers: list[nn.Module] = [nn.Conv2d(1, 48, 3, stride=2, padding=1), nn.BatchNorm2d(48)]
    for _ in range(12):
        layers += [nn.Conv2d(48, 48, 7, padding=3, groups=48), nn.Conv2d(48, 48, 1), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(48, 10))


class _Thin(nn.Module):
    """A residual block of 16 channels."""

    def __init__(self) -> None:
        super().__init__()
        self.path = nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return x + self.path(x)


def thin() -> nn.Module:
    """A hundred convolutions of 16 channels."""
    blocks = [_Thin() for _ in range(100)]
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        *blocks,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 10),
    )


def wide() -> nn.Module:
    """Dense layers of 4,096 units."""
    layers: list[nn.Module] = [nn.Flatten(), nn.Linear(784, 4096), nn.GELU()]
    for _ in range(4):
        layers += [nn.Linear(4096, 4096), nn.GELU(), nn.LayerNorm(4096)]
    return nn.Sequential(*layers, nn.Linear(4096, 10))


ODD = {"depthwise": depthwise, "thin": thin, "wide": wide}


def work(name: str, batch_size: int, precision: str, *, regularized: bool) -> dict[str, Any]:
    """Forecast one training, do some of it, and compare."""
    from convscope.data.image_set import ImageSet
    from convscope.data.load import load
    from convscope.runs.optimization import make_optimizer
    from convscope.runs.recipe import Recipe, named
    from convscope.runs.run import new_run
    from convscope.runtime.allocator import returning_memory
    from convscope.runtime.choose_execution import choose_execution
    from convscope.runtime.execution import Execution
    from convscope.runtime.process import forget_peak, resident_bytes
    from convscope.runtime.weight_average import WeightAverage
    from convscope.training.expectation import Expectation
    from convscope.training.interrupt import stop_on_signals
    from convscope.training.job import prepare
    from convscope.training.live_view import LiveView
    from convscope.training.loop import fit
    from convscope.training.stages import StagedNetwork
    from convscope.training.state import Progress, TrainingState

    forget_peak()
    train, test = load("fashion-mnist"), load("fashion-mnist", "test")
    count = STEPS * batch_size
    rows = torch.arange(count).remainder(len(train)).numpy()
    some = ImageSet(train.images[rows], train.labels[rows], train.classes)
    few = ImageSet(test.images[:64], test.labels[:64], test.classes, split="test")
    changes: dict[str, Any] = {"batch_size": batch_size, "precision": precision, "epochs": 1}
    if regularized:
        changes |= REGULARIZED
    if name in ODD:
        recipe = Recipe(data="", learning_rate=0.001, threads=2, **changes)
        network: str | nn.Module = ODD[name]()
    else:
        recipe = named("book", name, "fashion-mnist").replace(threads=2, **changes)
        network = name
    job = prepare(network, {"train": some, "test": few}, recipe)
    cpu = torch.device("cpu")
    images, labels = next(iter(job.training_batches(Execution(cpu, "float32")).epoch(0)))
    with returning_memory():
        execution = choose_execution(job.network, images, labels, cpu, recipe.precision, 2)
    placed = execution.place(job.network)
    average = None
    if recipe.ema is not None:
        average = WeightAverage(copy.deepcopy(placed), recipe.ema)
    state = TrainingState(
        placed, make_optimizer(placed, recipe), average, Progress(total_steps=STEPS)
    )
    view = LiveView(quiet=True)
    expectation = Expectation(job, recipe, execution, view, 0.0)
    with tempfile.TemporaryDirectory() as folder:
        run = new_run(Path(folder) / "run", recipe, force=True)
        stages = StagedNetwork(placed, job, execution, run, view)
        with (
            stop_on_signals(run.folder) as stop,
            execution.using_threads(),
            returning_memory(),
            view.training(STEPS, 1, "test"),
        ):
            fit(state, job, execution, run, stages, [expectation], stop)
    forecast = expectation.forecast
    assert forecast is not None
    steps = expectation._steps
    return {
        "network": name,
        "batch_size": batch_size,
        "precision": precision,
        "step": [forecast.uncorrected["step"], expectation.step_seconds],
        "fastest": min(steps),
        "first_five": sorted(steps[:5])[2],
        "last": sorted(steps[5:])[len(steps[5:]) // 2],
        "memory": [forecast.uncorrected["memory"], resident_bytes(peak=True)],
        "phases": forecast.phases,
        "late": resident_bytes(peak=True) - expectation._base_bytes,
        "heap": forecast.step_memory.heap,
        "live": forecast.step_memory.live,
        "notes": forecast.notes,
    }


def run_worker(name: str, batch_size: int, precision: str, *, regularized: bool) -> dict[str, Any]:
    """One training in a process of its own, started as the command line is."""
    done = subprocess.run(
        [
            sys.executable,
            __file__,
            *(["--regularized"] if regularized else []),
            *("--worker", name, str(batch_size), precision),
        ],
        capture_output=True,
        text=True,
        env={**environment_without_thread_cache(), "GOMP_SPINCOUNT": "10000"},
    )
    if done.returncode:
        raise SystemExit(f"{name} {batch_size} {precision} failed:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def summarize(results: list[dict[str, Any]]) -> None:
    """Print the errors: mean and worst, of the forecast and of the range."""
    from convscope.planning.history import ForecastOutcome, with_range

    for what in ("step", "memory"):
        pairs = [result[what] for result in results]
        errors = [forecast / actual - 1 for forecast, actual in pairs]
        mean = sum(map(abs, errors)) / len(errors)
        print(
            f"\n{what}: mean absolute error {mean:.1%}, worst {max(errors, key=abs):+.1%}, "
            f"most under {min(errors):+.1%}"
        )
        # Each is forecast with the others as the machine's history, as a later run would be.
        inside, corrected = 0, []
        for index, (forecast, actual) in enumerate(pairs):
            others = [
                ForecastOutcome(what, f, a, "", 0, "")
                for f, a in pairs[:index] + pairs[index + 1 :]
            ]
            expected = with_range(forecast, what, others)
            inside += expected.low <= actual <= expected.high
            corrected.append(expected.value / actual - 1)
        mean = sum(map(abs, corrected)) / len(corrected)
        print(
            f"  with the others as history: mean absolute error {mean:.1%}, worst "
            f"{max(corrected, key=abs):+.1%}, most under {min(corrected):+.1%}; "
            f"the range held {inside} of {len(pairs)}"
        )
    refined = [abs(result["first_five"] / result["last"] - 1) for result in results]
    print(f"\nafter five steps: mean absolute error {sum(refined) / len(refined):.1%}")


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worker", nargs=3, metavar=("NETWORK", "BATCH", "PRECISION"))
    parser.add_argument("--only", nargs="*", help="names of networks")
    parser.add_argument("--odd", action="store_true")
    parser.add_argument("--regularized", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    if given.worker:
        name, batch_size, precision = given.worker
        print(json.dumps(work(name, int(batch_size), precision, regularized=given.regularized)))
        return
    batches = ODD_BATCHES if given.odd else BATCHES
    results = []
    print(
        "| network | batch | precision | step, forecast | actual | error "
        "| memory, forecast | actual | error |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name in given.only or batches:
        for batch_size in batches[name]:
            for precision in PRECISIONS:
                result = run_worker(name, batch_size, precision, regularized=given.regularized)
                results.append(result)
                (step, took), (memory, held) = result["step"], result["memory"]
                print(
                    f"| {name} | {batch_size} | {precision} | {1000 * step:.1f} ms | "
                    f"{1000 * took:.1f} ms | {step / took - 1:+.1%} | {memory / 1e6:.0f} MB | "
                    f"{held / 1e6:.0f} MB | {memory / held - 1:+.1%} |",
                    flush=True,
                )
                if given.json:
                    given.json.write_text(json.dumps(results))
    summarize(results)
    assert all(math.isfinite(result["step"][1]) for result in results)


if __name__ == "__main__":
    main()
