"""Damaged headers and cards of a model file, in a process that may take 256 MB more than it has.

All of them must end in the package's own kind of error, or be another valid card. Exit code 1
otherwise.

    python benchmarks/mutations.py [--count 100000]
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from pathlib import Path

import torch

from convscope.networks.catalog import build
from convscope.runs.model import load_model
from convscope.runs.model_file import save_model

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.runs.test_damaged_model_file import CARD, fuzz

EACH = 20_000  # with one seed
ROOM = 2**28


def main() -> int:
    """Damage a file in many ways; print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.safetensors"
        torch.manual_seed(0)
        save_model(file, build("mlp", 1, 2, size=8, hidden=4), CARD)
        load_model(file)  # what is loaded once for all counts as there before
        whole = file.read_bytes()
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + ROOM,) * 2)
        accepted = 0
        for seed, start in enumerate(range(0, count, EACH), 1):
            file.write_bytes(whole)
            accepted += fuzz(file, min(EACH, count - start), seed=seed)
    print(f"{count:,} damaged headers and cards: {accepted:,} valid all the same, 0 other errors")
    return 0


if __name__ == "__main__":
    sys.exit(main())
