import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import convscope as cs
from convscope.data.decode import decode
from convscope.shipping.export.onnx_export import reader_path, reader_text
from convscope.shipping.export.reader import read
from tests.data.image_files import SAVED, encoded, noise
from tests.shipping.export.conftest import turned

BLOCKER = """
import sys, runpy
class Blocker:
    def find_spec(self, name, *rest):
        if name.partition(".")[0] in ("convscope", "torch", "onnx", "safetensors"):
            raise ImportError(f"{name} is not needed")
sys.meta_path.insert(0, Blocker())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def check(content):
    """The reader sees in a file what `decode` sees, but for its size and channels."""
    seen = read(io.BytesIO(content), 500)
    assert seen.dtype == np.uint8
    np.testing.assert_array_equal(seen[0].transpose(2, 0, 1), decode(content, channels=3))


@pytest.mark.parametrize("kind", SAVED)
def test_formats(kind):
    check(encoded(noise(30, 40), kind, **SAVED[kind]))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr"])
def test_modes(mode):
    image = Image.fromarray(noise(30, 40))
    if mode in ("LA", "RGBA"):
        image.putalpha(Image.fromarray(noise(30, 40, 1, seed=1)))
    check(encoded(image.convert(mode), "TIFF" if mode in ("CMYK", "YCbCr") else "PNG"))


def test_a_transparent_colour_of_a_palette():
    image = Image.fromarray(noise(30, 40)).convert("P")
    check(encoded(image, "PNG", transparency=3))


def test_sixteen_bits():
    deep = np.random.default_rng(0).integers(0, 65536, (30, 40), dtype=np.uint16)
    check(encoded(deep))
    check(encoded(deep, "TIFF"))


def test_sixteen_bits_in_the_range_of_the_model():
    deep = np.random.default_rng(0).integers(900, 1300, (30, 40), dtype=np.uint16)
    seen = read(io.BytesIO(encoded(deep)), 500, [1050.0, 1150.0])
    wanted = decode(encoded(deep), channels=3, grey_range=(1050.0, 1150.0))
    np.testing.assert_array_equal(seen[0].transpose(2, 0, 1), wanted)


@pytest.mark.parametrize("extent", [(0, 1), (0, 250), (-1000, 2000)])
def test_measurements(extent):
    values = np.random.default_rng(0).uniform(*extent, (30, 40)).astype(np.float32)
    content = encoded(Image.fromarray(values), "TIFF")
    if extent[0] == 0:
        check(content)
    seen = read(io.BytesIO(content), 500, [-500.0, 1000.0])
    wanted = decode(content, channels=3, grey_range=(-500.0, 1000.0))
    np.testing.assert_array_equal(seen[0].transpose(2, 0, 1), wanted)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_upright(kind, orientation):
    check(encoded(noise(30, 40), kind, exif=turned(orientation)))


def test_large_jpeg_is_decoded_at_the_same_fraction():
    content = encoded(noise(800, 1200), "JPEG")
    assert read(io.BytesIO(content), 32).shape == (1, 100, 150, 3)


def test_other_decoders_are_not_entered():
    with pytest.raises(OSError, match="cannot identify"):
        read(io.BytesIO(encoded(noise(8, 8), "ICO")), 32)


@pytest.mark.slow
def test_answers_as_predict_does_without_convscope(photos_run, photos, tmp_path):
    file = tmp_path / 'it\'s "odd" {0} \\n.onnx'
    cs.export(photos_run, file, quiet=True)
    files = sorted(str(path) for path in photos.rglob("*.*"))[:12]
    done = subprocess.run(
        [sys.executable, "-I", "-X", "utf8", "-c", BLOCKER, str(reader_path(file)), *files],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    predicted = cs.predict(photos_run, files).predictions
    lines = done.stdout.splitlines()
    assert len(lines) == len(predicted) == 12
    for line, prediction in zip(lines, predicted, strict=True):
        label, probability = line.removeprefix(f"{prediction.path}: ").rsplit(" ", 1)
        assert label == ("unknown" if prediction.unknown else prediction.top[0].label)
        assert float(probability) == pytest.approx(prediction.top[0].probability, abs=1e-4)


def test_the_reader_is_short_and_needs_three_packages(tmp_path):
    text = reader_text(tmp_path / "pets.onnx")
    assert "'pets.onnx'" in text
    body = text[text.index("if __name__") :]
    assert len(body.splitlines()) <= 10
    imported = [line for line in text.splitlines() if line.startswith(("import", "from"))]
    assert {line.split()[1].partition(".")[0] for line in imported} == {
        *("__future__", "json", "sys", "pathlib", "typing"),
        *("numpy", "onnxruntime", "PIL"),
    }
