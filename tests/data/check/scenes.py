"""Images with shapes and texture, all different, for looking for copies among them."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

import convscope as cs


def scene(seed, side=32, channels=3):
    """A smooth background with a few shapes on it; uint8 (C, side, side)."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (5, 5, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((4 * side, 4 * side), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(image)
    for _ in range(6):
        x, y, w, h = random.integers(0, 4 * side, 4).tolist()
        colour = tuple(random.integers(0, 256, 3).tolist())
        draw = pen.ellipse if random.random() < 0.5 else pen.rectangle
        draw((x, y, x + w // 2 + 4, y + h // 2 + 4), fill=colour)
    image = image.filter(ImageFilter.GaussianBlur(2)).resize((side, side))
    pixels = np.asarray(image.convert("RGB" if channels == 3 else "L"))
    return pixels.transpose(2, 0, 1) if channels == 3 else pixels[None]


def scenes(count, side=32, channels=3, first=0):
    """uint8 (N, C, side, side)."""
    return np.stack([scene(first + seed, side, channels) for seed in range(count)])


def image_set(images, labels=None, split="train", prefix=""):
    """With the classes "a" and "b" in turn, and paths "0", "1", …"""
    labels = np.arange(len(images)) % 2 if labels is None else labels
    paths = [f"{prefix}{row}" for row in range(len(images))]
    return cs.ImageSet(images, labels, ("a", "b"), paths=paths, name="scenes", split=split)
