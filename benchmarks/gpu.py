"""What Convscope makes of a GPU: speed, memory as forecast and as taken, accuracy; in Markdown.

For each network the loop that courses teach (`book_loop.py`) and Convscope run one after the other
on the device, each in a process of its own, with the textbook's settings. Beside them stand the
speeds that the book's own builds published (median of all builds, an NVIDIA V100) and the goal of
eight times these. Then the forecast of a step's memory beside what the allocator counted, and the
recipes that are to be quick, from pressing Enter. Nothing else should run.

    python benchmarks/gpu.py [--device cuda] [--networks lenet,nin] [--json FILE] [--quick]
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

import convscope as cs
from convscope.errors import ConvscopeError
from convscope.look.numbers import percent, size
from convscope.planning.cuda_memory import cuda_memory
from convscope.planning.record_step import record_step
from convscope.runs import recipe as recipes
from convscope.runs.optimization import make_optimizer
from convscope.runtime.device import choose_device, describe, synchronize
from convscope.runtime.execution import Execution
from convscope.runtime.training_step import training_step

HERE = Path(__file__).parent
# Training images per second, the median of the builds that book_runs.json lists.
PUBLISHED = {
    "lenet": 83_579,
    "alexnet": 4146,
    "vgg11": 2551,
    "nin": 3198,
    "googlenet": 3467,
    "resnet18": 4685,
    "densenet": 5515,
}
GOAL = 8  # times the published speed
IMAGES, TEST_IMAGES = 60_000, 10_000
COURSE_IMAGES = 20_000  # of the slower program, whose speed doesn't depend on it
EPOCHS = 2
QUICK = 256  # images, to try this program
ACCURACIES = {"cifar10": 0.94, "fashion-mnist": 0.94}  # that the quick recipes are to reach
QUICK_ACCURACIES = {"digits": 0.9}


def main() -> None:
    """Measure one part after the other and print each as soon as it is there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--networks", default=",".join(PUBLISHED))
    parser.add_argument("--json", type=Path, help="also write all figures here")
    parser.add_argument("--quick", action="store_true", help="few images: to try this program")
    given = parser.parse_args()
    try:
        device = choose_device(given.device)
    except ConvscopeError as error:
        parser.error(str(error))
    networks = given.networks.split(",")
    machine = describe()
    date = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    name = machine.get("gpu", machine["processor"]) if device.type == "cuda" else str(device)
    print(f"{name}, torch {machine['torch']}, {date}\n")
    print_speeds(found_speeds := measure_speeds(networks, given.device, quick=given.quick))
    print_memory(found_memory := measure_memory(networks, device, quick=given.quick))
    goals = QUICK_ACCURACIES if given.quick else ACCURACIES
    found_recipes = [measure_recipe(data, given.device) for data in goals]
    print_recipes(found_recipes, goals)
    if given.json:
        found = {"speed": found_speeds, "memory": found_memory, "recipes": found_recipes}
        given.json.write_text(json.dumps({"machine": machine, "date": date, **found}, indent=1))


