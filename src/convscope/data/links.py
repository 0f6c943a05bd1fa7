"""Which links in a folder are followed.

The rules:

* A link that leads out of the folder is followed; a folder is visited once, however many links lead
  to it.
* So is a link to what is hidden inside the folder, such as the objects of git-annex.
* A link to an image that can be seen inside the folder would make one image two samples, and is
  left out, unless the image lies in a store: a folder whose files are all reached by links, from at
  least two folders. Then the links are followed, and the store's files are left out.
* Several such links to one file count once in a class (`second_links`).
* A link to a folder around it, or to a visible folder inside, would go in circles or read it twice,
  and is left out. So is a link to nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

INSIDE = "a link to something inside the same folder"


def follow_link(
    path: Path, root: Path, visited: set[Path], is_ignored: Callable[[str], bool]
) -> tuple[str, str]:
    """Whether a link is followed.

    Args:
        path: The link.
        root: The root of the tree, without links in it.
        visited: The folders that links have led to so far; gets the one that this link leads to.
        is_ignored: Whether a name is one that doesn't count.

    Returns:
        Why it isn't followed, or ""; and the visible file of the tree that it leads to, or "".
    """
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: a link to itself, before Python 3.13
        return _nothing(path), ""
    if root.is_relative_to(target):
        return INSIDE, ""
    if target.is_relative_to(root):
        below = target.relative_to(root)
        if not any(map(is_ignored, below.parts)):
            return (INSIDE, "") if target.is_dir() else ("", below.as_posix())
    if target.is_dir():
        if any(target.is_relative_to(folder) for folder in visited - {root}):
            return "a link to a folder that was already read", ""
        visited.add(target)
    return "", ""


def _nothing(path: Path) -> str:
    try:
        is_annexed = ".git/annex" in path.readlink().as_posix()
    except OSError:
        is_annexed = False
    hint = "; its content isn't here: git annex get" if is_annexed else ""
    return f"a link to nothing{hint}"


def find_stores(files: list[str], links: Mapping[str, str]) -> set[str]:
    """The folders whose files are all reached by links from at least two folders elsewhere.

    Args:
        files: All files that aren't links to visible ones.
        links: Link → the visible file that it leads to.
    """
    sources: dict[str, set[str]] = defaultdict(set)
    reached: dict[str, set[str]] = defaultdict(set)
    for link, target in links.items():
        folder = link.rpartition("/")[0]
        around = f"{folder}/"
        for place, character in enumerate(target):
            if character == "/" and not around.startswith(target[: place + 1]):
                sources[target[:place]].add(folder)
                reached[target[:place]].add(target)
    held: dict[str, int] = defaultdict(int)
    for file in files:
        for place, character in enumerate(file):
            if character == "/":
                held[file[:place]] += 1
    return {
        folder
        for folder, targets in reached.items()
        if len(sources[folder]) > 1 and len(targets) == held[folder]
    }
