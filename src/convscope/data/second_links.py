"""Links to one file that would count it several times in the same class.

Stores of content, such as the objects of git-annex, hold equal files once; a folder may then hold
several links to one of them. The first one counts.
"""

from __future__ import annotations

from dataclasses import replace

from convscope.data.image_set import Problem
from convscope.data.layout import Layout
from convscope.data.tree import FolderTree, Listing

SECOND = "a second link to a file that this class already holds"


def leave_out_second_links(layout: Layout, tree: FolderTree, listing: Listing) -> Layout:
    """The layout with one link to each file in a class of a split; the others are problems.

    Links in different classes or splits all stay: they are found as copies.
    """
    if not listing.links:
        return layout
    seen: set[tuple[str, str, int, int]] = set()
    second: dict[str, None] = {}
    for file, place in layout.places.items():
        if file not in listing.links:
            continue
        try:
            status = (tree.root / file).stat()
        except OSError:  # said when it is read
            continue
        key = (place.split, place.label, status.st_dev, status.st_ino)
        if key in seen:
            second[file] = None
        seen.add(key)
    left = {file: place for file, place in layout.places.items() if file not in second}
    problems = [*layout.problems, *(Problem(tree.where(file), SECOND) for file in second)]
    return replace(layout, places=left, problems=problems)
