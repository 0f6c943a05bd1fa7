"""What the caller has set in PyTorch changes nothing that Convscope computes, and stays set."""

import contextlib
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn

import convscope as cs
from convscope.runtime.usual_settings import in_usual_settings, usual_settings
from tests.conftest import slow


@contextlib.contextmanager
def default_type(kind):
    torch.set_default_dtype(kind)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


SETTINGS = {
    "inference": torch.inference_mode,
    "no_grad": torch.no_grad,
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "double": lambda: default_type(torch.float64),
    "bfloat16": lambda: default_type(torch.bfloat16),
    "device": lambda: torch.device("meta"),
}


def current():
    return (
        torch.is_inference_mode_enabled(),
        torch.is_grad_enabled(),
        torch.is_autocast_enabled("cpu"),
        torch.get_default_dtype(),
        torch.get_default_device(),
    )


@pytest.mark.parametrize("name", SETTINGS)
def test_within_they_are_usual_and_afterwards_as_before(name):
    usual = current()
    with SETTINGS[name]():
        before = current()
        assert in_usual_settings(current)() == usual
        with pytest.raises(ValueError, match="mine"), usual_settings():
            raise ValueError("mine")
        assert current() == before != usual
    assert current() == usual


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_gives_the_same_predictions_and_traces(name, digits_run):
    image = np.tile(np.arange(28, dtype=np.uint8) * 9, (1, 28, 1))
    expected = cs.explain(digits_run, image, method="saliency").guesses
    macs = cs.trace(digits_run).macs
    with SETTINGS[name]():
        assert cs.explain(digits_run, image, method="saliency").guesses == expected
        assert cs.trace(digits_run).macs == macs


@pytest.mark.parametrize("name", ["no_grad", *slow(*sorted(SETTINGS.keys() - {"no_grad"}))])
def test_training_within_any_of_them(name, tmp_path):
    images = torch.randint(256, (24, 1, 8, 8), generator=torch.Generator().manual_seed(0))
    data = cs.ImageSet(images.to(torch.uint8).numpy(), np.arange(24) % 3, ("a", "b", "c"))
    splits = {"train": data.subset(np.arange(12)), "test": data.subset(np.arange(12, 24))}
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 3))
    recipe = {"epochs": 1, "batch_size": 6, "precision": "float32", "threads": 1}
    with SETTINGS[name]():
        run = cs.train(network, splits, "fast", out=tmp_path / "run", quiet=True, **recipe)
    assert all(p.dtype == torch.float32 and p.requires_grad for p in network.parameters())
    assert run.metrics("epoch")


def test_a_network_of_doubles_is_traced_with_its_own_default():
    class Rows(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.LSTM(6, 4, batch_first=True).double()

        def forward(self, x):
            state = torch.zeros(1, len(x), 4), torch.zeros(1, len(x), 4)
            return self.layer(x[:, 0], state)[0]

    with default_type(torch.float64):
        shapes = [row.output_shape for row in cs.trace(Rows(), (1, 5, 6)).layers]
    assert (5, 4) in shapes


def test_deep_networks_leave_the_limit_of_calls():
    before = sys.getrecursionlimit()
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 3))
    for _ in range(200):
        network = nn.Sequential(network)
    assert cs.trace(network, (1, 8, 8)).parameters == 20 + 219
    image = np.zeros((1, 8, 8), np.uint8)
    assert "class" in str(cs.explain(network, image, method="saliency"))
    assert sys.getrecursionlimit() == before


def test_of_two_threads_the_last_to_leave_puts_the_limit_of_calls_back():
    before = sys.getrecursionlimit()
    inside, may_leave = threading.Event(), threading.Event()

    @in_usual_settings
    def stay():
        inside.set()
        assert may_leave.wait(60)
        return sys.getrecursionlimit()

    @in_usual_settings
    def nest():
        sys.setrecursionlimit(before + 500)

    with ThreadPoolExecutor(1) as pool:
        staying = pool.submit(stay)
        assert inside.wait(60)
        nest()
        may_leave.set()
        assert staying.result() == before + 500
    assert sys.getrecursionlimit() == before
