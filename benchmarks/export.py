"""How near exported files come to their runs, how large they are and how long one image takes.

python benchmarks/export.py RUN…       # each in float32 and in 8 bits, on up to 10,000 images
python benchmarks/export.py --resizing # ONNX's Resize, and our passes, against Pillow
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import onnx.parser
import onnxruntime
from PIL import Image

from convscope.runs.model_file import ModelCard
from convscope.shipping.export import originals
from convscope.shipping.export.export import export
from convscope.shipping.export.onnx_export import OnnxExport
from convscope.shipping.export.preprocessing import preprocessing

SIDES = (28, 40, 64, 100, 200, 224, 256, 500, 640, 1000, 2000)
SIZES = (28, 32, 64, 96, 224)

RESIZE = """
<ir_version: 8, opset_import: ["" : 18]>
resize (uint8[1, 3, S, S] planes) => (uint8[1, 3, {size}, {size}] resized) {{
    sizes = Constant <value_ints = [1, 3, {size}, {size}]> ()
    resized = Resize <antialias = 1, mode = "linear", exclude_outside = 1> (planes, , , sizes)
}}
"""


def runs(folders: list[Path]) -> None:
    """Print a row for each run."""
    originals.MOST = 10_000
    print(
        "| run | images | same class | largest difference | float32 | 8 bits | accuracy, 8 bits "
        "| images with the same class in 8 bits |\n|" + "---|" * 8
    )
    for folder in folders:
        with tempfile.TemporaryDirectory() as place:
            full = export(folder, Path(place) / "a.onnx", quiet=True)
            small = export(folder, Path(place) / "b.onnx", int8=True, quiet=True)
        assert isinstance(full, OnnxExport)
        assert isinstance(small, OnnxExport)
        cost, near = small.int8, full.agreement
        assert cost is not None
        print(
            f"| {folder.name} ({full.network}) | {near.images:,} | {near.same_top:,} "
            f"| {near.largest_difference:.1e} "
            f"| {full.bytes / 1e6:.2f} MB, {cost.float_milliseconds:.2f} ms "
            f"| {small.bytes / 1e6:.2f} MB, {small.milliseconds:.2f} ms "
            f"| {cost.accuracy:.2%} ({-cost.points:+.2f} points) "
            f"| {cost.same_top:,} of {cost.images:,} |",
            flush=True,
        )


def resizing() -> None:
    """Print, for each size, how many of all pixels differ from Pillow's, and by how much."""
    random = np.random.default_rng(0)
    print("| to | pixels | not Pillow's: Resize | by at most | our passes |\n|" + "---|" * 5)
    for size in SIZES:
        card = ModelCard(
            network="", classes=("a", "b"), channels=3, size=size, mean=(0.0,) * 3, std=(1.0,) * 3
        )
        operator = onnx.parser.parse_model(RESIZE.format(size=size))
        sessions = [
            onnxruntime.InferenceSession(model.SerializeToString())
            for model in (operator, preprocessing(card, 18))
        ]
        pixels = 0
        others, most = [0, 0], [0, 0]
        for side in SIDES:
            image = random.integers(0, 256, (side, side, 3), dtype=np.uint8)
            drawn = Image.fromarray(image)
            right = np.asarray(drawn.resize((size, size), Image.Resampling.BILINEAR))
            pixels += right.size
            planes = np.ascontiguousarray(image.transpose(2, 0, 1)[None])
            inputs = ({"planes": planes}, {"images": image[None]})
            for place, (session, given) in enumerate(zip(sessions, inputs, strict=True)):
                found = session.run(None, given)[0][0].transpose(1, 2, 0)
                off = np.abs(found.astype(int) - right.astype(int))
                others[place] += int((off > 0).sum())
                most[place] = max(most[place], int(off.max()))
        print(
            f"| {size} | {pixels:,} | {others[0]:,} ({others[0] / pixels:.2%}) | {most[0]} "
            f"| {others[1]:,} |"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="*", type=Path)
    parser.add_argument("--resizing", action="store_true")
    chosen = parser.parse_args()
    if chosen.resizing:
        resizing()
    if chosen.runs:
        runs(chosen.runs)
