"""What only the files tell, not the decoded images: whether two are the same, and their sizes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from convscope.data.decode import ImageError, decode, read_size
from convscope.data.parallel import map_in_order
from convscope.data.tree import Tree
from convscope.look.progress import progress


@dataclass(frozen=True)
class FileFacts:
    """Of an image file.

    Attributes:
        digest: A digest of the file's bytes.
        height: In pixels, as its header gives it.
        width: In pixels.
    """

    digest: bytes
    height: int
    width: int


class ImageFiles:
    """The files behind the images of a folder or archive.

    Attributes:
        facts: Path, as `ImageSet.paths` has it → what its file tells.
    """

    def __init__(self, tree: Tree, paths: Sequence[str], *, quiet: bool = False) -> None:
        """Read the files once.

        Args:
            tree: Where they lie.
            paths: The paths of the images.
            quiet: Show no progress.
        """
        self._tree = tree
        self._files = {tree.where(file): file for file in tree.listing().files}
        found = [path for path in paths if path in self._files]
        with progress(f"Reading {tree.name}", len(found), quiet=quiet) as advance:
            facts = zip(found, map_in_order(self._read, found, advance), strict=True)
            self.facts = {path: fact for path, fact in facts if fact is not None}

    def _read(self, path: str) -> FileFacts | None:
        try:
            content = self._tree.read(self._files[path])
            return FileFacts(_digest(content), *read_size(content))
        except ImageError:
            return None  # it has gone since the images were read

    def digest(self, path: str) -> bytes | str:
        """Of the file's bytes; the path, which no other has, if it is gone."""
        return self.facts[path].digest if path in self.facts else path

    def pixels(self, path: str) -> bytes | str:
        """A digest of the image decoded in its own size; the path if that fails."""
        return digest_of_pixels(self._tree, self._files.get(path), path)


def digest_of_pixels(tree: Tree, file: str | None, path: str) -> bytes | str:
    """A digest of an image decoded in its own size; its path, which no other has, if that fails.

    Args:
        tree: Where it lies.
        file: The file; None if it is gone.
        path: As people know it.
    """
    try:
        image = decode(tree.read(file)) if file is not None else None
    except ImageError:
        image = None
    return path if image is None else _digest(repr(image.shape).encode() + image.tobytes())


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()
