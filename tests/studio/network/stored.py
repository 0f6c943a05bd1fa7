"""A folder of runs for the network view's tests: trained, hostile, unfinished, broken."""

import shutil

import numpy as np

import convscope as cs
from convscope.studio.images import built_in
from convscope.studio.numbers import SentArray

HOSTILE = ("<img src=x onerror=alert(1)>", "a‮b" + "n" * 200, "😀 group")


def stored_runs(folder):
    """Train one run, and put others around it."""
    cs.train("lenet", "digits", "fast", epochs=1, size=28, out=folder / "first", quiet=True)
    for name in HOSTILE:
        (folder / name).mkdir()
        for file in ("recipe.toml", "model.safetensors"):
            shutil.copy(folder / "first" / file, folder / name / file)
    shutil.copy(folder / "first" / "model.safetensors", folder / "alone.safetensors")
    (folder / "broken.safetensors").write_bytes(b"no weights")
    (folder / "unfinished").mkdir()
    shutil.copy(folder / "first" / "recipe.toml", folder / "unfinished" / "recipe.toml")
    return folder


def built_image(name):
    """An image as the network view gives it to networks: 0 to 255."""
    found = built_in(name, 96, colour=True)
    pixels = SentArray(**found["image"]).array()
    return np.rint(pixels * (255 / found["top"])).astype(np.uint8)
