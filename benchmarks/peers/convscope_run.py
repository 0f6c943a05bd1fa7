"""The same with Convscope: `cs.train` with the textbook's recipe, and all that a run of it does.

Precision and algorithms it chooses itself, by measuring, which is part of its start-up; the final
evaluation and the report, which the others don't have, come after its last epoch.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from timeline import Timeline

import convscope as cs
from convscope.runs import recipe as recipes


class Clock:
    """A watcher that notes the moments."""

    def __init__(self, timeline: Timeline, steps: int) -> None:
        self.timeline = timeline
        self.steps = steps

    def step(self, progress: Any, loss: float) -> None:
        """A step has ended, perhaps an epoch's last."""
        self.timeline.end_step()
        if progress.step % self.steps == 0:
            self.timeline.end_training()

    def epoch(self, metrics: dict[str, float], state: Any) -> None:
        """An epoch was evaluated, and its checkpoint written."""
        self.timeline.end_evaluation()

    def message(self, text: str) -> None:
        """What is said to people belongs to no figure."""


def main() -> None:
    """Train and evaluate; print when what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("settings", type=json.loads)
    settings = parser.parse_args().settings
    network, timeline = settings["network"], Timeline()
    data = {
        split: cs.load("fashion-mnist", split).subset(np.arange(settings["images"][split]))
        for split in ("train", "test")
    }
    recipe = recipes.named("book", network, "fashion-mnist")
    clock = Clock(timeline, settings["images"]["train"] // recipe.batch_size)
    with tempfile.TemporaryDirectory() as folder:
        run = cs.train(
            network,
            data,
            recipe,
            out=Path(folder) / "run",
            quiet=True,
            watcher=clock,
            epochs=settings["epochs"],
            threads=settings["threads"],
        )
        trained = cs.build(network, 1, 10, **recipe.network_arguments)
        timeline.show(
            accuracy=run.metrics("epoch")[-1]["test_accuracy"],
            weights=sum(each.numel() for each in trained.parameters()),
            version=f"convscope {cs.__version__}, {run.environment['precision']}",
        )


if __name__ == "__main__":
    main()
