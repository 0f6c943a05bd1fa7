"""The runs below the folder that Studio was opened with, by the names that its pages give them."""

from __future__ import annotations

from pathlib import Path

from convscope.studio.refusals import refuse

DEPTHS = ("", "*/", "*/*/")
"""How deep runs lie: the folder may be a run itself, hold runs, or groups of them."""


def list_runs(runs: Path) -> dict[str, Path]:
    """The folders of runs, by name.

    Args:
        runs: The folder that was opened; it may be missing.
    """
    files = (file for depth in DEPTHS for file in sorted(runs.glob(f"{depth}recipe.toml")))
    return {name_below(file.parent, runs): file.parent for file in files}


def find_run(name: str, runs: Path) -> Path:
    """The folder of a run. A name is looked up in the list, never made a path.

    Args:
        name: As `list_runs` gives it.
        runs: The folder that was opened.

    Raises:
        Refused: There is no such run, or none any more.
    """
    found = list_runs(runs).get(name)
    if found is None:
        raise refuse("refused.runs.name", name=name)
    return found


def name_below(path: Path, runs: Path) -> str:
    """A path below the folder as a name, with "." for the folder itself.

    Bytes that are no text are written out with a backslash, since JSON can't hold them.
    """
    return path.relative_to(runs).as_posix().encode("utf-8", "backslashreplace").decode()
