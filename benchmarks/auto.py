"""`train auto` beside a network that was fixed beforehand, in the same time.

Time is processor time: the clock that training goes by is replaced by the processor's, with one
thread, so that other programs don't disturb it. Both are given the same minutes. Those of `auto`
hold all but the final evaluation and the report; those of a fixed network hold its training alone,
so that its whole call takes a little longer. Both calls' seconds are printed. The fixed network is
the README's for "ten minutes". Test images are the same for all.

    python benchmarks/auto.py [--minutes 0.3] [--seeds 0 1] [--fixed resnet9 resnet18-32px]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

time.perf_counter = time.process_time  # before anything takes the time

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

import convscope as cs  # noqa: E402

PLAIN = {"quiet": True, "threads": 1, "precision": "float32", "device": "cpu"}
TEST_IMAGES = 1000  # at most
# Data set, its classes (None: all), and how many training images of each.
SETS: dict[str, tuple[str, Sequence[int] | None, int]] = {
    "digits": ("digits", None, 0),  # all of it, by name
    "digits in a folder": ("digits", None, 50),
    "clothes": ("fashion-mnist", None, 100),
    "look-alike clothes": ("fashion-mnist", (2, 4, 6), 100),
    "photographs": ("cifar10", None, 100),
}


def make_folder(name: str, folder: Path) -> str | Path:
    """The set as people have it: PNG files in a subfolder for each class, in train and test."""
    source, classes, count = SETS[name]
    if not count:
        return source
    random = np.random.default_rng(0)
    for split in ("train", "test"):
        images = cs.load(source, split)
        chosen = range(len(images.classes)) if classes is None else classes
        most = count if split == "train" else TEST_IMAGES // len(chosen)
        for label in chosen:
            rows = random.permutation(np.flatnonzero(images.labels == label))[:most]
            place = folder / split / images.classes[label].replace("/", " or ")
            place.mkdir(parents=True)
            for row in rows:
                pixels = images.images[row]
                Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)).save(
                    place / f"{row:05}.png"
                )
    return folder


def train(
    network: str, data: str | Path, minutes: float, seed: int, out: Path
) -> tuple[cs.Run, float]:
    """The run, and processor seconds of the whole call."""
    began = time.process_time()
    fields = {"minutes": minutes, "epochs": None, "seed": seed}
    if network != "auto":
        fields["recipe"] = "fast"
        if isinstance(data, Path):
            fields["size"] = 32
    run = cs.train(network, data, out=out, force=True, **fields, **PLAIN)
    return run, time.process_time() - began


def main() -> None:
    """Train everything, a row for each set and seed, then how often auto was ahead."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=0.3)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--fixed", nargs="*", default=["resnet9"])
    options = parser.parse_args()
    results: dict[str, dict[str, list[float]]] = {}
    print("| set | seed | auto (winner) |", " | ".join(options.fixed), "|")
    print("|---" * (3 + len(options.fixed)) + "|", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folders = {name: make_folder(name, Path(temporary) / name) for name in options.sets}
        out = Path(temporary) / "run"
        train("resnet9", "digits", 0.01, 0, out)  # what only a first call has to load
        for seed in options.seeds:
            for name, data in folders.items():
                rows = results.setdefault(name, {})
                run, seconds = train("auto", data, options.minutes, seed, out)
                race = run.race
                assert race is not None
                rows.setdefault("auto", []).append(run.summary()["accuracy"])
                cells = [f"{100 * rows['auto'][-1]:.1f} % ({race.winner}; {seconds:.0f} s)"]
                for network in options.fixed:
                    minutes = options.minutes
                    # Its start isn't in its minutes, as auto's is: so its call is a little longer.
                    fixed, taken = train(network, data, minutes, seed, out)
                    rows.setdefault(network, []).append(fixed.summary()["accuracy"])
                    cells.append(f"{100 * rows[network][-1]:.1f} % ({taken:.0f} s)")
                print(f"| {name} | {seed} | {' | '.join(cells)} |", flush=True)
    print()
    for network in options.fixed:
        ahead = [
            name
            for name, rows in results.items()
            if statistics.mean(rows["auto"]) > statistics.mean(rows[network])
        ]
        print(f"auto beats {network} on {len(ahead)} of {len(results)} sets: {', '.join(ahead)}")


if __name__ == "__main__":
    main()
