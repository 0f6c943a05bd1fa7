import contextlib
import gzip
import random
import struct
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convscope.data.idx import read_idx
from convscope.errors import ConvscopeError

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 4, 5), dtype=np.uint8)


def idx(array, kind=8, axes=None):
    header = struct.pack(">HBB", 0, kind, axes or array.ndim)
    return header + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("array", [IMAGES, IMAGES.ravel()], ids=["images", "labels"])
def test_reads_what_was_written(tmp_path, array, pack):
    path = tmp_path / "images"
    path.write_bytes(pack(idx(array)))
    assert np.array_equal(read_idx(path, array.ndim), array)


WHOLE = idx(IMAGES)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "ends within its header"),
        (WHOLE[:9], "ends within its header"),
        (b"PK\x03\x04" + WHOLE[4:], "begins with 50 4b 03 04, which is not IDX"),
        (idx(IMAGES, kind=0x0D), "values have type 0x0d, not 0x08"),
        (idx(IMAGES, axes=1), "it has 1 axes, not 3"),
        (WHOLE[:-1], "ends after 59 of 60 values"),
        (WHOLE + b"\0", "goes on after the 60 values"),
        (idx(np.zeros((0, 4, 5), np.uint8)), r"it is empty: its header says \(0, 4, 5\)"),
        (WHOLE[:4] + b"\x7f\xff\xff\xff" * 3 + WHOLE[16:], "more than the file can hold"),
        (gzip.compress(WHOLE, mtime=0)[:-9], "ended before|truncated|Compressed file ended"),
        (gzip.compress(WHOLE, mtime=0)[:15] + b"\xff" * 9, "Error -3|invalid|ended before"),
        (gzip.compress(WHOLE, mtime=0)[:-8] + b"\0" * 8, "CRC check failed"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_damage_is_told_with_the_files_name(tmp_path, content, reason, pack):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(pack(content) if content[:2] != b"\x1f\x8b" else content)
    if pack is gzip.compress and content == WHOLE[:-1]:
        reason = "ends after 59 of 60 values"
    with pytest.raises(ConvscopeError, match=reason) as caught:
        read_idx(path, 3)
    assert str(caught.value).startswith(f"'{path}' cannot be read as an IDX file: ")
    assert str(caught.value).endswith("or replace it.")


@pytest.mark.parametrize(
    ("images", "behind", "reason"),
    [
        (2**31 - 1, b"", "more than the file can hold"),
        # So much would be allowed by the file's length: half a megabyte that unpacks to a gigabyte.
        (600_000, random.Random(0).randbytes(460_000), "more than the 268,435,456 values accepted"),
    ],
)
def test_memory_is_not_taken_for_what_a_header_promises(tmp_path, images, behind, reason):
    path = tmp_path / "images"
    path.write_bytes(gzip.compress(WHOLE[:4] + struct.pack(">3I", images, 28, 28) + behind))
    code = (
        "import resource, sys, pathlib\n"
        "from convscope.data.idx import read_idx\n"
        "from convscope.errors import ConvscopeError\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: read_idx(pathlib.Path(sys.argv[1]), 3)\n"
        "except ConvscopeError as error: print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(  # with -O, because a check that is an `assert` would be gone
        [sys.executable, "-O", "-c", code, path], capture_output=True, text=True, check=True
    )
    said, kilobytes = done.stdout.rstrip().rsplit("\n", 1)
    assert reason in said
    assert int(kilobytes) < 20_000


@given(
    st.binary(max_size=40),
    st.integers(0, len(WHOLE)),
    st.booleans(),
)
@example(b"\x80" * 12, 4, True)
def test_no_other_error_ever_comes_out(tmp_path_factory, insert, position, packed):
    content = WHOLE[:position] + insert + WHOLE[position + len(insert) :]
    if packed:
        content = gzip.compress(content, mtime=0)[: 20 + 3 * position]
    path = tmp_path_factory.mktemp("idx") / "images"
    path.write_bytes(content)
    with contextlib.suppress(ConvscopeError):
        assert read_idx(path, 3).size <= len(WHOLE) + 40


def test_images_are_as_many_as_labels(tmp_path):
    path = tmp_path / "images"
    path.write_bytes(WHOLE)
    count = len(read_idx(path, 3))
    assert len(read_idx(path, 3, count=count)) == count
    with pytest.raises(ConvscopeError, match=r"its header says \(.*\), but there are 99 labels"):
        read_idx(path, 3, count=99)
