"""Say what a model sees in images: the files named after this program."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy
import onnxruntime
from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "PPM", "TIFF")


def read(file: Any, size: int, grey_range: Any = (0, 65535)) -> Any:
    """An image as the model takes it, uint8 (1, height, width, 3): upright, RGB, on white."""
    with Image.open(file, formats=FORMATS) as opened:
        opened.draft(None, (2 * size, 2 * size))  # a large JPEG need not be decoded in full
        image = ImageOps.exif_transpose(opened)
    if image.mode[0] in "IF":  # grey of more than 8 bits
        values = numpy.asarray(image, float)
        low, high = grey_range  # become black and white
        if image.mode == "F" and (low, high) == (0, 65535):
            high = 1 if values.max() <= 1 else 255
        levels = (values - low) * (255 / (high - low))
        image = Image.fromarray(levels.clip(0, 255).round().astype("uint8"))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return numpy.asarray(image.convert("RGB"))[None]


if __name__ == "__main__":
    model = onnxruntime.InferenceSession(Path(__file__).with_name("model.onnx"))
    facts = model.get_modelmeta().custom_metadata_map
    size, grey_range = int(facts["size"]), json.loads(facts["grey_range"])
    for file in sys.argv[1:]:
        labels, probabilities, unknown = model.run(None, {"images": read(file, size, grey_range)})
        print(f"{file}: {labels[0]} {probabilities[0].max():.6f}")
