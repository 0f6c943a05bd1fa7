"""Convscope beside PyTorch, Keras on TensorFlow and Keras on JAX: the same trainings, in turn.

    make bench-peers                                    # sets up the peers' environment, too
    make bench-peers OPTIONS="--networks lenet,resnet18 --repeats 3"
    make bench-peers OPTIONS=--quick                    # a few images: does everything run?

For each network of the textbook the four programs train in turn, each in a process of its own that
may use the same cores: the same network (the numbers of weights are compared), settings, images,
and two epochs with an evaluation after each. Told apart are

- start-up: from the start of the program to the end of the first step, with imports, compiling and
  (Convscope) measuring;
- training and evaluation: those of the second epoch, when all is warm;
- the whole program, until it has ended; for Convscope with its final evaluation and report.

The peers compute in whichever way of theirs was fastest (float32 or bfloat16; TensorFlow with XLA
or without) in runs of their own before, of which nothing is counted; `--ways FILE` keeps what was
found. Image counts are whole batches, since XLA would compile anew for a smaller last one. Nothing
else should run; `--processor-time` compares by processor time, where something does.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from table import PARTS, PROGRAMS, check_weights, table

import convscope as cs
from convscope.runs.recipe import named
from convscope.runtime.device import describe

HERE = Path(__file__).parent
FILES = {  # of each program, and what Keras runs on
    "Convscope": ("convscope_run.py", ""),
    "PyTorch": ("torch_loop.py", ""),
    "TensorFlow": ("keras_loop.py", "tensorflow"),
    "JAX": ("keras_loop.py", "jax"),
}
PLAIN = ("float32", "bfloat16")
WAYS = {"PyTorch": PLAIN, "TensorFlow": (*PLAIN, "float32, XLA", "bfloat16, XLA"), "JAX": PLAIN}
BATCHES = {  # of training and of test images: about half a minute for the slower programs
    "lenet": (234, 39),
    "resnet18": (3, 1),
    "googlenet": (5, 2),
    "densenet": (4, 1),
    "nin": (2, 1),
    "alexnet": (2, 1),
    "vgg11": (2, 1),
}
EPOCHS = 2


def settings_of(
    network: str, batches: tuple[int, int], threads: int, folder: str
) -> dict[str, Any]:
    """What every program is told."""
    recipe = named("book", network, "fashion-mnist")
    counts = [count * recipe.batch_size for count in batches]
    return {
        "network": network,
        "size": recipe.size or 28,
        "batch_size": recipe.batch_size,
        "learning_rate": recipe.learning_rate,
        "epochs": EPOCHS,
        "threads": threads,
        "images": dict(zip(("train", "test"), counts, strict=True)),
        "folder": folder,
        "way": "",
    }


def write_images(settings: dict[str, Any]) -> None:
    """The images as files that need nothing but NumPy."""
    for split, count in settings["images"].items():
        images = cs.load("fashion-mnist", split)
        np.savez(
            Path(settings["folder"]) / f"{split}.npz",
            images=images.images[:count, 0],
            labels=np.asarray(images.labels[:count]),
        )


def run(program: str, settings: dict[str, Any], python: str) -> dict[str, Any]:
    """One run: what it printed, and the parts of its time in seconds.

    Args:
        program: Which.
        settings: As `settings_of` gives them, with the "way" to compute in.
        python: Interpreter of the environment that Keras is in.

    Raises:
        SystemExit: The program failed; says how.
    """
    file, backend = FILES[program]
    environment = os.environ | {
        "KERAS_BACKEND": backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "OMP_NUM_THREADS": str(settings["threads"]),
    }
    command = [python if backend else sys.executable, str(HERE / file), json.dumps(settings)]
    before, started = os.times(), time.time()
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    after, ended = os.times(), time.time()
    if done.returncode != 0:
        sys.exit(f"{program} failed on {settings['network']}:\n{done.stderr[-3000:]}")
    printed = json.loads(done.stdout.splitlines()[-1])
    processor = sum(after[2:4]) - sum(before[2:4])
    whole = {"seconds": (started, ended), "processor_seconds": (0.0, processor)}
    facts = {name: printed[name] for name in ("accuracy", "weights", "version")}
    return facts | {name: divide(printed, place, *whole[name]) for place, name in enumerate(whole)}


def divide(printed: dict[str, Any], place: int, start: float, end: float) -> dict[str, float]:
    """The parts of a program's time, from the moments that it printed.

    Args:
        printed: As `Timeline.show` prints it.
        place: 0 for the clock, 1 for processor time.
        start: When the program was started.
        end: When it had ended.
    """
    trained, evaluated = (
        [moment[place] for moment in printed[k]] for k in ("trained", "evaluated")
    )
    parts = (
        printed["first_step"][place] - start,
        trained[1] - evaluated[0],
        evaluated[1] - trained[1],
        end - start,
    )
    return dict(zip(PARTS, parts, strict=True))


def find_way(program: str, settings: dict[str, Any], python: str, clock: str) -> str:
    """The way in which a peer trains and evaluates the second epoch soonest, by one run each.

    Few images are enough to tell, and of large ones a quarter of the batch.
    """
    whole, images = settings["batch_size"], settings["images"]["train"]
    batch = whole if settings["size"] == 28 else whole // 4
    count = max(4, images // whole // 8)
    few = {"batch_size": batch, "images": {"train": count * batch, "test": batch}}
    seconds = {}
    for way in WAYS[program]:
        tried = run(program, settings | few | {"way": way}, python)[clock]
        seconds[way] = tried["training"] + tried["evaluation"]
        print(f"{settings['network']}, {program}, {way}: {seconds[way]:.2f} s", file=sys.stderr)
    return min(seconds, key=lambda way: seconds[way])


def main() -> None:
    """Run everything in turn and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", default="build/peers/bin/python", help="where Keras is")
    parser.add_argument("--networks", default=",".join(BATCHES), help="by commas")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--minutes", type=float, help="after them, begin no further network")
    parser.add_argument("--quick", action="store_true", help="two batches, one of test images")
    parser.add_argument("--processor-time", action="store_true", help="for a busy machine")
    parser.add_argument("--ways", type=Path, help="JSON file: keeps which ways were fastest")
    parser.add_argument("--json", type=Path, help="also write all figures here")
    options = parser.parse_args()

    clock = "processor_seconds" if options.processor_time else "seconds"
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    kept = options.ways
    ways = json.loads(kept.read_text()) if kept and kept.exists() else {}
    machine = describe() | {"threads": options.threads, "date": date.today().isoformat()}
    runs: list[dict[str, Any]] = []
    begun = time.monotonic()
    for network in options.networks.split(","):
        if options.minutes and time.monotonic() - begun > 60 * options.minutes:
            print(f"{network} and what follows: left out, the time is over", file=sys.stderr)
            break
        with tempfile.TemporaryDirectory() as folder:
            batches = (2, 1) if options.quick else BATCHES[network]
            settings = settings_of(network, batches, options.threads, folder)
            write_images(settings)
            chosen = ways.setdefault(network, {})
            for program in WAYS:
                if program not in chosen:
                    chosen[program] = find_way(program, settings, options.python, clock)
                    if kept:
                        kept.write_text(json.dumps(ways, indent=1))
            for repeat in range(options.repeats):
                for program in PROGRAMS:
                    told = settings | {"way": chosen.get(program, "")}
                    facts = {"network": network, "program": program, "repeat": repeat}
                    facts |= {"way": told["way"] or "measured", "images": settings["images"]}
                    runs.append(facts | run(program, told, options.python))
                    print(json.dumps(runs[-1]), file=sys.stderr, flush=True)
        check_weights(network, runs)
        if options.json:
            facts = {"machine": machine, "clock": clock, "runs": runs}
            options.json.write_text(json.dumps(facts, indent=1))
    print(f"{machine['processor']}, {options.threads} threads, {machine['date']}, {clock}\n")
    print(table(runs, clock))


if __name__ == "__main__":
    main()
