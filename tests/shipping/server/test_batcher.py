"""Batches as large as the load, never divided, never swapped, and no wait for nothing."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.shipping.server import batcher
from convscope.shipping.server.batcher import Batcher, Work
from tests.shipping.server.serving import until


class Kept:
    """An engine that can be held, and what was delivered."""

    def __init__(self, **options):
        self.go = threading.Event()
        self.go.set()
        self.batches = []
        self.given = {}
        self.thread = ThreadPoolExecutor(1)
        self.batcher = Batcher(self.thread, self.compute, self.deliver, **options)

    def compute(self, images):
        self.batches.append(len(images))
        assert self.go.wait(20)
        if (images == 255).any():
            raise ValueError("white")
        return images[:, 0].astype(int) * 2

    def deliver(self, works, result):
        row = 0
        for work in works:
            if isinstance(result, Exception):
                self.given[work.owner] = result
                continue
            self.given[work.owner] = result[row : row + len(work.images)].tolist()
            row += len(work.images)

    def put(self, owner, *values, **options):
        self.batcher.announce(len(values))
        self.batcher.put(Work(np.array(values, np.uint8)[:, None], owner, **options))


@given(
    works=st.lists(st.lists(st.integers(0, 254), min_size=1, max_size=5), min_size=1, max_size=20),
    max_batch=st.integers(1, 8),
)
def test_everybody_gets_their_own(works, max_batch):
    kept = Kept(max_batch=max_batch, wait_seconds=0.0)
    for owner, values in enumerate(works):
        kept.put(owner, *values)
    kept.batcher.close()
    expected = {owner: [2 * value for value in values] for owner, values in enumerate(works)}
    assert kept.given == expected
    largest = max(map(len, works))
    assert max(kept.batches) <= max(max_batch, largest)


def test_what_waits_is_computed_together():
    kept = Kept(max_batch=4, wait_seconds=0.0)
    kept.go.clear()
    kept.put("first", 0)
    until(lambda: kept.batches == [1])
    for number in range(6):
        kept.put(number, number)
    kept.go.set()
    kept.batcher.close()
    assert kept.batches == [1, 4, 2]


def test_images_that_are_announced_are_waited_for():
    kept = Kept(max_batch=4, wait_seconds=30.0)
    kept.batcher.announce(2)
    kept.batcher.put(Work(np.ones((1, 1), np.uint8), "a"))
    kept.batcher.put(Work(np.ones((1, 1), np.uint8), "b"))
    until(lambda: len(kept.given) == 2)
    assert kept.batches == [2]
    kept.batcher.close()


def test_images_that_turn_out_to_be_none_hold_nobody_up():
    kept = Kept(max_batch=4, wait_seconds=30.0)
    kept.batcher.announce(2)
    kept.batcher.put(Work(np.ones((1, 1), np.uint8), "a"))
    kept.batcher.announce(-1)
    until(lambda: kept.given)
    kept.batcher.close()


def test_the_wait_ends():
    kept = Kept(max_batch=4, wait_seconds=0.01)
    kept.batcher.announce(5)
    kept.batcher.put(Work(np.ones((1, 1), np.uint8), "a"))
    until(lambda: kept.given)
    kept.batcher.close()


def test_what_nobody_wants_is_not_computed():
    kept = Kept(max_batch=2, wait_seconds=0.0)
    kept.put("gone", 1, is_wanted=lambda: False)
    kept.put("here", 2)
    kept.batcher.close()
    assert kept.given == {"here": [4]}
    assert sum(kept.batches) == 1


def test_the_thread_outlives_an_engine_that_fails():
    kept = Kept(max_batch=1, wait_seconds=0.0)
    kept.put("bad", 255)
    kept.put("good", 3)
    kept.batcher.close()
    assert isinstance(kept.given["bad"], ValueError)
    assert kept.given["good"] == [6]


def test_batches_are_told():
    told = []
    kept = Kept(max_batch=2, wait_seconds=0.0, on_batch=lambda size, seconds: told.append(size))
    kept.put("a", 1, 2)
    kept.batcher.close()
    assert told == [2]
    assert kept.thread.submit(lambda: 5).result() == 5  # the thread is free again


@pytest.mark.slow
def test_many_threads_put_at_once():
    kept = Kept(max_batch=16, wait_seconds=0.001)

    def put(start):
        for number in range(start, start + 1000):
            kept.put(number, number % 250)

    threads = [threading.Thread(target=put, args=(1000 * n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept.batcher.close()
    assert kept.given == {number: [2 * (number % 250)] for number in range(5000)}


def test_those_let_in_together_are_computed_together(monkeypatch):
    monkeypatch.setattr(batcher, "EXPECTED_SECONDS", 60.0)
    monkeypatch.setattr(batcher, "ALL_EXPECTED_SECONDS", 60.0)
    kept = Kept(max_batch=8, wait_seconds=0.0)
    kept.batcher.expect(3)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.batches == []
    kept.batcher.expect(-2)
    assert kept.batches == []
    kept.batcher.expect(-1)  # the third won't come
    until(lambda: kept.batches)
    kept.batcher.close()
    assert kept.batches == [2]
    assert kept.given == {"a": [2], "b": [4]}


@pytest.mark.parametrize("name", ["EXPECTED_SECONDS", "ALL_EXPECTED_SECONDS"])
def test_who_does_not_come_is_not_waited_for_long(monkeypatch, name):
    monkeypatch.setattr(batcher, "EXPECTED_SECONDS", 60.0)
    monkeypatch.setattr(batcher, "ALL_EXPECTED_SECONDS", 60.0)
    monkeypatch.setattr(batcher, name, 0.01)
    kept = Kept(max_batch=8, wait_seconds=0.0)
    kept.batcher.expect(1)
    kept.put("a", 1)
    until(lambda: kept.given)
    kept.batcher.close()
