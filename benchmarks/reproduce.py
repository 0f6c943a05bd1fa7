"""Each of the textbook's networks with its settings on Fashion-MNIST, beside its published runs.

    python benchmarks/reproduce.py lenet --seeds 0 1 2 3 4
    python benchmarks/reproduce.py resnet18 --epochs 1      # one that would take hours
    python benchmarks/reproduce.py vgg11 --epochs 1 --images 6000        # and days
    python benchmarks/reproduce.py                          # writes docs/reproduction.md alone

Every run is added to docs/reproduction.json as soon as it has ended, and docs/reproduction.md is
written from it. Fashion-MNIST must be in $CONVSCOPE_DATA or the cache. `--published FILE` reads the
published runs (book_runs.json: by network, final losses and accuracies of all builds of the book)
and keeps their median, 10th and 90th percentile.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import convscope as cs
from convscope.data.load import Data, load_splits
from convscope.files import write_text
from convscope.look.numbers import duration, percent
from convscope.runtime.device import processor

DOCS = Path(__file__).parents[1] / "docs"
FILE = DOCS / "reproduction.json"
# Networks, and what they are called where the book's builds are kept, with the settings that count.
PUBLISHED = {
    "lenet": ("lenet", "0.9/10"),
    "lenet-bn": ("batch-norm1", "1.0/10"),
    "alexnet": ("alexnet", "0.01/10"),
    "vgg11": ("vgg", "0.05/10"),
    "nin": ("nin", "0.1/10"),
    "googlenet": ("googlenet", "0.1/10"),
    "resnet18": ("resnet", "0.05/10"),
    "densenet": ("densenet", "0.1/10"),
}
DATA, ALL_IMAGES = "fashion-mnist", 60_000
BOOK_EPOCHS = 10
BUSY = 0.5  # runnable programs for each core when a run begins: above, its times say little
FAILED = 0.2  # test accuracy: a network that has learned something is above it


def main() -> None:
    """Train what is named, and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--epochs", type=int, default=BOOK_EPOCHS)
    parser.add_argument("--images", type=int, help="only so many training images, the first ones")
    parser.add_argument("--published", type=Path, help="the published runs")
    given = parser.parse_args()
    unknown = {*given.networks} - {*PUBLISHED}
    if unknown:
        parser.error(f"no published runs of {', '.join(sorted(unknown))}; there are {[*PUBLISHED]}")
    kept = json.loads(FILE.read_text()) if FILE.exists() else {"published": {}, "runs": []}
    if given.published:
        kept["published"] = read_published(given.published)
    for network in given.networks:
        for seed in given.seeds:
            kept["runs"].append(train(network, seed, given.epochs, given.images))
            keep(kept)
    keep(kept)
    write_text(DOCS / "reproduction.md", table(kept))
    print(table(kept))


def read_published(file: Path) -> dict[str, Any]:
    """Median and spread of the final test accuracy of the published runs of each network."""
    runs = json.loads(file.read_text())
    found = {}
    for network, (name, settings) in PUBLISHED.items():
        accuracies = [float(run[0][2]) for run in runs[name] if run[1] == settings]
        learned = [accuracy for accuracy in accuracies if accuracy > FAILED]
        low, middle, high = np.percentile(accuracies, [10, 50, 90])
        found[network] = {
            "median": float(middle),
            "low": float(low),
            "high": float(high),
            "runs": len(accuracies),
            "failed": len(accuracies) - len(learned),
        }
    return found


def train(network: str, seed: int, epochs: int, images: int | None) -> dict[str, Any]:
    """One run of the book's recipe, on all training images or the first of them."""
    data: Data = DATA
    if images is not None:
        data = load_splits(DATA, validation=0)
        data["train"] = data["train"].subset(range(images))
    load, _, _ = os.getloadavg()
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        run = cs.train(network, data, "book", out=f"{folder}/run", seed=seed, epochs=epochs)
        seconds = time.perf_counter() - started
        summary = run.summary()
        learned = run.metrics("epoch")[-1]["train_accuracy"]
        environment = json.loads((run.folder / "environment.json").read_text())
    return {
        "network": network,
        "seed": seed,
        "epochs": epochs,
        "images": images or ALL_IMAGES,
        "accuracy": summary["accuracy"],
        "train_accuracy": learned,
        "images_per_second": round(summary["images_per_second"]),
        "seconds": round(seconds, 1),
        "load": round(load, 1),
        "precision": environment["precision"],
        "processor": processor(),
        "cores": environment["cores"],
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
    }


