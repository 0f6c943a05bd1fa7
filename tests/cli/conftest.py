"""What several commands are given."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def digit(tmp_path):
    """`digit.png` in the folder of `command`: grey noise, larger than a network's images."""
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "digit.png")
