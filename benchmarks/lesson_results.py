"""Measure what takes longer than a lesson may, and keep it in lessons/results/NAME.json.

    python benchmarks/lesson_results.py lenet_seeds
    nice -n 10 python benchmarks/lesson_results.py lenet_seeds    # beside other work

What is measured stands in benchmarks/results/NAME.py, which has

    SEEDS            the seeds that are run, () if nothing is random
    measure()        gives the rows, dicts of numbers and texts, one after the other
    CELL, WITHIN     one row, by some of its keys and values, and how far each figure of it may lie
                     from the stored one when it is measured again: {"accuracy": 0.01}
    measure_cell()   measures that row again; the slow tests do so at every change
    DATA             a named data set that it needs in $CONVSCOPE_DATA, or None

The file is replaced only when everything has been measured.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from convscope.errors import ConvscopeError, unknown_name
from convscope.files import write_text
from convscope.runtime.device import processor
from convscope.version import __version__

MEASUREMENTS = Path(__file__).parent / "results"
RESULTS = Path(__file__).parents[1] / "lessons" / "results"


def load_measurement(name: str) -> ModuleType:
    """The file benchmarks/results/NAME.py as a module."""
    known = sorted(file.stem for file in MEASUREMENTS.glob("*.py"))
    if name not in known:
        raise unknown_name("measurement", name, known)
    spec = importlib.util.spec_from_file_location(
        f"measurement_{name}", MEASUREMENTS / f"{name}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measure(name: str) -> dict[str, Any]:
    """Run a measurement; what it found, with all that it depends on."""
    module = load_measurement(name)
    rows = []
    for row in module.measure():
        rows.append(row)
        print(json.dumps(row), flush=True)  # what is there already, if it is stopped

    import numpy as np
    import torch

    return {
        "name": name,
        "machine": {"processor": processor(), "cores": len(os.sched_getaffinity(0))},
        "threads": torch.get_num_threads(),
        "versions": {
            "convscope": __version__,
            "numpy": np.__version__,
            "python": sys.version.split()[0],
            "torch": torch.__version__,
        },
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "seeds": [*module.SEEDS],
        "rows": rows,
    }


def write(result: dict[str, Any], folder: Path = RESULTS) -> Path:
    """Write a result as JSON with a line for each row, so that changes can be read."""
    head = {key: value for key, value in result.items() if key != "rows"}
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    rows = ",\n".join(f"    {json.dumps(row)}" for row in result["rows"])
    file = folder / f"{result['name']}.json"
    write_text(file, "{\n" + "\n".join(lines) + f'\n  "rows": [\n{rows}\n  ]\n}}\n')
    return file


def main() -> None:
    """Measure what is named on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name", help="one of benchmarks/results/")
    try:
        print(write(measure(parser.parse_args().name)))
    except ConvscopeError as error:
        parser.exit(error.exit_code, f"{error}\n")


if __name__ == "__main__":
    main()
