"""What hooks and modules keep for themselves is put back, wherever it is."""

import collections
import functools
import random
import types

import numpy as np
import pytest
import torch
from torch import nn

from convscope.graph.capture import capture
from convscope.runtime.kept_state import generators_kept, hooks_kept, remember

GLOBAL_LIST = []


class Watcher:
    def __init__(self):
        self.seen = {"deep": [0]}
        self.last = None

    def hook(self, *_):
        self.seen["deep"].append(1)
        self.last = 1


def a_closure():
    kept, last = [0], None

    def hook(*_):
        nonlocal last
        kept.append(1)
        last = 1

    return hook, lambda: (kept, last)


def a_global():
    def hook(*_):
        GLOBAL_LIST.append(1)

    return hook, lambda: list(GLOBAL_LIST)


def a_method():
    watcher = Watcher()
    return watcher.hook, lambda: (watcher.seen, watcher.last)


def a_partial():
    kept = collections.defaultdict(list)

    def hook(store, *_):
        store["new"].append(1)

    return functools.partial(hook, kept), lambda: dict(kept)


def a_namespace():
    kept = types.SimpleNamespace(queue=collections.deque([0], maxlen=3), names={"a"})

    def hook(*_):
        kept.queue.append(1)
        kept.names.add("b")
        kept.more = 1

    return hook, lambda: (list(kept.queue), sorted(kept.names), hasattr(kept, "more"))


@pytest.mark.parametrize("make", [a_closure, a_global, a_method, a_partial, a_namespace])
@pytest.mark.parametrize("way", ["remember", "capture", "hooks_kept"])
def test_what_a_hook_keeps_is_put_back(make, way):
    hook, read = make()
    before = repr(read())
    network = nn.Sequential(nn.Conv2d(1, 2, 3))
    network[0].register_forward_hook(hook)
    if way == "remember":
        restore = remember([hook])
        network(torch.zeros(1, 1, 4, 4))
        assert repr(read()) != before
        restore()
    elif way == "capture":
        capture(network, (1, 4, 4))
    else:
        with hooks_kept(network):
            network(torch.zeros(1, 1, 4, 4))
    assert repr(read()) == before


def test_containers_in_containers_of_a_module():
    class Keeps(nn.Module):
        def __init__(self):
            super().__init__()
            self.cache = {"a": {"b": [1]}, "c": [collections.deque([2]), {3}]}

        def forward(self, x):
            self.cache["a"]["b"].append(x)
            self.cache["c"][0].append(x)
            self.cache["c"][1].add(4)
            self.cache["new"] = x
            return x * 2

    module = Keeps()
    inner = module.cache["a"]["b"]
    capture(module, (1, 4, 4))
    assert module.cache == {"a": {"b": [1]}, "c": [collections.deque([2]), {3}]}
    assert module.cache["a"]["b"] is inner


def test_what_holds_itself_ends():
    kept = []
    kept.append(kept)
    restore = remember([kept])
    kept.append(1)
    restore()
    assert len(kept) == 1
    assert kept[0] is kept


def test_all_generators_stand_where_they_stood():
    def draw():
        legacy = np.random.rand()  # noqa: NPY002 - as modules draw
        return random.random(), float(legacy), float(torch.rand(()))

    class Noisy(nn.Module):
        def forward(self, x):
            return x * sum(draw())

    with generators_kept():
        expected = draw()
    with generators_kept():
        draw()
    capture(Noisy(), (1, 2, 2))
    assert draw() == expected
