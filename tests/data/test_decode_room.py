"""Memory for large images: how many are decoded at once, in which order, and what they are then.

Tests data/decode_room.py, data/upright.py.
"""

import io
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from PIL import Image

from convscope.data import decode as decoding
from convscope.data import decode_room
from convscope.data.decode import decode
from convscope.data.decode_room import room_to_decode, share_room, strips

ROUTES = [
    ("L", 1), ("L", 3), ("1", 1), ("1", 3), ("P", 3), ("PA", 3), ("LA", 1), ("RGB", 1), ("RGB", 3),
    ("RGBA", 3), ("RGBA", 1), ("I;16", 1), ("I;16", 3), ("I", 1), ("F", 3), ("CMYK", 3),
]  # fmt: skip


def file_of(mode, turned=False, shape=(60, 83)):
    """An image of random pixels as a file."""
    values = np.random.default_rng(0)
    if mode == "I;16":
        image = Image.fromarray(values.integers(0, 65536, shape, dtype=np.uint16))
    elif mode == "I":
        image = Image.fromarray(values.integers(0, 65536, shape, dtype=np.int32))
    elif mode == "F":
        image = Image.fromarray(values.random(shape, dtype=np.float32))
    else:
        colours = values.integers(0, 256, (*shape, 4), dtype=np.uint8)
        image = Image.fromarray(colours, "RGBA")
        if mode in ("P", "PA"):
            image = image.convert("RGB").quantize(16)
        elif mode != "RGBA":
            image = image.convert(mode)
    notes = Image.Exif()
    if turned:
        notes[274] = 6
    options = {"transparency": 3} if mode == "PA" else {}
    buffer = io.BytesIO()
    image.save(buffer, "TIFF" if mode in ("I", "F", "CMYK") else "PNG", exif=notes, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(("mode", "channels"), ROUTES)
@pytest.mark.parametrize("size", [None, 24])
@pytest.mark.parametrize("turned", [False, True])
def test_in_parts_as_in_one_piece(mode, channels, size, turned, monkeypatch):
    content = file_of(mode, turned)
    whole = decode(content, size=size, channels=channels)
    for pixels in (1, 83 * 7):
        monkeypatch.setattr(decode_room, "SMALL_PIXELS", pixels)
        parts = decode(content, size=size, channels=channels)
        assert np.array_equal(parts, whole)


def test_strips_are_the_image():
    image = Image.open(io.BytesIO(file_of("RGB", shape=(10, 7))))
    assert [(top, strip.size) for top, strip in strips(image)] == [(0, (7, 10))]


def test_large_images_take_turns(monkeypatch):
    monkeypatch.setattr(decode_room, "BUDGET", 100)
    monkeypatch.setattr(decode_room, "SMALL_PIXELS", 1)
    inside, most, lock = 0, [], threading.Lock()

    def work(pixels):
        nonlocal inside
        for _ in range(30):
            with room_to_decode(pixels, 10):
                with lock:
                    inside += 10 * pixels
                    most.append(inside)
                with lock:
                    inside -= 10 * pixels

    threads = [threading.Thread(target=work, args=(pixels,)) for pixels in (2, 3, 5, 8, 50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert len(most) == 150
    assert all(each <= 100 or each == 500 for each in most)  # the largest is alone


def test_several_processes_share_the_room(monkeypatch):
    monkeypatch.setattr(decode_room, "BUDGET", 100)
    monkeypatch.setattr(decode_room, "SMALL_PIXELS", 1)
    monkeypatch.setattr(decode_room, "_processes", 1)
    share_room(2)
    inside = threading.Event()

    def come():
        with room_to_decode(2, 10):
            inside.set()

    other = threading.Thread(target=come)
    with room_to_decode(4, 10):
        other.start()
        assert not inside.wait(0.1)  # 40 and 20 are more than the 50 of each
    assert inside.wait(20)
    other.join(20)


def test_one_that_fails_gives_its_room_back(monkeypatch):
    monkeypatch.setattr(decode_room, "SMALL_PIXELS", 1)
    monkeypatch.setattr(decode_room, "BUDGET", 1)
    for _ in range(3):
        with pytest.raises(decoding.ImageError, match="damaged"):
            decode(file_of("RGB")[:-200])
    assert decode(file_of("RGB")).shape == (3, 60, 83)


def test_small_images_do_not_wait(monkeypatch):
    monkeypatch.setattr(decode_room, "SMALL_PIXELS", 100)
    with room_to_decode(10**9, 9):
        done = threading.Thread(target=lambda: room_to_decode(100, 9).__enter__())
        done.start()
        done.join(20)
        assert not done.is_alive()


PEAKS = """
import sys
from pathlib import Path
from convscope.data.decode import decode

def kilobytes(name):
    return int(Path("/proc/self/status").read_text().split(name)[1].split()[0])

for line in sys.stdin:
    file, size = line.split()
    Path("/proc/self/clear_refs").write_text("5")
    before = kilobytes("VmRSS:")
    decode(Path(file).read_bytes(), size=int(size) or None, channels=3)
    print(1000 * (kilobytes("VmHWM:") - before), flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the peak of memory")
def test_memory_of_large_images(tmp_path):
    """No image takes more than what room is asked for, whatever its format and mode."""
    size = (2500, 2501)
    notes = Image.Exif()
    notes[274] = 6
    made = {
        "grey.png": (Image.new("I;16", size, 300), {}),
        "alpha.png": (Image.new("RGBA", size, (1, 2, 3, 99)), {"exif": notes}),
        "colour.webp": (Image.new("RGB", size, (1, 2, 3)), {}),
        "alpha.webp": (Image.new("RGBA", size, (1, 2, 3, 9)), {"lossless": True}),
        "progressive.jpg": (Image.new("RGB", size, (1, 2, 3)), {"progressive": True}),
        "turned.jpg": (Image.new("RGB", size, (1, 2, 3)), {"exif": notes}),
        "palette.gif": (Image.new("P", size, 3), {"transparency": 3}),
        "deep.tif": (Image.fromarray(np.full(size, 50_000, np.int32)), {"compression": "tiff_lzw"}),
    }
    asked, most = [], []
    for name, (image, options) in made.items():
        image.save(tmp_path / name, **options)
        for edge in (224, 0):
            asked.append(f"{tmp_path / name} {edge}")
            per_pixel = (9 if edge else 14) + (8 if name.endswith("webp") else 0)
            most.append(per_pixel * size[0] * size[1])
    # What is freed goes back to the system at once, so that no image lies where another has lain.
    variables = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536"}
    done = subprocess.run(
        [sys.executable, "-c", PEAKS], env=variables,
        input="\n".join(asked), stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    peaks = [int(line) for line in done.stdout.split()]
    assert len(peaks) == len(most)
    slack = 20e6  # what libraries load when they are first used
    over = [
        each for each, peak, bound in zip(asked, peaks, most, strict=True) if peak > bound + slack
    ]
    assert not over
