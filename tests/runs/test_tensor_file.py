"""Tensors are written, or it is said why not."""

import pytest
import safetensors
import safetensors.torch
import torch

from convscope.errors import ConvscopeError
from convscope.runs.tensor_file import write_tensors


def test_tensors_and_texts_come_back(tmp_path):
    file = tmp_path / "a.safetensors"
    write_tensors(file, {"x": torch.arange(3)}, {"note": "n"}, name="model")
    with safetensors.safe_open(file, "pt") as opened:
        assert opened.metadata() == {"note": "n"}
        assert opened.get_tensor("x").tolist() == [0, 1, 2]


def test_a_full_disk_is_told_in_words():
    with pytest.raises(ConvscopeError, match=r"^'model' can't be written: .*Free some space"):
        write_tensors("/dev/full/x", {"x": torch.zeros(3)}, name="model")
