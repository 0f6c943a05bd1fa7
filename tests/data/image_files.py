"""Image files for tests, made on the spot."""

import io

import numpy as np
from PIL import Image

SAVED = {kind: {} for kind in ("PNG", "BMP", "GIF", "PPM", "TIFF")} | {
    "JPEG": {"quality": 95},
    "WEBP": {"lossless": True},
}
"""For each format, options under which a saved image stays (nearly) what it was."""


def encoded(image, kind="PNG", **options):
    """The bytes of a file that holds `image`, a PIL image or an array (H, W[, 3])."""
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(height, width, channels=3, seed=0):
    """A random array (H, W, 3), or (H, W) for one channel."""
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def plain(colour, size=8, kind="PNG"):
    """The bytes of a square of one colour."""
    return encoded(Image.new("RGB", (size, size), colour), kind)


def write_files(root, files):
    """Write {"cats/1.png": bytes} below `root`."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def two_classes(count=5):
    """Files of two classes whose images all differ: red ones and blue ones."""
    return {
        f"{name}/{number}.png": plain(
            (200 + number, 0, 0) if name == "red" else (0, 0, 200 + number)
        )
        for name in ("red", "blue")
        for number in range(count)
    }
