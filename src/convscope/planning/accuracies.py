"""How accurate networks came out on a data set, from the runs in a folder."""

from __future__ import annotations

from pathlib import Path

from convscope.comparison.judged import Judged, read_judged
from convscope.data.load import NAMED
from convscope.errors import ConvscopeError
from convscope.runs.run import Run

DEPTHS = ("*/recipe.toml", "*/*/recipe.toml")  # of runs, and of runs in a group of seeds


def best_accuracies(folder: Path, data: str | Path) -> dict[str, Judged]:
    """The most accurate run of each network that was judged on the test pictures of this data.

    Args:
        folder: Holds runs and groups of seeds. What isn't a finished run is passed over.
        data: Name, or path of a folder or zip.
    """
    source = str(data) if str(data) in NAMED else str(Path(data).expanduser().resolve())
    best: dict[str, Judged] = {}
    for file in sorted(file for depth in DEPTHS for file in folder.glob(depth)):
        try:
            run = Run(file.parent)
            network, judged = run.recipe.network, read_judged(run)
        except ConvscopeError:
            continue
        if judged.data != source or judged.split != "test" or not network:
            continue
        if network not in best or judged.accuracy > best[network].accuracy:
            best[network] = judged
    return best
