import json

import onnx
import pytest

import convscope as cs
from convscope.errors import ConvscopeError, UsageError
from convscope.shipping.export import quantize


def test_eight_bits(digits_run, tmp_path):
    written = cs.export(digits_run, tmp_path / "digits.onnx", int8=True, quiet=True)
    cost = written.int8
    model = onnx.load(tmp_path / "digits.onnx")
    onnx.checker.check_model(model, full_check=True)
    kinds = [node.op_type for node in model.graph.node]
    assert "QuantizeLinear" in kinds
    eight_bits = onnx.TensorProto.INT8
    assert sum(tensor.data_type == eight_bits for tensor in model.graph.initializer) >= 2
    # the first layer keeps float32, and so does the last
    weights = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    assert weights["network.features.conv1.weight"] == onnx.TensorProto.FLOAT
    assert written.bytes == (tmp_path / "digits.onnx").stat().st_size < cost.float_bytes
    assert cost.points == pytest.approx(100 * (cost.float_accuracy - cost.accuracy))
    assert cost.points <= 0.5
    assert cost.pictures == 359
    assert cost.calibration_pictures == 200
    assert cost.float_accuracy == pytest.approx(cs.evaluate(digits_run, quiet=True).accuracy)
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert facts["precision"] == "int8"
    assert json.loads(facts["int8"]) == cost.as_json()
    assert written.agreement.same_top == written.agreement.pictures == 359


def test_too_much_lost_is_refused(digits_run, tmp_path, monkeypatch):
    monkeypatch.setattr(quantize, "MOST_POINTS", -50)
    with pytest.raises(ConvscopeError) as error:
        cs.export(digits_run, tmp_path / "digits.onnx", int8=True, quiet=True)
    assert "points of accuracy on 359 test pictures (" in str(error.value)
    assert str(error.value).endswith("so nothing was written. Export without --int8.")
    assert not list(tmp_path.iterdir())


def test_of_more_pictures_some_are_judged(digits_run, tmp_path, monkeypatch):
    monkeypatch.setattr(quantize, "MOST_JUDGED", 50)
    written = cs.export(digits_run, tmp_path / "digits.onnx", int8=True, quiet=True)
    assert written.int8.pictures == 50


def test_a_model_file_alone_has_no_pictures_for_it(digits_run, photos, tmp_path):
    with pytest.raises(UsageError, match="--int8 needs the run's training pictures"):
        cs.export(
            digits_run.model_file, tmp_path / "digits.onnx", int8=True, pictures=photos, quiet=True
        )
