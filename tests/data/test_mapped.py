"""Large images stay in files, whose pages are given back, and give the same numbers.

Tests data/mapped.py.
"""

import errno
import mmap
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from convscope.data import batches as batches_module
from convscope.data import mapped
from convscope.data.augmentation_settings import Augmentation
from convscope.data.batches import Batches, Normalization
from convscope.data.image_set import ImageSet
from convscope.data.mapped import copy_rows, is_mapped, map_images, pieces, read_ahead, release
from convscope.errors import ConvscopeError

IMAGES = np.random.default_rng(0).integers(0, 256, (50, 3, 8, 8), dtype=np.uint8)
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def large(monkeypatch, tmp_path):
    """The images as a file that counts as large."""
    monkeypatch.setattr(mapped, "LARGE", 1000)
    monkeypatch.setattr(mapped, "PIECE", 1000)
    np.save(tmp_path / "images.npy", IMAGES)
    return map_images(tmp_path / "images.npy")


def test_small_files_can_be_changed_and_large_ones_cannot(tmp_path, large):
    with pytest.raises(ValueError, match="read-only"):
        large[0] = 0
    np.save(tmp_path / "small.npy", IMAGES[:2])
    small = map_images(tmp_path / "small.npy")
    small[0] = 0
    assert not is_mapped(small)  # its pages hold changes, and must never be given back
    release(small)
    assert not small[0].any()
    assert np.array_equal(np.load(tmp_path / "small.npy"), IMAGES[:2])


def test_views_of_a_mapped_file_are_known_as_such(large):
    assert is_mapped(large)
    assert is_mapped(large[5:])
    assert not is_mapped(IMAGES)
    assert not is_mapped(large[[1, 2]])


def test_pieces_are_all_images_in_order(large):
    assert np.array_equal(np.concatenate(list(pieces(large))), IMAGES)
    assert np.array_equal(np.concatenate(list(pieces(large[::3]))), IMAGES[::3])
    assert len(list(pieces(large))) > 5


@linux
def test_pages_are_given_back(tmp_path):
    """The kernel itself says how much of the file is in this process's memory."""
    path = tmp_path / "large.npy"
    np.save(path, np.zeros((64, 1 << 16), np.uint8))
    images = np.lib.format.open_memmap(path, mode="r")

    def pages():
        lines = iter(Path("/proc/self/smaps").read_text().splitlines())
        for line in lines:
            if line.endswith(str(path)):
                return next(int(each.split()[1]) for each in lines if each.startswith("Rss:"))
        raise AssertionError("not mapped")

    int(images.sum())
    assert pages() >= 4096
    release(images)
    assert pages() == 0
    assert not images.any()


def test_reading_ahead_takes_any_row_of_any_view(large):
    read_ahead(large, range(len(large)))
    read_ahead(large[7:], [0, 42])
    read_ahead(IMAGES, [0])
    assert np.array_equal(large, IMAGES)


def test_reading_ahead_asks_for_just_these_rows(large, monkeypatch):
    asked = []

    class Map(mmap.mmap):
        def madvise(self, option, start, length):
            asked.append((start, start + length))

    file = Path(large.filename).open("rb")  # noqa: SIM115 - the map outlives it
    map_ = Map(file.fileno(), 0, access=mmap.ACCESS_READ)
    file.close()
    images = np.ndarray(IMAGES.shape, np.uint8, map_, offset=128)
    read_ahead(images[10:], [0, 30])
    for (start, stop), row in zip(asked, (10, 40), strict=True):
        assert start % mmap.PAGESIZE == 0
        assert start <= 128 + row * 192
        assert stop == 128 + (row + 1) * 192


def test_a_large_copy_holds_the_rows_and_a_full_disk_is_told(large, cache, monkeypatch):
    rows = np.arange(49, -1, -2)
    copy = copy_rows(large, rows)
    assert is_mapped(copy)
    assert np.array_equal(copy, IMAGES[rows])
    assert [path for path in cache.rglob("*") if path.is_file()] == []

    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *error):
            return None

        def write(self, content):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(mapped.tempfile, "TemporaryFile", lambda **_: Full())
    with pytest.raises(
        ConvscopeError, match=r"No space left on device\. It needs 4,800 bytes, and"
    ):
        copy_rows(large, rows)


def test_batches_of_a_mapped_file_are_those_of_memory(large, monkeypatch):
    monkeypatch.setattr(batches_module, "USED", 2000)
    released = []
    monkeypatch.setattr(batches_module, "release", lambda images: released.append(release(images)))
    labels = np.arange(50) % 5
    made = []
    for images in (IMAGES, large):
        every = ImageSet(images, labels, list("abcde"))
        batches = Batches(
            every,
            8,
            normalization=Normalization.of(every),
            train=True,
            augmentation=Augmentation(flip=True, crop=1),
        )
        made.append([*batches.epoch(0), *batches.epoch(1, first_step=2), *batches.in_order(0)])
    assert len(released) > 3
    for (one, label), (other, same) in zip(*made, strict=True):
        assert torch.equal(one, other)
        assert torch.equal(label, same)


def test_figures_of_a_mapped_set_are_those_of_memory(large):
    labels = np.arange(50) % 5
    one, other = (ImageSet(each, labels, list("abcde")) for each in (IMAGES, large))
    assert one.fingerprint() == other.fingerprint()
    assert one.statistics() == other.statistics()