def measure_speeds(networks: list[str], device: str, *, quick: bool) -> list[dict[str, Any]]:
    """Both programs on every network; what they printed."""

    def run(program: str, network: str, images: int, epochs: int) -> dict[str, Any]:
        test = min(TEST_IMAGES, images)
        command = [sys.executable, str(HERE / program), network, "--device", device]
        command += ["--images", str(images), "--test-images", str(test), "--epochs", str(epochs)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        return dict(json.loads(done.stdout))

    return [
        {
            "network": network,
            "course": run("book_loop.py", network, QUICK if quick else COURSE_IMAGES, 1),
            "convscope": run(
                "convscope_loop.py", network, QUICK if quick else IMAGES, 1 if quick else EPOCHS
            ),
        }
        for network in networks
    ]


def print_speeds(found: list[dict[str, Any]]) -> None:
    """Images per second of training and evaluation after each epoch, as both programs count."""
    print(
        "| network | course loop, images/s | Convscope, images/s | ratio "
        f"| published, V100 | times that (goal {GOAL}) | start-up, s | execution |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for row in found:
        course, ours = (row[which]["images_per_second"] for which in ("course", "convscope"))
        published = PUBLISHED[row["network"]]
        print(
            f"| {row['network']} | {course:,.0f} | {ours:,.0f} | {ours / course:.2f} "
            f"| {published:,} | {ours / published:.2f} | {row['convscope']['startup_seconds']:.1f} "
            f"| {row['convscope']['execution']} |"
        )
    logs = [math.log(r["convscope"]["images_per_second"] / PUBLISHED[r["network"]]) for r in found]
    mean = math.exp(sum(logs) / len(logs))
    print(f"\nGeometric mean of the times over published: {mean:.2f}\n", flush=True)


def measure_memory(
    networks: list[str], device: torch.device, *, quick: bool
) -> list[dict[str, Any]]:
    """Peaks of two training steps by forecast and, on a GPU, by its allocator; in bytes."""
    rows = []
    for network in networks:
        recipe = recipes.named("book", network, "fashion-mnist")
        side, batch = recipe.size or 28, 8 if quick else recipe.batch_size
        for precision in ("float32", "bfloat16"):
            execution = Execution(device, precision)
            built = cs.build(network, 1, 10, **recipe.network_arguments)
            step = record_step(
                built, (1, side, side), Execution(torch.device("cpu"), precision), recipe
            )
            forecast = cuda_memory(step, batch)
            row = {"network": network, "batch": batch, "precision": precision}
            row |= {"allocated": forecast.allocated, "reserved": forecast.reserved}
            if device.type == "cuda":
                torch.cuda.empty_cache()
                torch.cuda.reset_peak_memory_stats(device)
            trained = execution.place(built).train()
            optimizer = make_optimizer(trained, recipe)
            images = execution.lay_out(torch.rand(batch, 1, side, side))
            labels = torch.randint(0, 10, (batch,), device=device)
            for number in range(2):
                training_step(trained, images, labels, execution, optimizer, number=number)
            synchronize(device)
            if device.type == "cuda":
                row["took"] = torch.cuda.max_memory_allocated(device)
                row["took_reserved"] = torch.cuda.max_memory_reserved(device)
            rows.append(row)
            del trained, optimizer, images, labels, built
    return rows


def print_memory(rows: list[dict[str, Any]]) -> None:
    """Forecast beside what was counted; a dash where nothing counts it."""
    print("| network | batch | precision | forecast | allocated | ratio | reserved (forecast) |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        took, ratio, reserved = "–", "–", "–"
        if "took" in row:
            took, reserved = size(row["took"]), size(row["took_reserved"])
            ratio = f"{row['allocated'] / row['took']:.2f}"
        print(
            f"| {row['network']} | {row['batch']} | {row['precision']} | {size(row['allocated'])} "
            f"| {took} | {ratio} | {reserved} ({size(row['reserved'])}) |"
        )
    print(flush=True)


def measure_recipe(data: str, device: str) -> dict[str, Any]:
    """The fast recipe by the command line, from pressing Enter to the prompt."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        command = [sys.executable, "-m", "convscope", "train", "resnet9", data]
        command += ["--recipe", "fast", "--device", device, "--out", str(out)]
        begun = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True)
        seconds = time.perf_counter() - begun
        if done.returncode:
            return {"data": data, "failed": done.stderr.strip().splitlines()[-1:]}
        run = cs.Run(out)
        last = run.metrics("epoch")[-1]
        return {
            "data": data,
            "seconds": seconds,
            "training_seconds": last["seconds"],
            "accuracy": run.summary()["accuracy"],
        }


def print_recipes(found: list[dict[str, Any]], goals: dict[str, float]) -> None:
    """Accuracy and times; a set that isn't there is said."""
    print("| `train resnet9 DATA --recipe fast` | test accuracy (goal) | training, s | whole, s |")
    print("|---|---|---|---|")
    for row in found:
        if "failed" in row:
            print(f"| {row['data']} | not run: {' '.join(row['failed'])} | – | – |")
            continue
        accuracy, goal = percent(row["accuracy"]), percent(goals[row["data"]], 0)
        times = f"{row['training_seconds']:.1f} | {row['seconds']:.1f}"
        print(f"| {row['data']} | {accuracy} ({goal}) | {times} |")


if __name__ == "__main__":
    main()
