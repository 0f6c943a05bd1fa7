from pathlib import Path

from convscope.shipping.export.agreement import Agreement
from convscope.shipping.export.export import WeightsExport
from convscope.shipping.export.onnx_export import OnnxExport
from convscope.shipping.export.quantize import Quantization

AGREEMENT = Agreement(20, (2, 7), 20, 20, 3e-6)


def written(int8=None):
    return OnnxExport(
        Path("a<b>.onnx"), Path("a_reader.py"), "lenet", 250_000, 18, 0.5, AGREEMENT, int8
    )


def test_an_onnx_export_prints_and_shows_itself():
    assert str(written()).splitlines() == [
        "a<b>.onnx: lenet in float32, opset 18, 250 kB, 0.50 ms an image",
        "Compared with the run on 20 images: the same class for every one, probabilities within "
        "3e-06",
        "Try it: python a_reader.py IMAGE",
    ]
    html = written()._repr_html_()
    assert "a&lt;b&gt;.onnx" in html
    assert "accuracy in 8 bits" not in html


def test_one_in_8_bits_says_what_it_costs():
    int8 = Quantization(0.97, 0.98, 1.0, 1000, 990, 0.05, 0.05, 200, 1_000_000, 1.5)
    lines = str(written(int8)).splitlines()
    assert lines[0].startswith("a<b>.onnx: lenet in 8 bits, opset 18")
    assert lines[1] == (
        "In float32: 1 MB, 1.50 ms. Accuracy on 1,000 test images: 97.00 % in 8 bits, 98.00 % in "
        "float32"
    )
    assert "97.00 %" in written(int8)._repr_html_()


def test_exported_weights_say_how_they_are_loaded():
    export = WeightsExport(Path("w.safetensors"), "resnet18", 1, "torchvision.models.resnet18()")
    lines = str(export).splitlines()
    assert lines[1] == "model = torchvision.models.resnet18()"
    assert "takes 1 channel, torchvision's 3" in lines[-1]
    assert "resnet18" in export._repr_html_()