def keep(kept: dict[str, Any]) -> None:
    """Write what there is, a line a run, so that changes can be read."""
    runs = ",\n".join(f"    {json.dumps(run)}" for run in kept["runs"])
    published = ",\n".join(
        f"    {json.dumps(network)}: {json.dumps(each)}"
        for network, each in kept["published"].items()
    )
    write_text(FILE, f'{{\n  "published": {{\n{published}\n  }},\n  "runs": [\n{runs}\n  ]\n}}\n')


def table(kept: dict[str, Any]) -> str:
    """The page: one row for each network and number of epochs."""
    rows = []
    for network, published in kept["published"].items():
        theirs = (
            f"{published['median']:.3f} ({published['low']:.3f}–{published['high']:.3f}), "
            f"{published['failed']} of {published['runs']} failed"
        )
        runs = [run for run in kept["runs"] if run["network"] == network]
        if not runs:
            rows.append(f"| {network} | {theirs} | not run yet | | | |")
        settings = {(run["epochs"], run["images"]) for run in runs}
        rows += [
            _row(
                network, theirs, [run for run in runs if (run["epochs"], run["images"]) == setting]
            )
            for setting in sorted(settings, reverse=True)
        ]
    return PAGE.format(rows="\n".join(rows))


def _row(network: str, theirs: str, runs: list[dict[str, Any]]) -> str:
    accuracies = sorted(run["accuracy"] for run in runs)
    failed = sum(accuracy <= FAILED for accuracy in accuracies)
    epochs = runs[0]["epochs"]
    fewer = "" if epochs == BOOK_EPOCHS else f" **after {epochs} of {BOOK_EPOCHS} epochs**"
    learned = [run["train_accuracy"] for run in runs if "train_accuracy" in run]
    partly = epochs < BOOK_EPOCHS or runs[0]["images"] < ALL_IMAGES
    if runs[0]["images"] < ALL_IMAGES:
        fewer += f" **with {runs[0]['images']:,} of {ALL_IMAGES:,} images**"
    ours = f"{accuracies[0]:.3f} (one run)"
    if len(runs) > 1:
        ours = f"{statistics.median(accuracies):.3f} ({accuracies[0]:.3f}–{accuracies[-1]:.3f})"
    speed = statistics.median(run["images_per_second"] for run in runs)
    took = statistics.median(run["seconds"] for run in runs)
    outcome = f", {failed} of {len(runs)} failed"
    if partly:
        outcome = f"; training accuracy {statistics.median(learned):.3f}" if learned else ""
    machine = f"{runs[-1]['processor']}, {runs[-1]['cores']} cores, {runs[-1]['date']}"
    if any(run.get("load", 0) > BUSY * run["cores"] for run in runs):
        machine += ", **busy with other programs**"
    return (
        f"| {network} | {theirs} | {ours}{fewer}{outcome} "
        f"| {speed:,.0f} | {duration(took)} | {machine} |"
    )


PAGE = f"""# The textbook's networks, trained again

Each network with the textbook's settings on Fashion-MNIST (recipe `book`: plain SGD, Xavier
initialization, 10 epochs). *Published*: final test accuracy of all builds of the book that its
repository keeps, median (10th–90th percentile); *failed*: at most {percent(FAILED, 0)} test
accuracy. *Ours*: median (lowest–highest) over seeds. Images per second are those of training; the
time is that of the whole run with its report; where the machine was busy, both say little.

| network | published | ours | images/s | time of a run | machine |
|---|---|---|---|---|---|
{{rows}}

Made by `python benchmarks/reproduce.py NETWORK --seeds …`; every run stands in
`docs/reproduction.json`. A row that says "after 1 of 10 epochs" can't be compared with the
published accuracy, nor can one "with 6,000 of 60,000 images": they say whether the network has
begun to learn, and how fast it runs. After so few steps a network with batch normalization can
still guess on test images when it no longer does on training images.
"""

if __name__ == "__main__":
    main()
