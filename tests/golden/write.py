"""Keeps a run as this version writes it, for all later versions to open: with each release once.

python tests/golden/write.py
"""

import json
import platform
import shutil
import sys
import tempfile
from pathlib import Path

import convscope as cs
from convscope.runs.checked_json import write_checked
from convscope.version import __version__

KEPT = (
    "checkpoints", "environment.json", "evaluation.json", "forecast.json", "metrics.jsonl",
    "model.safetensors", "recipe.toml", "splits.csv.gz",
)  # fmt: skip
"""What other commands read of a run; all the rest is for people."""
RECIPE = {
    "size": 8,
    "network_arguments": {"size": 8, "hidden": 8},
    "epochs": 3,
    "batch_size": 64,
    "learning_rate": 0.05,
    "validation": 0.1,
    "precision": "float32",
    "threads": 1,
    "device": "cpu",
}

if __name__ == "__main__":
    goal = Path(__file__).parent / __version__
    if goal.exists():
        sys.exit(f"{goal} is there: it stays as it was written.")
    with tempfile.TemporaryDirectory() as folder:
        run = cs.train("mlp", "digits", cs.Recipe(**RECIPE), out=Path(folder) / "run", quiet=True)
        facts = json.loads(run.environment_file.read_bytes())
        # What only this machine is called.
        facts.pop("check")
        facts["platform"] = f"{platform.system()}-{platform.machine()}"
        write_checked(run.environment_file, facts, indent=2)
        goal.mkdir()
        for name in KEPT:
            shutil.move(run.folder / name, goal / name)
