"""Sets larger than memory: made here, then read, checked and trained, and the memory looked at.

    python benchmarks/large_sets.py make small /tmp/large/small    # 200,000 of 32x32 in 20 shards
    python benchmarks/large_sets.py make large /tmp/large/large    # 20,000 of 500x375 in a folder
    python benchmarks/large_sets.py speed /tmp/large/small --size 32
    python benchmarks/large_sets.py watch -- data /tmp/large/small --size 32 --check

`watch` runs a command of Convscope and prints the most that its process had resident, in parts:
anonymous memory, which is its own; and pages of files, which the system takes back when others need
them. The photographs are made of smooth noise, so they are
about as large as files as those of a camera.
"""

from __future__ import annotations

import argparse
import io
import resource
import subprocess
import sys
import tarfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = 10
SETS = {"small": (200_000, 32, 32, 10_000), "large": (20_000, 375, 500, 1_000)}
"""Images, height, width, and how many a part is made of."""


def image(number: int, height: int, width: int) -> bytes:
    """A JPEG of smooth noise in a colour that its class decides, and no other has."""
    random = np.random.default_rng(number)
    small = random.integers(0, 256, (max(4, height // 12), max(4, width // 12), 3), dtype=np.uint8)
    label = number % CLASSES
    small[..., label % 3] = small[..., label % 3] // 2 + 12 * label
    made = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    made.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def make_part(kind: str, out: Path, part: int) -> None:
    """A shard of small images, or their files where they are large."""
    _, height, width, count = SETS[kind]
    numbers = range(part * count, (part + 1) * count)
    if kind == "large":
        for number in numbers:
            file = out / f"class{number % CLASSES}" / f"{number:06d}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(image(number, height, width))
        return
    with tarfile.open(out / f"train-{part:06d}.tar", "w") as archive:
        for number in numbers:
            for name, content in (
                (f"{number:06d}.jpg", image(number, height, width)),
                (f"{number:06d}.cls", str(number % CLASSES).encode()),
            ):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))


def make(kind: str, out: Path, workers: int) -> None:
    """One of `SETS`."""
    out.mkdir(parents=True, exist_ok=True)
    count, _, _, each = SETS[kind]
    with ProcessPoolExecutor(workers) as pool:
        parts = range(count // each)
        list(pool.map(make_part, [kind] * len(parts), [out] * len(parts), parts))


def resident(process: int) -> dict[str, int]:
    """Bytes that a process has in memory, by kind (Linux); nothing once it ended."""
    kinds = {"RssAnon": "anonymous", "RssFile": "file", "RssShmem": "shared"}
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return {}
    return {
        kinds[name]: int(rest.split()[0]) << 10
        for name, _, rest in (line.partition(":") for line in lines)
        if name in kinds
    }


def watch(arguments: list[str], every: float) -> None:
    """Run a command, and say what memory and processor time it took."""
    most: dict[str, int] = {}
    begun = time.perf_counter()
    with subprocess.Popen([sys.executable, "-m", "convscope", *arguments]) as process:
        while process.poll() is None:
            now = resident(process.pid)
            for name, value in {**now, "all": sum(now.values())}.items():
                most[name] = max(most.get(name, 0), value)
            time.sleep(every)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        *(f"{name} {value / 1e6:,.0f} MB;" for name, value in most.items()),
        f"{used.ru_utime + used.ru_stime:,.1f} s of processor time,",
        f"{time.perf_counter() - begun:,.1f} s",
        file=sys.stderr,
    )


def speed(data: str, size: int, network: str, steps: int, rounds: int) -> None:
    """Train on images in memory and on those in a file in turns, and compare processor times."""
    import torch

    from convscope.data.augmentation_settings import Augmentation
    from convscope.data.batches import Batches, Normalization
    from convscope.data.load import source_splits
    from convscope.data.mapped import is_mapped
    from convscope.networks.catalog import build, entry

    torch.set_num_threads(1)
    stored = source_splits(data, size=size)["train"]
    assert is_mapped(stored.images)
    arguments = {"size": size} if "size" in entry(network).arguments else {}
    module = build(network, stored.image_shape[0], len(stored.classes), **arguments)
    normalization = Normalization((0.5,) * 3, (0.25,) * 3)
    optimizer = torch.optim.SGD(module.parameters(), 0.001)
    sets = {"file": stored, "memory": stored.with_images(np.array(stored.images))}
    loops = {
        name: Batches(
            images,
            128,
            normalization=normalization,
            train=True,
            size=size,
            augmentation=Augmentation(flip=True, crop=4),
        )
        for name, images in sets.items()
    }
    spent: dict[str, list[float]] = {name: [] for name in loops}
    for turn in range(rounds + 1):
        for name in list(loops) if turn % 2 else list(loops)[::-1]:
            batches = loops[name].epoch(turn)
            begun = time.process_time()
            for _, (images, labels) in zip(range(steps), batches, strict=False):
                loss = torch.nn.functional.cross_entropy(module(images), labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            if turn:  # the first is for warming up
                spent[name].append(time.process_time() - begun)
    middle = {name: float(np.median(each)) for name, each in spent.items()}
    print(
        f"{network} at {size} pixels: {128 * steps / middle['file']:,.0f} images per second of "
        f"processor time from the file, {128 * steps / middle['memory']:,.0f} from memory; "
        f"ratio {middle['memory'] / middle['file']:.3f} (median of {rounds} rounds)"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("make")
    making.add_argument("kind", choices=SETS)
    making.add_argument("out", type=Path)
    making.add_argument("--workers", type=int, default=2)
    racing = commands.add_parser("speed")
    racing.add_argument("data")
    racing.add_argument("--size", type=int, default=32)
    racing.add_argument("--network", default="lenet")
    racing.add_argument("--steps", type=int, default=100)
    racing.add_argument("--rounds", type=int, default=7)
    watching = commands.add_parser("watch")
    watching.add_argument("--every", type=float, default=0.1)
    watching.add_argument("arguments", nargs="+")
    given = parser.parse_args()
    if given.command == "make":
        make(given.kind, given.out, given.workers)
    elif given.command == "speed":
        speed(given.data, given.size, given.network, given.steps, given.rounds)
    else:
        watch(given.arguments, given.every)
