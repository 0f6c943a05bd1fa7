"""Files that belong to images and are no examples themselves: masks and the like beside them.

Sets for segmentation lay them beside the images, and as examples they would give the class away:

* A file beside an image, called as the image is with a word such as `_mask` at the end.
* A folder called `masks`, `trimaps` or the like beside a folder called `images` or the like, inside
  a class folder. Beside the class folders, `layout` asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from convscope.data.layout_words import IMAGE_KINDS, KINDS

ENDING = re.compile(
    r"[ _.-]+(masks?|seg|segmentation|gt|groundtruth|trimap|labels?|annotations?)([ _-]?\d+)?$",
    re.IGNORECASE,
)


def find_companions(files: Iterable[str]) -> dict[str, str]:
    """The files that belong to other files, and why they are left out.

    Args:
        files: Paths of images, with "/" between the parts.
    """
    files = list(files)
    stems = {_stem(file) for file in files}
    folders = {parent for file in files for parent in _folders(file)}
    found: dict[str, str] = {}
    for file in files:
        stem = _stem(file)
        owner = ENDING.sub("", stem)
        if owner != stem and owner in stems:
            found[file] = "by its name a mask of the image beside it"
            continue
        for folder in _folders(file):
            parent, _, name = folder.rpartition("/")
            if (
                parent
                and name.casefold() in KINDS - IMAGE_KINDS
                and any(f"{parent}/{kind}" in folders for kind in _spelled(IMAGE_KINDS))
            ):
                found[file] = f"in {name!r} beside a folder of images"
                break
    return found


def _stem(file: str) -> str:
    folder, slash, name = file.rpartition("/")
    return folder + slash + name.rpartition(".")[0]


def _folders(file: str) -> list[str]:
    """The folders that a file lies in, from the outside in."""
    return [file[:place] for place, character in enumerate(file) if character == "/"]


def _spelled(names: Iterable[str]) -> Iterable[str]:
    return (form for name in names for form in (name, name.capitalize(), name.upper()))
