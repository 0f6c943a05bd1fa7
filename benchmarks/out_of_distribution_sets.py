"""Two sets of images that nothing was tuned on: patches of photographs, and printed letters.

Both are made of what scikit-learn and matplotlib bring along, the same each time.

    python benchmarks/out_of_distribution_sets.py FOLDER
"""

from __future__ import annotations

import string
import sys
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from sklearn.datasets import load_sample_images

PATCHES = 500
SIDE = 56  # pixels, of a letter's image


def photos(folder: Path, random: np.random.Generator) -> None:
    """Squares of 32 to 159 pixels, cut out of two photographs at random."""
    whole = load_sample_images().images
    for number in range(PATCHES):
        pixels = whole[number % len(whole)]
        side = int(random.integers(32, 160))
        top, left = (int(random.integers(0, length - side)) for length in pixels.shape[:2])
        patch = pixels[top : top + side, left : left + side]
        Image.fromarray(patch).save(folder / f"{number}.png")


def letters(folder: Path, random: np.random.Generator) -> None:
    """White letters on black, in all of matplotlib's fonts named DejaVu but those for titles."""
    fonts = Path(matplotlib.get_data_path(), "fonts", "ttf").glob("DejaVu*.ttf")
    for font in sorted(each for each in fonts if "Display" not in each.name):
        for letter in string.ascii_letters:
            image = Image.new("L", (SIDE, SIDE))
            face = ImageFont.truetype(str(font), int(random.integers(30, 48)))
            middle = (SIDE // 2, SIDE // 2)
            ImageDraw.Draw(image).text(middle, letter, font=face, fill=255, anchor="mm")
            image.save(folder / f"{font.stem}-{ord(letter)}.png")


def main() -> None:
    """Make `photos` and `letters` in a folder."""
    random = np.random.default_rng(0)
    for make in (photos, letters):
        folder = Path(sys.argv[1], make.__name__)
        folder.mkdir(parents=True)
        make(folder, random)


if __name__ == "__main__":
    main()
