"""CIFAR-10 in any of the forms in which it is passed on.

Krizhevsky (2009), "Learning multiple layers of features from tiny images": 60,000 colour images
of 32×32 pixels. It is published as five training batches and a test batch, each in two formats:
*binary* (records of a label byte and 3×32×32 pixel bytes) and *python* (pickles, which are read
here without unpickling). Both may lie unpacked or in their `.tar.gz`. A folder or zip archive of
the images as files serves as well, where the original is not at hand.
"""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.data import folder as image_folder
from convscope.data.download import RemoteFile, download
from convscope.data.image_set import ImageSet
from convscope.data.plain_pickle import Called, Named, read_plain_pickle
from convscope.data.tree import FolderTree
from convscope.data.zip_tree import ZipTree
from convscope.errors import ConvscopeError
from convscope.folders import download_folder, search_folders

CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
IMAGE = (3, 32, 32)
PIXELS = 3 * 32 * 32
MAX_BATCH_BYTES = 64 << 20  # twice a batch of 10,000 images
ARCHIVE = RemoteFile(
    "cifar-10-binary.tar.gz",
    (
        "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        "https://cave.cs.toronto.edu/kriz/cifar-10-binary.tar.gz",
    ),
    "c32a1d4ab5d03f1284b67883e8d87530",
)

Batch = tuple[NDArray[np.uint8], NDArray[np.int64]]


def read() -> dict[str, ImageSet]:
    """50,000 training and 10,000 test images, 3×32×32, found on this machine or downloaded.

    Raises:
        ConvscopeError: A file is damaged, or could not be downloaded.
    """
    for folder in search_folders("cifar10"):
        found = _read_folder(folder)
        if found is not None:
            return found
    return _from_archive(BINARY, download(ARCHIVE, download_folder("cifar10")))


def _read_folder(folder: Path) -> dict[str, ImageSet] | None:
    """What the folder holds of CIFAR-10: the originals before the images as files."""
    for form in (BINARY, PYTHON):
        for unpacked in (folder / form.folder, folder):
            if (unpacked / form.train[0]).is_file():
                return _from_folder(form, unpacked)
        if (folder / form.archive).is_file():
            return _from_archive(form, folder / form.archive)
    if (folder / "cifar10-jpeg.zip").is_file():
        return _name_sets(
            image_folder.read(ZipTree(folder / "cifar10-jpeg.zip"), size=32, channels=3)
        )
    for images in (folder / "cifar10-jpeg", folder):
        if (images / "train" / CLASSES[0]).is_dir():
            return _name_sets(image_folder.read(FolderTree(images), size=32, channels=3))
    return None


def _name_sets(sets: dict[str, ImageSet]) -> dict[str, ImageSet]:
    for each in sets.values():
        each.name = "cifar10"
    return sets


def _parse_binary(content: bytes) -> Batch:
    """Records of one label byte and the pixels of the image, channel by channel, row by row."""
    if not content or len(content) % (1 + PIXELS):
        raise ValueError(
            f"its length {len(content):,} is not a number of {1 + PIXELS}-byte records"
        )
    records = np.frombuffer(content, dtype=np.uint8).reshape(-1, 1 + PIXELS)
    return records[:, 1:].reshape(-1, *IMAGE), records[:, 0].astype(np.int64)


def _parse_python(content: bytes) -> Batch:
    """A dictionary with "labels", a list, and "data", an array uint8 (N, 3072)."""
    batch = read_plain_pickle(content)
    if not isinstance(batch, dict):
        raise ValueError("it holds no dictionary")
    entries = {key.decode() if isinstance(key, bytes) else key: batch[key] for key in batch}
    labels, data = entries.get("labels"), entries.get("data")
    if not isinstance(labels, list) or not all(type(label) is int for label in labels):
        raise ValueError("its labels are not a list of whole numbers")
    pixels = np.frombuffer(_array_bytes(data, len(labels)), dtype=np.uint8)
    return pixels.reshape(-1, *IMAGE), np.array(labels, dtype=np.int64)


