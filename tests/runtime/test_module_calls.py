from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from convscope.runtime.module_calls import following_modules


class Fails(nn.Module):
    def forward(self, x):
        raise ValueError("no")


def followed(network, x):
    calls = []
    with following_modules(
        network,
        before=lambda path, module, inputs: calls.append(f"({path}"),
        after=lambda path, module, inputs, output: calls.append(
            f"{path}) {None if output is None else tuple(output.shape)}"
        ),
    ):
        try:
            network(x)
        except ValueError:
            calls.append("failed")
    return calls


def test_calls_nest_as_the_modules_do():
    shared = nn.ReLU()
    network = nn.Sequential(nn.Sequential(nn.Linear(2, 3), shared), shared)
    assert followed(network, torch.zeros(1, 2)) == [
        "(", "(0", "(0.0", "0.0) (1, 3)", "(0.1", "0.1) (1, 3)", "0) (1, 3)",
        "(0.1", "0.1) (1, 3)", ") (1, 3)",
    ]  # fmt: skip


def test_a_module_that_fails_is_left_too():
    network = nn.Sequential(nn.Sequential(Fails()))
    assert followed(network, torch.zeros(1)) == [
        "(", "(0", "(0.0", "0.0) None", "0) None", ") None", "failed",
    ]  # fmt: skip


def test_other_networks_and_later_passes_are_not_followed():
    network, other = nn.Linear(2, 2), nn.Linear(2, 2)
    calls = []
    with following_modules(network, before=lambda path, *_: calls.append(path)):
        other(torch.zeros(1, 2))
    network(torch.zeros(1, 2))
    assert calls == []
    assert not network._forward_hooks
    assert not network._forward_pre_hooks


def test_the_hooks_go_even_if_the_pass_fails():
    calls = []
    network = nn.Linear(2, 2)
    with pytest.raises(RuntimeError), following_modules(network, before=lambda *_: calls.append(1)):
        network(torch.zeros(1, 3))
    network(torch.zeros(1, 2))
    assert len(calls) == 1


def test_what_another_thread_computes_is_not_told():
    network = nn.Sequential(nn.ReLU())
    told = []
    with (
        following_modules(network, before=lambda path, *_: told.append(path)),
        ThreadPoolExecutor(1) as pool,
    ):
        pool.submit(network, torch.ones(1)).result()
        assert told == []
        network(torch.ones(1))
    assert told == ["", "0"]
