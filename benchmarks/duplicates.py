"""How many planted copies `convscope data --check` finds, how often it errs, and how long it takes.

Copies of every kind (benchmarks/planted.py) are planted among distinct images. Recall is the
share of them reported with their original. "Reported" is the share of the distinct images that
are said to have a near duplicate among the distinct ones: an upper bound of the false rate, because
real data sets have real duplicates. With `--figures FOLDER` they can be looked at.

    python benchmarks/duplicates.py [--sets small,fashion-mnist,cifar10,files,mosaics,time]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import convscope as cs
from convscope.data.check.check import check
from convscope.data.check.figure import draw_duplicates
from convscope.data.load import source_splits
from planted import KINDS, as_array, as_image

SEED = 1
COPIES = 300


def arrays(name: str, count: int) -> tuple[str, cs.ImageSet]:
    """Copies among the arrays of a named set; paths as in `original-7` and `resized-7`."""
    train = cs.load(name)
    random = np.random.default_rng(SEED)
    chosen = train.subset(np.sort(random.choice(len(train), count, replace=False)))
    parts, labels, paths = (
        [chosen.images],
        [chosen.labels],
        [f"original-{i}" for i in range(count)],
    )
    height, width = chosen.image_shape[1:]
    for kind, copy in KINDS.items():
        rows = random.choice(count, COPIES, replace=False)
        copies = [
            as_array(copy(as_image(chosen.images[row]), random), height, width) for row in rows
        ]
        parts.append(np.stack(copies))
        labels.append(chosen.labels[rows])
        paths += [f"{kind}-{row}" for row in rows]
    images = np.concatenate(parts)
    planted = cs.ImageSet(images, np.concatenate(labels), chosen.classes, paths=paths, name=name)
    return f"{name}, {count:,} images {height}×{width}", planted


def files(folder: Path, images: NDArray[np.uint8]) -> None:
    """The same as JPEG files of quality 95, each in its own size, in two class folders."""
    random = np.random.default_rng(SEED)
    for half in ("one", "two"):
        (folder / half).mkdir(parents=True)

    def save(name: str, number: int, image: Image.Image) -> None:
        half = "one" if number % 2 else "two"
        image.save(folder / half / f"{name}-{number}.jpg", quality=95)

    for number, image in enumerate(images):
        save("original", number, as_image(image))
    for kind, copy in KINDS.items():
        for number in random.choice(len(images), COPIES, replace=False).tolist():
            save(kind, number, copy(as_image(images[number]), random))


def cifar(count: int) -> NDArray[np.uint8]:
    """Images of CIFAR-10, drawn at random."""
    train = cs.load("cifar10")
    return train.images[np.random.default_rng(SEED).choice(len(train), count, replace=False)]


def mosaics(count: int) -> NDArray[np.uint8]:
    """Images of 256 × 256 pixels, each made of 16 of CIFAR-10 enlarged twice."""
    parts = cifar(16 * count).reshape(count, 4, 4, 3, 32, 32)
    whole = parts.transpose(0, 3, 1, 4, 2, 5).reshape(count, 3, 128, 128)
    return np.stack([as_array(as_image(each).resize((256, 256)), 256, 256) for each in whole])


def evaluate(title: str, data: Path | cs.ImageSet, figures: Path | None) -> None:
    """Print a row of the table."""
    began = time.perf_counter()
    checked = check(data, quiet=True)
    seconds = time.perf_counter() - began
    splits = source_splits(data)
    originals = [path for path in splits["train"].paths if Path(path).stem.startswith("original")]
    found, wrong = set(), []
    for each in checked.findings:
        if each.other is None:
            continue
        names = [Path(place.path).stem for place in (each.place, each.other)]
        kinds, numbers = zip(*(name.split("-") for name in names), strict=True)
        if kinds == ("original", "original"):
            wrong.append(each)
        elif numbers[0] == numbers[1]:
            found |= set(names)
    recalls = [sum(name.startswith(kind) for name in found) / COPIES for kind in KINDS]
    cells = " | ".join(f"{recall:.1%}" for recall in recalls)
    reported = {place.path for each in wrong for place in (each.place, each.other) if place}
    share = len(reported) / len(originals)
    print(f"| {title} | {cells} | {share:.2%} | {seconds:.0f} |", flush=True)
    if figures is not None and wrong:
        path = figures / f"{title.split(',')[0].replace(' ', '-')}.png"
        draw_duplicates(path, replace(checked, findings=tuple(wrong)), splits)


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default="small,fashion-mnist,cifar10,files,mosaics,time")
    parser.add_argument("--figures", type=Path, help="folder for figures of what was reported")
    options = parser.parse_args()
    print(f"| {COPIES} copies of each kind among | {' | '.join(KINDS)} | reported | seconds |")
    print("|---" * (len(KINDS) + 3) + "|", flush=True)
    for name in options.sets.split(","):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "planted"
            if name == "small":
                evaluate(*arrays("fashion-mnist", 2_000), options.figures)
                evaluate(*arrays("cifar10", 2_000), options.figures)
            elif name == "fashion-mnist":
                evaluate(*arrays(name, 60_000), options.figures)
            elif name == "cifar10":
                evaluate(*arrays(name, 20_000), options.figures)
            elif name == "files":
                files(folder, cifar(18_500))
                evaluate("20,000 files of CIFAR-10", folder, options.figures)
            elif name == "mosaics":
                files(folder, mosaics(2_000))
                evaluate("mosaics, 3,500 files of 256×256", folder, options.figures)
            elif name == "time":
                began = time.perf_counter()
                counts = check("fashion-mnist", quiet=True).counts()
                seconds = time.perf_counter() - began
                print(f"\nFashion-MNIST as published: {seconds:.0f} s, {counts}")


if __name__ == "__main__":
    main()
