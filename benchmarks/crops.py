"""A folder in which each image occurs in five crops: what a split by chance says, and what is true.

Photographs of a data set are cut to their four corners and their middle, as people do who have too
few. A network is trained on three splits of all the crops, a fifth for testing: by chance, in
which nearly every test image has siblings among those trained on; as Convscope divides them, with
the copies that it finds in one split; and with the photograph of each crop given as its group, as
`--group-by` does. Beside the test accuracies stand those on crops of photographs that are in
neither, and the share of photographs that the copies' split divides all the same.

    python benchmarks/crops.py [--set cifar10] [--photographs 300] [--cut 28] [--epochs 15]
        [--seeds 5] [--network small] [--out FILE.json]
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path

import numpy as np
import torch

from balance import share_right, train_network
from convscope.data.image_set import ImageSet, spread_evenly
from convscope.data.load import load, load_splits
from convscope.data.splits import split_stratified
from convscope.runs.recipe import named

NEW = 1000


def cut_five(images: ImageSet, side: int) -> ImageSet:
    """The four corners and the middle of each image: (5 N, C, side, side)."""
    height, width = images.image_shape[1:]
    corners = [(top, left) for top in (0, height - side) for left in (0, width - side)]
    corners.append(((height - side) // 2, (width - side) // 2))
    cut = [images.images[:, :, top : top + side, left : left + side] for top, left in corners]
    pixels = np.stack(cut, axis=1).reshape(-1, images.image_shape[0], side, side)
    return ImageSet(pixels, np.repeat(images.labels, len(cut)), images.classes)


def measure(options: argparse.Namespace, seed: int) -> dict[str, float]:
    """The accuracies for one choice of photographs."""
    random = np.random.default_rng(seed)
    source = load(options.set)
    chosen = random.permutation(len(source))[: options.photographs]
    crops = cut_five(source.subset(np.sort(chosen)), options.cut)
    test = load(options.set, "test")
    new = cut_five(test.subset(spread_evenly(len(test), NEW)), options.cut)
    recipe = named("fast", options.network, options.set).replace(
        epochs=options.epochs, seed=seed, batch_size=32
    )
    stay, taken = split_stratified(crops.labels, 0.2, seed)
    fair = load_splits(crops, validation=0, seed=seed)
    names = [str(row // 5) for row in range(len(crops))]
    named_crops = ImageSet(crops.images, crops.labels, crops.classes, groups=names)
    grouped = load_splits(named_crops, validation=0, seed=seed)
    found = {}
    for name, train, held in (
        ("by chance", crops.subset(stay), crops.subset(taken)),
        ("copies together", fair["train"], fair["test"]),
        ("groups given", grouped["train"], grouped["test"]),
    ):
        module = train_network(options.network, train, recipe, "as it is", options.cut)
        found[name] = share_right(module, held, train, options.cut)
        found[f"new, {name}"] = share_right(module, new, train, options.cut)
    siblings = fair["test"].paths, fair["train"].paths
    photographs = [{int(path[7:-1]) // 5 for path in paths} for paths in siblings]
    found["divided photographs"] = len(photographs[0] & photographs[1]) / options.photographs
    return found


def main() -> None:
    """Measure and print the means, with the range over the seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", default="cifar10")
    parser.add_argument("--photographs", type=int, default=300)
    parser.add_argument("--cut", type=int, default=28)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--network", default="small")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = [measure(options, seed) for seed in range(options.seeds)]
    for name in rows[0]:
        values = [100 * row[name] for row in rows]
        mean = statistics.fmean(values)
        print(f"{name}: {mean:.1f} % ({min(values):.1f} to {max(values):.1f})")
    if options.out:
        text = json.dumps({"options": {**vars(options), "out": None}, "rows": rows}, indent=1)
        options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
