"""How accurate networks came out on a data set, from the runs in a folder."""

from __future__ import annotations

from pathlib import Path

from convscope.comparison.evaluation_record import EvaluationRecord, read_evaluation
from convscope.data.load import NAMED
from convscope.errors import ConvscopeError
from convscope.runs.run import Run

DEPTHS = ("*/recipe.toml", "*/*/recipe.toml")  # of runs, and of runs in a group of seeds


def best_accuracies(folder: Path, data: str | Path) -> dict[str, EvaluationRecord]:
    """The most accurate run of each network that was evaluated on the test images of this data.

    Args:
        folder: Holds runs and groups of seeds. What isn't a finished run is passed over.
        data: Name, or path of a folder or zip.
    """
    source = str(data) if str(data) in NAMED else str(Path(data).expanduser().resolve())
    best: dict[str, EvaluationRecord] = {}
    for file in sorted(file for depth in DEPTHS for file in folder.glob(depth)):
        try:
            run = Run(file.parent)
            network, evaluated = run.recipe.network, read_evaluation(run)
        except ConvscopeError:
            continue
        if evaluated.data != source or evaluated.split != "test" or not network:
            continue
        if network not in best or evaluated.accuracy > best[network].accuracy:
            best[network] = evaluated
    return best
