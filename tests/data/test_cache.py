import errno
import json

import numpy as np
import pytest

from convscope.data.cache import key_of, load_or_build
from convscope.errors import ConvscopeError

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 3, 4, 4), dtype=np.uint8)
RECORD = {"files": ["a", "b"], "problems": [["c", "damaged"]]}


@pytest.fixture
def build():
    """Makes the entry and counts how often."""

    def build(append):
        build.calls += 1
        for image in IMAGES:
            append(image)
        return RECORD

    build.calls = 0
    return build


def test_an_entry_is_made_once(build):
    for _ in range(2):
        images, record = load_or_build("key", build)
        assert np.array_equal(images, IMAGES)
        assert record == RECORD
        assert isinstance(images, np.memmap)
    assert build.calls == 1
    load_or_build("other", build)
    assert build.calls == 2


def test_writing_into_the_images_does_not_reach_the_file(build):
    images, _ = load_or_build("key", build)
    images[:] = 0
    assert np.array_equal(load_or_build("key", build)[0], IMAGES)
    assert build.calls == 1


def test_the_file_is_an_ordinary_npy_file(build, cache):
    load_or_build("key", build)
    assert np.array_equal(np.load(cache / "images/key.npy"), IMAGES)


def damaged_copies(content):
    yield b""
    yield content[:-1]
    yield content[: len(content) // 2]
    yield content + b"\0"
    for position in range(0, len(content), max(1, len(content) // 40)):
        changed = bytearray(content)
        changed[position] ^= 4
        yield bytes(changed)


@pytest.mark.parametrize("name", ["key.npy", "key.json"])
def test_every_damage_is_noticed_and_mended(build, cache, name):
    load_or_build("key", build)
    path = cache / "images" / name
    whole = path.read_bytes()
    for damaged in damaged_copies(whole):
        path.write_bytes(damaged)
        images, record = load_or_build("key", build)
        assert np.array_equal(images, IMAGES)
        assert record == RECORD
        assert path.read_bytes() == whole or json.loads(path.read_text())["record"] == RECORD
    path.unlink()
    assert np.array_equal(load_or_build("key", build)[0], IMAGES)


def test_a_pickle_in_its_place_is_not_run(build, cache, tmp_path):
    load_or_build("key", build)

    class Canary:
        def __reduce__(self):
            return open, (str(tmp_path / "canary"), "w")

    np.save(cache / "images/key.npy", np.array([Canary()], dtype=object), allow_pickle=True)
    assert np.array_equal(load_or_build("key", build)[0], IMAGES)
    assert not (tmp_path / "canary").exists()


def test_an_interrupted_entry_leaves_nothing(build, cache):
    def broken(append):
        append(IMAGES[0])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_or_build("key", broken)
    assert list((cache / "images").iterdir()) == []
    load_or_build("key", build)
    assert build.calls == 1


def test_a_folder_without_room_is_named(build, own_cache):
    def full(append):
        build(append)
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(
        ConvscopeError,
        match=r"key\.npy' can't be written: No space left on device\. It needs \d.*"
        r"Or set the environment variable CONVSCOPE_CACHE to another folder\.$",
    ):
        load_or_build("key", full)
    assert list((own_cache / "images").iterdir()) == []


def test_keys_tell_parts_apart():
    assert key_of(1, ["a", "b"]) == key_of(1, ["a", "b"])
    assert len({key_of(1, None), key_of(None, 1), key_of(1), key_of("1", None)}) == 4
