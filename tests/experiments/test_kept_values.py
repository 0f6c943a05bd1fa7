"""Numbers come back from files as they were; what they are for does not."""

import json

import pytest
import torch

import convscope as cs
from convscope.experiments import kept_values
from convscope.experiments.kept_values import (
    compare_rebuilt,
    compare_refills,
    write_and_read,
)
from convscope.look.language import use_language
from tests.conftest import slow
from tests.experiments.results import is_chinese


def test_tensors_lists_and_dicts_come_back(tmp_path):
    x, y = torch.arange(4.0), torch.rand(2, 3, dtype=torch.float64)
    found = write_and_read({"one": x, "two": [x, y], "named": {"a": y}}, tmp_path)
    assert [each.tensors for each in found.values] == [1, 2, 1]
    assert found.difference == 0
    assert found.values[1].bytes > 4 * 4 + 6 * 8
    assert json.dumps(found.as_dict())
    with use_language("zh"):
        assert is_chinese(str(found))


def test_rounding_would_be_noticed(tmp_path, monkeypatch):
    def write_half(path, tensors, *, name):
        cs_write(path, {key: each.half() for key, each in tensors.items()}, name=name)

    cs_write = kept_values.write_tensors
    monkeypatch.setattr(kept_values, "write_tensors", write_half)
    assert write_and_read({"x": torch.rand(100)}, tmp_path).difference > 0


@pytest.mark.slow
def test_weights_fit_networks_that_they_are_not_for(good_digits_run):
    images = cs.evaluate(good_digits_run, quiet=True).images
    found = compare_refills(good_digits_run, images)
    assert found["as trained"].accuracy == cs.evaluate(good_digits_run, quiet=True).accuracy
    assert found["tanh"].fits
    assert found["tanh"].accuracy < found["as trained"].accuracy - 0.2
    assert found["pixels"].accuracy < found["as trained"].accuracy
    assert not found["resnet18"].fits
    assert found["resnet18"].accuracy is None
    assert "refused" in str(found)
    assert json.dumps(found.as_dict())
    with use_language("zh"):
        assert is_chinese(str(found))


@pytest.mark.parametrize("name", ["digits_run", *slow("good_digits_run")])
def test_a_model_file_alone_says_what_the_run_said(name, request, tmp_path):
    run = request.getfixturevalue(name)
    file = tmp_path / "alone.safetensors"
    file.write_bytes(run.model_file.read_bytes())
    images = cs.evaluate(run, quiet=True).images
    found = compare_rebuilt(file, run, images)
    assert found.same == found.images == len(images)
    assert found.difference < 1e-5
    assert found.bytes == file.stat().st_size
    assert found.network in str(found)
    with pytest.raises(ValueError, match="shorter|longer"):
        compare_rebuilt(file, run, images.subset(range(5)))
    with use_language("zh"):
        assert is_chinese(str(found))
