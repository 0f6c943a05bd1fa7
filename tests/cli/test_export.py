import json

import onnx
import pytest

from convscope.runs.model_file import save_model
from convscope.shipping.export import quantize
from tests.conftest import as_dict
from tests.shipping.export.models import made


def test_export(command, digits_run, tmp_path):
    done = command("export", digits_run.folder, "digits.onnx")
    first, second, third = done.stdout.splitlines()
    assert first.startswith("digits.onnx: lenet in float32, opset 18, 262 kB, ")
    assert first.endswith("s an image")
    assert second.startswith(
        "Compared with the run on 359 images: the same class for every one, probabilities within "
    )
    assert third == "Try it: python digits_reader.py IMAGE"
    assert done.stderr == ""
    onnx.checker.check_model(str(tmp_path / "digits.onnx"))
    again = command("export", digits_run.folder, "digits.onnx", code=2)
    assert again.stderr == (
        "convscope: 'digits.onnx' exists. Replace it: --force (in Python force=True); "
        "or give another name.\n"
    )


@pytest.mark.slow
def test_eight_bits_as_json(convscope, good_digits_run, tmp_path):
    done = convscope("export", good_digits_run.folder, "digits.onnx", "--int8", "--json")
    result = as_dict(done)
    assert done.stderr == ""  # nothing of what exporter and quantizer have to say
    assert result["run"] == str(good_digits_run.folder)
    assert (result["file"], result["reader"]) == ("digits.onnx", "digits_reader.py")
    assert result["bytes"] == (tmp_path / "digits.onnx").stat().st_size
    assert result["agreement"]["same_top"] == result["agreement"]["images"] == 359
    assert result["int8"]["images"] == 359
    assert result["int8"]["float_bytes"] > result["bytes"]
    assert set(result) == {
        *("run", "file", "reader", "network", "bytes", "opset", "milliseconds"),
        *("agreement", "int8"),
    }


@pytest.mark.slow
def test_eight_bits(command, digits_run, monkeypatch):
    monkeypatch.setattr(quantize, "MOST_UNKNOWN_POINTS", 100)  # it has hardly learned
    done = command("export", digits_run.folder, "digits.onnx", "--int8", "--opset", "21")
    first, second, third, _ = done.stdout.splitlines()
    assert first.startswith("digits.onnx: lenet in 8 bits, opset 21, 91.")
    assert second.startswith("In float32: 262 kB, ")
    assert "Accuracy on 359 test images: " in second
    assert third.startswith("Compared before that with the run on 359 images: ")


def test_errors(command, digits_run):
    done = command("export", digits_run.folder, "weights.safetensors", code=2)
    assert done.stderr.startswith(
        "convscope: torchvision has no network with the layers of 'lenet'. It has those of: "
    )
    done = command("export", digits_run.model_file, "digits.onnx", code=2)
    assert done.stderr.endswith("Give a folder of them: --images FOLDER.\n")


@pytest.mark.slow
def test_weights(command, tmp_path):
    model = made("resnet18", 1, size=32)
    save_model(tmp_path / "model.safetensors", model.network, model.card)
    done = command("export", "model.safetensors", "weights.safetensors")
    assert done.stdout.splitlines() == [
        "weights.safetensors: weights of resnet18, for",
        "model = torchvision.models.resnet18(num_classes=3)",
        "model.load_state_dict(safetensors.torch.load_file('weights.safetensors'))",
        "Their first layer takes 1 channel, torchvision's 3: replace it in the model first.",
    ]
    result = json.loads(command("export", "model.safetensors", "w.safetensors", "--json").stdout)
    assert (result["channels"], result["network"]) == (1, "resnet18")
