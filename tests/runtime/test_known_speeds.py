import os
import subprocess
import sys

import pytest
import torch
from torch import nn

import convscope as cs
from convscope.runtime import known_speeds
from convscope.runtime.known_speeds import KnownSpeeds


@pytest.fixture(autouse=True)
def _empty_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path))


def known(network=None, *, seed=0, count=4, images_seed=0, layout="channels_last"):
    torch.manual_seed(seed)
    network = cs.build("lenet", 1, 10) if network is None else network
    torch.manual_seed(images_seed)
    return KnownSpeeds(network, torch.randn(count, 1, 28, 28), torch.arange(count), layout)


def test_what_is_kept_is_known_the_next_time():
    assert (known().ratio, known().agrees) == (None, None)
    known().keep_ratio(1.5)
    known().keep_agreement(agrees=False)
    assert (known().ratio, known().agrees) == (1.5, False)


def test_speeds_depend_on_shapes_agreement_on_numbers_too():
    known().keep_ratio(1.5)
    known().keep_agreement(agrees=True)
    for other in (known(seed=1), known(images_seed=1)):
        assert (other.ratio, other.agrees) == (1.5, None)
    wide = cs.build("lenet-bn", 1, 10)
    for other in (known(wide), known(count=5), known(layout="contiguous")):
        assert (other.ratio, other.agrees) == (None, None)


def test_threads_and_kernels_count(monkeypatch):
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        known().keep_ratio(1.5)
        torch.set_num_threads(2)
        assert known().ratio is None
        torch.set_num_threads(1)
        monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
        assert known().ratio is None
    finally:
        torch.set_num_threads(before)


def test_the_number_of_threads_is_known_the_next_time():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert known().threads is None
        known().keep_threads(1)
        assert known(seed=1, images_seed=1).threads == 1
        assert known(count=5).threads is None
        torch.set_num_threads(3)
        assert known().threads is None
    finally:
        torch.set_num_threads(before)


class Net(nn.Module):
    def __init__(self, scale=1.0):
        super().__init__()
        self.scale = scale
        self.layer = nn.Linear(784, 10)

    def forward(self, images):
        return self.scale * self.layer(images.flatten(1))


def test_speeds_of_other_modules_are_remembered_by_their_code():
    known(Net()).keep_ratio(1.5)
    known(Net()).keep_threads(1)
    assert (known(Net()).ratio, known(Net()).threads) == (1.5, 1)
    assert known(Net(scale=2.0)).ratio is None

    class Other(Net):
        def forward(self, images):
            return self.layer(images.flatten(1)) - self.scale

    Other.__name__ = Other.__qualname__ = "Net"
    assert str(Other()) == str(Net())
    assert known(Other()).ratio is None


def test_that_gradients_of_other_modules_agree_is_tried_each_time():
    known(Net()).keep_agreement(agrees=True)
    assert known(Net()).agrees is None


@pytest.mark.parametrize("content", ["", "[]", '{"a machine": {"ratios": {"a": "no"}}}', "\0"])
def test_a_file_that_is_not_ours_is_replaced(tmp_path, content):
    (tmp_path / "precisions.json").write_text(content)
    assert known().ratio is None
    known().keep_ratio(1.5)
    assert known().ratio == 1.5


def test_the_oldest_are_forgotten(monkeypatch):
    monkeypatch.setattr(known_speeds, "MOST", 2)
    for count in (3, 4, 5):
        known(count=count).keep_ratio(float(count))
    assert [known(count=count).ratio for count in (3, 4, 5)] == [None, 4.0, 5.0]


WITH_A_SET = """
import torch
from torch import nn
from convscope.runtime.known_speeds import KnownSpeeds

class Net(nn.Linear):
    def forward(self, images):
        return super().forward(images) if self.mode in {"plain", "usual", "quick"} else images

net = Net(4, 2)
net.mode = "usual"
known = KnownSpeeds(net, torch.zeros(2, 4), torch.zeros(2), "contiguous")
print(known.threads)
known.keep_threads(1)
"""


@pytest.mark.slow
def test_a_set_of_texts_in_the_code_is_the_same_in_every_process(tmp_path):
    told = []
    for seed in ("1", "2", "3"):
        variables = os.environ | {"PYTHONHASHSEED": seed, "CONVSCOPE_CACHE": str(tmp_path)}
        command = [sys.executable, "-c", WITH_A_SET]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
        told.append(done.stdout.strip())
    assert told == ["None", "1", "1"]
