"""Tables of labels from a stranger.

Tests data/table_tree.py.
"""

import numpy as np
from PIL import Image

from convscope.data.load import load


def test_names_that_no_file_can_have_are_left_out_odd_numbers_are_names(tmp_path):
    lines = ["path,label"]
    for number in range(12):
        label = "1" * 5000 if number % 2 else "2"
        pixels = np.full((8, 8), 9 * number, np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,{label}")
    lines += ["y" * 5000 + ".png,2", "y/" * 3000 + ".png,2", "a\x00b.png,2"]
    table = tmp_path / "labels.csv"
    table.write_text("\n".join(lines), encoding="utf-16")
    images = load(str(table))
    assert list(images.classes) == ["2", "1" * 5000]
    assert len(images) >= 8
