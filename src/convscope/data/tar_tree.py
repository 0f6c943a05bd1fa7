"""The files of tar archives, read in place; and their labels, where they stand beside the images.

In the convention of WebDataset the files of a sample have a name in common up to its first dot:
`000017.jpg` is the image and `000017.cls` its class, a number or name; or `000017.json`, an object
with a `label` (or `class_name`, … as columns of a table are called). Archives without such files
are taken as folders are.

* Of several images of one sample, the one without a second dot counts: `17.jpg`, not `17.seg.png`.
* Classes that are numbers get their names from `classnames.txt` (or `classes.txt`, `labels.txt`)
  beside the archives or in the folder above, if it has a line for each.
* Splits go by the names of the archives or their folders, as those of folders do: `train-0.tar` and
  `val-0.tar`, or `train/0.tar` and `test/0.tar`. Without one for training and another, all are one.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path

from convscope.data.decode import MAX_BYTES, ImageError
from convscope.data.file_kinds import make_printable, may_be_image
from convscope.data.fingerprint import remember
from convscope.data.image_set import Problem
from convscope.data.label_table import LabelledFile
from convscope.data.parallel import map_in_order
from convscope.data.shards import name_source
from convscope.data.split_names import find_split_roles
from convscope.data.tar_index import TarIndex, key_of_sample, read_index
from convscope.data.tree import Listing, tell_problems
from convscope.errors import ConvscopeError, UsageError
from convscope.look.names import join_names
from convscope.look.numbers import counted
from convscope.look.progress import progress

CLASS_NAMES = ("classnames.txt", "class_names.txt", "classes.txt", "labels.txt")
LONGEST_NAMES = 1 << 22


class TarTree:
    """The files of tar archives. With one, paths are those in it; with more, below its name.

    Args:
        given: What was given as data.
        shards: The archives it means, at least one.
    """

    def __init__(self, given: Path, shards: Sequence[Path]) -> None:
        path = given.absolute()
        self.name = make_printable(path.resolve().name if path.is_dir() else name_source(path))
        self._root = Path(os.path.commonpath([each.absolute().parent for each in shards]))
        self._shards = {_inside(each, self._root): each for each in shards}

    @property
    def shards(self) -> int:
        """How many archives there are."""
        return len(self._shards)

    @cached_property
    def _indices(self) -> dict[str, TarIndex]:
        """Shard → what it holds."""
        names = list(self._shards)
        with progress(f"Listing {self.name}", len(names)) as advance:
            found = map_in_order(read_index, list(self._shards.values()), advance, chunk=1)
            return dict(zip(names, found, strict=True))

    @cached_property
    def _places(self) -> dict[str, tuple[str, str]]:
        """File → its shard and its name there."""
        return {
            self._join(shard, name): (shard, name)
            for shard, index in self._indices.items()
            for name in index.files
        }

    def _join(self, shard: str, name: str) -> str:
        return name if len(self._shards) == 1 else f"{shard}/{name}"

    def listing(self) -> Listing:
        """The files, without those that hold labels."""
        problems: list[Problem] = []
        for shard, index in self._indices.items():
            problems += tell_problems(index.reasons, partial(self._at, shard))
        cut = [shard for shard, index in self._indices.items() if not index.is_ended]
        problems += [
            Problem(
                self._at(shard, ""),
                "has no end mark: if it was cut off between two members, images are missing",
            )
            for shard in cut
        ]
        return Listing(sorted(self._places), problems)

    @cached_property
    def has_labels(self) -> bool:
        """Whether labels stand beside the images."""
        return any(index.labels for index in self._indices.values())

    def labelled(
        self, *, is_divided: bool, is_for_known: bool = False
    ) -> tuple[dict[str, LabelledFile], list[Problem], list[str]]:
        """Image → what its label says, what was left out, and notes.

        Args:
            is_divided: Whether names of shards may say that they are splits.
            is_for_known: Whether a network knows its classes already, so that none need be learned.

        Raises:
            UsageError: Some shards' names say a split and others' don't, or none is for training.
        """
        splits = self._splits(is_for_known) if is_divided else dict.fromkeys(self._shards, "")
        found: dict[str, LabelledFile] = {}
        problems: list[Problem] = []
        for shard, index in self._indices.items():
            chosen, reasons = choose_images(index)
            problems += tell_problems(reasons, partial(self._at, shard))
            for name, key in chosen.items():
                file = self._join(shard, name)
                found[file] = LabelledFile(file, index.labels[key], splits[shard])
        found, notes = self._with_names(found)
        return found, problems, notes

    def read(self, file: str) -> bytes:
        """The content of one of the files; `ImageError` if it cannot be had."""
        shard, name = self._places[file]
        start, size = self._indices[shard].files[name]
        if size > MAX_BYTES:
            raise ImageError(f"larger than {MAX_BYTES >> 20} MiB")
        try:
            with self._shards[shard].open("rb", buffering=0) as archive:
                archive.seek(start)
                content = archive.read(size)
        except OSError as error:
            raise ImageError(f"cannot be read: {error.strerror or error}") from error
        if len(content) < size:
            raise ImageError("the archive has become shorter")
        return content

    def where(self, file: str) -> str:
        """How a person finds the file."""
        if not file:
            return make_printable(str(self._root if len(self._shards) > 1 else self._only))
        shard, name = self._places.get(file) or self._part(file)
        return self._at(shard, name)

    @property
    def _only(self) -> Path:
        return next(iter(self._shards.values()))

    def _part(self, path: str) -> tuple[str, str]:
        """A folder in an archive, as the archive and the folder."""
        if len(self._shards) == 1:
            return next(iter(self._shards)), path
        shard = next((each for each in self._shards if f"{path}/".startswith(f"{each}/")), "")
        return shard, path[len(shard) :].lstrip("/")

    def _at(self, shard: str, name: str) -> str:
        path = str(self._shards[shard]) if shard else str(self._root)
        return make_printable(f"{path}/{name}" if name else path)

    def digests(self, files: list[str]) -> list[str]:
        """Texts that change when the content of one of the files does."""
        digest = hashlib.sha256()
        for each in self.contents(files):
            digest.update(each.encode())
        return [digest.hexdigest()]

    def contents(self, files: list[str]) -> list[str]:
        """For each file a text that is the same for files of the same content: its digest."""
        shards = list(dict.fromkeys(self._places[file][0] for file in files))
        known: dict[str, dict[str, str]] = {}
        with progress(f"Reading {self.name}", len(shards)) as advance:
            for shard, digests in zip(
                shards, map_in_order(self._digests, shards, advance, chunk=1), strict=True
            ):
                known[shard] = dict(zip(self._indices[shard].files, digests, strict=True))
        return [known[shard][name] for shard, name in map(self._places.__getitem__, files)]

    def _digests(self, shard: str) -> list[str]:
        """The digest of each file of a shard, in order, remembered while the shard is unchanged."""
        files = [self._join(shard, name) for name in self._indices[shard].files]

        def digest(file: str) -> str:
            try:
                return hashlib.blake2b(self.read(file), digest_size=16).hexdigest()
            except ImageError:
                return f"unreadable {file}"

        found = remember(self._shards[shard], "tar-contents", lambda: list(map(digest, files)))
        is_whole = isinstance(found, list) and len(found) == len(files)
        return list(map(str, found)) if is_whole else list(map(digest, files))

    def _splits(self, is_for_known: bool) -> dict[str, str]:
        """Shard → its split, "" where all are one."""
        roles = find_split_roles(self._shards)
        if (len(set(roles.values())) < 2 and roles.keys() == self._shards.keys()) or not roles:
            return dict.fromkeys(self._shards, "")
        unclear = sorted(self._shards.keys() - roles.keys())
        if unclear:
            raise UsageError(
                f"The names of some shards say which split they are, as {next(iter(roles))}.tar "
                f"({next(iter(roles.values()))}), and those of others don't: "
                f"{join_names([f'{each}.tar' for each in unclear])}. Name the shards of one data "
                "set alike, give only those that are meant, or say that names mean nothing: "
                "--split-folders none."
            )
        if "train" not in roles.values() and not is_for_known:
            raise UsageError(
                f"There are shards for {join_names(sorted(set(roles.values())))} and none to train "
                "on, by their names. Give those for training as well, or say that names mean "
                "nothing: --split-folders none."
            )
        return roles

    def _with_names(
        self, found: dict[str, LabelledFile]
    ) -> tuple[dict[str, LabelledFile], list[str]]:
        """The classes by their names, where they are numbers and a file beside has the names."""
        if not all(each.label.isdecimal() for each in found.values()):
            return found, []
        folders = dict.fromkeys([*(each.parent for each in self._shards.values()), self._root])
        above = list(folders)[-1].absolute().parent
        paths = [folder / name for folder in (*folders, above) for name in CLASS_NAMES]
        path = next((each for each in paths if each.is_file()), None)
        if path is None:
            return found, []
        names = _read_names(path)
        most = max((int(each.label) for each in found.values()), default=0)
        if most >= len(names):
            return found, [
                f"Classes stay numbers: {make_printable(str(path))} has "
                f"{counted(len(names), 'name')}, and there is a class {most}"
            ]
        if len(set(names)) < len(names):
            return found, [f"Classes stay numbers: {make_printable(str(path))} has a name twice"]
        named = {
            file: LabelledFile(file, names[int(each.label)], each.split)
            for file, each in found.items()
        }
        return named, [f"Classes are called as in {make_printable(str(path))}, from 0 on"]


def choose_images(index: TarIndex) -> tuple[dict[str, str], dict[str, str]]:
    """The image of each sample that has a label, with its key; and what is left out, and why."""
    images: dict[str, list[str]] = defaultdict(list)
    for name in index.files:
        if may_be_image(name):
            images[key_of_sample(name)].append(name)
    chosen: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for key, names in images.items():
        plain = [name for name in names if name.count(".", len(key)) == 1] or names
        if key not in index.labels:
            reasons |= dict.fromkeys(names, "no label: neither a .cls nor a .json with one beside")
        elif len(plain) > 1:
            reasons |= dict.fromkeys(plain, "several images of one sample")
        else:
            chosen[plain[0]] = key
    for key in index.labels.keys() - images.keys():
        reasons[key] = "a label without an image"
    return chosen, reasons


def _read_names(path: Path) -> list[str]:
    """Names of classes, a line each, without empty lines at the end."""
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_NAMES)
    except OSError as error:
        raise ConvscopeError(f"'{path}' can't be read: {error.strerror}.") from None
    return [line.strip() for line in content.decode("utf-8-sig", "replace").rstrip().splitlines()]


def _inside(shard: Path, root: Path) -> str:
    """A shard's name below the folder of all, without its suffix, parted by "/"."""
    return shard.absolute().relative_to(root).with_suffix("").as_posix()
