import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """A folder of two classes, in images of many sizes, formats and modes."""
    root = tmp_path_factory.mktemp("photos")
    generator = np.random.default_rng(0)
    for number in range(48):
        name = ("red apple", "蓝天")[number % 2]
        folder = root / name
        folder.mkdir(exist_ok=True)
        height, width = generator.integers(20, 160, 2)
        pixels = generator.integers(0, 156, (height, width, 3))
        pixels[..., 0 if name == "red apple" else 2] += 100
        image = Image.fromarray(pixels.astype(np.uint8))
        if number % 5 == 0:
            image.save(folder / f"{number}.jpg", exif=turned(1 + number % 8))
        elif number % 5 == 1:
            image.putalpha(128)
            image.save(folder / f"{number}.png")
        elif number % 5 == 2:
            image.convert("P").save(folder / f"{number}.gif")
        else:
            image.save(folder / f"{number}.webp")
    return root


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


@pytest.fixture(scope="session")
def photos_run(photos, train_once):
    """A short run on `photos`."""
    return train_once("photos", "small", str(photos), epochs=3, size=24)