def _array_bytes(data: Any, images: int) -> bytes:
    """The values of a pickled NumPy array of uint8 (N, 3072).

    NumPy pickles an array as a call of `_reconstruct` whose state is (version, shape, type,
    whether columns come first, values).
    """
    match data:
        case Called(
            function=Named(
                name="numpy.core.multiarray._reconstruct"
                | "numpy._core.multiarray._reconstruct"  # since NumPy 2
            ),
            state=(
                _,
                (int(rows), int(columns)),
                Called(arguments=("u1", *_)),
                False,
                str() | bytes() as values,
            ),
        ):
            pass
        case _:
            raise ValueError("its data is not a NumPy array of bytes")
    content = values.encode("latin-1") if isinstance(values, str) else values
    if columns != PIXELS or rows != images or len(content) != rows * columns or not rows:
        raise ValueError(
            f"its data has {rows} rows of {columns} values in {len(content):,} bytes, for "
            f"{images} labels; each image takes {PIXELS}"
        )
    return content


@dataclass(frozen=True)
class Form:
    """One of the two published formats.

    Attributes:
        archive: Name of the `.tar.gz`.
        folder: Name of the folder in it.
        train: Names of the training batches.
        test: Name of the test batch.
        parse: From the content of a batch to its images (N, 3, 32, 32) and labels (N,);
            raises `ValueError` with the reason if it is damaged.
    """

    archive: str
    folder: str
    train: tuple[str, ...]
    test: str
    parse: Callable[[bytes], Batch]


BINARY = Form(
    archive="cifar-10-binary.tar.gz",
    folder="cifar-10-batches-bin",
    train=tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
    test="test_batch.bin",
    parse=_parse_binary,
)
PYTHON = Form(
    archive="cifar-10-python.tar.gz",
    folder="cifar-10-batches-py",
    train=tuple(f"data_batch_{number}" for number in range(1, 6)),
    test="test_batch",
    parse=_parse_python,
)


def _from_folder(form: Form, folder: Path) -> dict[str, ImageSet]:
    contents = {}
    for name in (*form.train, form.test):
        path = folder / name
        if not path.is_file():
            raise ConvscopeError(f"'{path}' is missing: CIFAR-10 has six batches. Put it there.")
        if path.stat().st_size > MAX_BATCH_BYTES:
            raise _damaged(path, "it is too large for a batch of CIFAR-10")
        contents[name] = path.read_bytes()
    return _sets(form, folder, contents)


def _from_archive(form: Form, archive: Path) -> dict[str, ImageSet]:
    """Read the batches out of the archive, into memory only; everything else in it is ignored."""
    wanted = {f"{form.folder}/{name}": name for name in (*form.train, form.test)}
    contents: dict[str, bytes] = {}
    try:
        with tarfile.open(archive, "r:gz") as members:
            for member in members:
                name = wanted.get(str(PurePosixPath(member.name)))
                if name is None or not member.isreg():
                    continue
                if member.size > MAX_BATCH_BYTES:
                    raise _damaged(archive, f"{name} is too large for a batch of CIFAR-10")
                file = members.extractfile(member)
                if file is not None:
                    contents[name] = file.read()
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise _damaged(archive, str(error)) from error
    missing = [name for name in wanted.values() if name not in contents]
    if missing:
        raise _damaged(archive, f"it lacks {', '.join(missing)}")
    return _sets(form, archive, contents)


def _sets(form: Form, source: Path, contents: dict[str, bytes]) -> dict[str, ImageSet]:
    sets = {}
    for split, names in {"train": form.train, "test": (form.test,)}.items():
        batches = {name: _parse(form, source / name, contents.pop(name)) for name in names}
        sets[split] = ImageSet(
            np.concatenate([images for images, _ in batches.values()]),
            np.concatenate([labels for _, labels in batches.values()]),
            CLASSES,
            paths=[
                f"{name}[{row}]"
                for name, (_, labels) in batches.items()
                for row in range(len(labels))
            ],
            name="cifar10",
            split=split,
        )
    return sets


def _parse(form: Form, path: Path, content: bytes) -> Batch:
    try:
        images, labels = form.parse(content)
        wrong = np.flatnonzero((labels < 0) | (labels >= len(CLASSES)))
        if len(wrong):
            raise ValueError(f"label {wrong[0]} is {labels[wrong[0]]}, and the largest is 9")
    except (ValueError, OverflowError) as error:
        raise _damaged(path, str(error)) from error
    return images, labels


def _damaged(path: Path, reason: str) -> ConvscopeError:
    return ConvscopeError(
        f"'{path}' cannot be read as CIFAR-10: {reason}. Delete it, so that it is downloaded "
        "again, or replace it."
    )
