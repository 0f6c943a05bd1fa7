"""Convscope beside the loop that courses teach: seven networks, this machine, one after the other.

For each network the two programs run in turn, each in a process of its own, on the same images
with the textbook's settings; the table gives the median of the ratios. Its last three columns are
where the seconds of a run of Convscope go; the ratio is of training alone, which is what the other
program does. Nothing else should run.

    python benchmarks/compare.py [--repeats 3] [--networks lenet,nin] [--json FILE]
    python benchmarks/compare.py --networks lenet --epochs 10 --repeats 3    # accuracies, paired

Each repeat has a seed of its own, which both programs take.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
from pathlib import Path

from convscope.runtime.device import describe

HERE = Path(__file__).parent
# Training and test images, so that the slower program takes about a minute.
IMAGES = {
    "lenet": (60_000, 10_000),
    "alexnet": (2048, 512),
    "vgg11": (1024, 256),
    "nin": (1536, 384),
    "googlenet": (3072, 768),
    "resnet18": (3072, 768),
    "densenet": (3072, 768),
}
ALL = (60_000, 10_000)


def run(program: str, network: str, epochs: int, seed: int) -> dict[str, float]:
    """One run of a program; what it printed."""
    train, test = IMAGES.get(network, ALL)
    command = [sys.executable, str(HERE / program), network]
    command += ["--images", str(train), "--test-images", str(test)]
    command += ["--epochs", str(epochs), "--seed", str(seed)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    print(program, done.stdout.strip(), file=sys.stderr, flush=True)
    return json.loads(done.stdout)


def main() -> None:
    """Run all pairs and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--networks", default=",".join(IMAGES))
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write all figures here")
    options = parser.parse_args()

    machine = describe()
    print(f"{machine['processor']}, {machine['cores']} cores, torch {machine['torch']}\n")
    print(
        "| network | course loop, images/s | Convscope, images/s | ratio "
        "| start-up, s | training, s | final evaluation, s | accuracies: course loop, Convscope |"
    )
    print("|---|---|---|---|---|---|---|---|", flush=True)
    results, ratios = {}, []
    for network in options.networks.split(","):
        pairs = [
            tuple(
                run(program, network, options.epochs, seed)
                for program in ("book_loop.py", "convscope_loop.py")
            )
            for seed in range(options.repeats)
        ]
        ratio = statistics.median(book["seconds"] / ours["seconds"] for book, ours in pairs)
        book, ours = (
            statistics.median(pair[which]["images_per_second"] for pair in pairs)
            for which in (0, 1)
        )
        parts = [
            statistics.median(pair[1][part] for pair in pairs)
            for part in ("startup_seconds", "seconds", "final_seconds")
        ]
        figures = [f"{book:,.0f}", f"{ours:,.0f}", f"{ratio:.2f}", *(f"{s:.1f}" for s in parts)]
        figures.append("; ".join(f"{b['accuracy']:.1%}, {o['accuracy']:.1%}" for b, o in pairs))
        print(f"| {network} | {' | '.join(figures)} |", flush=True)
        ratios.append(ratio)
        results[network] = pairs
    mean = math.exp(statistics.fmean(math.log(ratio) for ratio in ratios))
    print(f"\nGeometric mean of the ratios: {mean:.2f}; least: {min(ratios):.2f}")
    if options.json:
        options.json.write_text(json.dumps({"machine": machine, "pairs": results}, indent=1))


if __name__ == "__main__":
    main()
