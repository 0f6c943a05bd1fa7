"""MNIST and Fashion-MNIST: the same four IDX files, with other images.

LeCun, Bottou, Bengio and Haffner (1998), "Gradient-based learning applied to document
recognition"; Xiao, Rasul and Vollgraf (2017), "Fashion-MNIST".
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convscope.data.download import RemoteFile, download
from convscope.data.idx import read_idx
from convscope.data.image_set import ImageSet
from convscope.errors import ConvscopeError
from convscope.folders import download_folder, search_folders

FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


@dataclass(frozen=True)
class Source:
    """One of the data sets.

    Attributes:
        classes: Names in the order of the labels.
        mirrors: Addresses of folders that hold the files.
        digests: MD5 of each gzipped file.
        label_digest: MD5 of the unpacked training labels, which tells the sets apart.
    """

    classes: tuple[str, ...]
    mirrors: tuple[str, ...]
    digests: dict[str, str]
    label_digest: str


SOURCES = {
    "mnist": Source(
        classes=tuple("0123456789"),
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        digests={
            "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
            "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
            "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
        },
        label_digest="a25bea736e30d166cdddb491f175f624",
    ),
    "fashion-mnist": Source(
        classes=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        mirrors=(
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ),
        digests={
            "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
            "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
            "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
        },
        label_digest="9018921c3c673c538a1fc5bad174d6f9",
    ),
}


def read(name: str) -> dict[str, ImageSet]:
    """60,000 training and 10,000 test images, 1×28×28, found on this machine or downloaded.

    Args:
        name: "mnist" or "fashion-mnist".

    Raises:
        ConvscopeError: A file is damaged, or could not be downloaded.
    """
    source = SOURCES[name]
    folder = find(name) or _download(name, source)
    sets = {}
    for split, (image_name, label_name) in FILES.items():
        image_file, label_file = _file(folder, image_name), _file(folder, label_name)
        if image_file is None or label_file is None:
            missing = image_name if image_file is None else label_name
            raise ConvscopeError(f"'{folder}' lacks {missing} (or {missing}.gz). Put it there.")
        labels = read_idx(label_file, axes=1)
        images = read_idx(image_file, axes=3, count=len(labels))
        _check(label_file, labels, len(source.classes))
        paths = [f"{image_name.removesuffix('-idx3-ubyte')}[{row}]" for row in range(len(images))]
        sets[split] = ImageSet(
            images[:, None],  # (N, 1, H, W)
            labels,
            source.classes,
            paths=paths,
            name=name,
            split=split,
        )
    return sets


def _file(folder: Path, name: str) -> Path | None:
    """The file, plain or gzipped."""
    both = (folder / name, folder / f"{name}.gz")
    return next((path for path in both if path.is_file()), None)


def find(name: str) -> Path | None:
    """The first folder that holds the training labels of this data set; None if there is none."""
    others = {each.label_digest for key, each in SOURCES.items() if key != name}
    for folder in search_folders(name):
        file = _file(folder, FILES["train"][1])
        if file is not None and (folder.name == name or _label_digest(file) not in others):
            return folder
    return None


def _label_digest(file: Path) -> str:
    labels = read_idx(file, axes=1)
    header = b"\0\0\x08\x01" + len(labels).to_bytes(4, "big")
    return hashlib.md5(header + labels.tobytes(), usedforsecurity=False).hexdigest()


def _download(name: str, source: Source) -> Path:
    for file, digest in source.digests.items():
        urls = tuple(mirror + file for mirror in source.mirrors)
        download(RemoteFile(file, urls, digest), download_folder(name))
    return download_folder(name)


def _check(label_file: Path, labels: NDArray[np.uint8], classes: int) -> None:
    if labels.max() >= classes:
        row = int(np.argmax(labels >= classes))
        raise ConvscopeError(
            f"'{label_file}' is damaged: label {row} is {labels[row]}, and the largest is "
            f"{classes - 1}. Replace it."
        )
