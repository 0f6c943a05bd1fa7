import json

import numpy as np
import onnx
import pytest

import convscope as cs
from convscope.data.image_set import ImageSet
from convscope.errors import ConvscopeError, UsageError
from convscope.shipping.export import quantize
from convscope.shipping.export.session import OnnxOutput
from tests.shipping.export.models import card_for


@pytest.mark.slow
def test_eight_bits(digits_run, tmp_path, monkeypatch):
    # This network has hardly learned, so that in 8 bits all is unknown to it.
    monkeypatch.setattr(quantize, "MOST_UNKNOWN_POINTS", 100)
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
    assert cost.images == 359
    assert cost.calibration_images == 200
    assert cost.float_accuracy == pytest.approx(cs.evaluate(digits_run, quiet=True).accuracy)
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert facts["precision"] == "int8"
    assert json.loads(facts["int8"]) == cost.as_dict()
    assert written.agreement.same_top == written.agreement.images == 359


class Fixed:
    """In place of a file: gives every image the class of its first pixel, some other than that.

    Args:
        wrong: Images whose second pixel is below this are given the other class.
        unknown: Those whose second pixel is below this are called unknown.
    """

    bytes = 1000

    def __init__(self, wrong=0, unknown=0):
        self.wrong, self.unknown = wrong, unknown

    def run(self, images):
        number, place = images[:, 0, 0, 0].astype(int), images[:, 0, 1, 0]
        number = np.where(place < self.wrong, 1 - number, number)
        return OnnxOutput([], np.eye(2, dtype=np.float32)[number], place < self.unknown)

    def milliseconds(self, size):
        return 1.0


@pytest.fixture
def numbered():
    """200 images of two classes that say which they are."""
    images = np.zeros((200, 1, 8, 8), np.uint8)
    images[:, 0, 0, 0] = labels = np.arange(200) % 2
    images[:, 0, 0, 1] = np.arange(200)
    return ImageSet(images, labels, ["a", "b"])


def cost(images, full, small):
    return quantize.measure_quantization(
        full, small, images, card_for(1, 8, ("a", "b")), 7, quiet=True
    )


def test_cost(numbered):
    found = cost(numbered, Fixed(wrong=5, unknown=10), Fixed(wrong=6, unknown=12))
    assert found.as_dict() == {
        "accuracy": 0.97,
        "float_accuracy": 0.975,
        "points": 0.5,
        "images": 200,
        "same_top": 199,
        "unknown": 0.06,
        "float_unknown": 0.05,
        "calibration_images": 7,
        "float_bytes": 1000,
        "float_milliseconds": 1.0,
    }


def test_too_much_lost_is_refused(numbered):
    with pytest.raises(ConvscopeError) as error:
        cost(numbered, Fixed(), Fixed(wrong=2))
    assert str(error.value) == (
        "In 8 bits this network loses 1.00 points of accuracy on 200 test images (100.00 % become "
        "99.00 %), more than the 0.5 that are allowed, so nothing was written. Export without "
        "--int8."
    )
    assert cost(numbered, Fixed(wrong=2), Fixed()).points == -1


@pytest.mark.parametrize(("before", "after"), [(0, 3), (10, 7)])
def test_other_unknown_is_refused(numbered, before, after):
    with pytest.raises(ConvscopeError) as error:
        cost(numbered, Fixed(unknown=before), Fixed(unknown=after))
    assert str(error.value) == (
        f"In 8 bits this network calls {100 * (after / 200):.2f} % of 200 test images unknown, and "
        f"{100 * (before / 200):.2f} % in float32, so nothing was written: at most 1.0 points "
        "between them "
        "are allowed. Export without --int8."
    )


def test_of_more_images_some_are_evaluated(numbered, monkeypatch):
    monkeypatch.setattr(quantize, "MOST_EVALUATED", 50)
    assert cost(numbered, Fixed(), Fixed()).images == 50


@pytest.mark.slow
def test_a_refused_file_is_not_written(digits_run, tmp_path, monkeypatch):
    monkeypatch.setattr(quantize, "MOST_POINTS", -50)
    with pytest.raises(ConvscopeError, match="points of accuracy on 359 test images"):
        cs.export(digits_run, tmp_path / "digits.onnx", int8=True, quiet=True)
    assert not list(tmp_path.iterdir())


def test_a_model_file_alone_has_no_images_for_it(digits_run, photos, tmp_path):
    with pytest.raises(UsageError, match="--int8 needs the run's training images"):
        cs.export(
            digits_run.model_file,
            tmp_path / "digits.onnx",
            int8=True,
            images=photos,
            quiet=True,
        )
