"""Workers that work together: what happens when one ends, and when all should."""

import functools
import os
import signal
import sys
from pathlib import Path

import pytest

from convscope.errors import ConvscopeError, UsageError
from convscope.shipping.server.workers import Workers, compute_apart

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux")
PATIENCE = 60.0  # nothing waits for it, unless a test says so


def own_children():
    """The processes that this thread has forked."""
    return set(map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()))


@pytest.fixture
def children():
    """Gives those forked by the test."""
    before = own_children()
    return lambda: sorted(own_children() - before)


def be_ready(tell_ready, *, code=0):
    """Work that ends with this code when it is told to."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(code))
    tell_ready()
    while True:
        signal.pause()


def end_all():
    os.kill(os.getpid(), signal.SIGTERM)


def keep(work, count=2, **options):
    said = []
    options = {"say": said.append, "patience": PATIENCE} | options
    return Workers(count, work, **options), said


def test_they_run_until_a_signal_comes():
    ended = []
    processes, said = keep(be_ready, on_end=ended.append)
    running = []

    def on_ready():
        running.append(processes.running)
        end_all()

    before = signal.getsignal(signal.SIGTERM)
    assert processes.run(on_ready)
    assert running == [2]
    assert len(ended) == 2
    assert said == []
    assert signal.getsignal(signal.SIGTERM) == before


def test_one_that_is_killed_is_replaced(children):
    parent, ended = os.getpid(), []

    def work(tell_ready):
        def tell():
            tell_ready()
            if ended:  # this one is in the place of another
                os.kill(parent, signal.SIGTERM)

        be_ready(tell)

    processes, said = keep(work, on_end=ended.append)
    assert processes.run(lambda: os.kill(children()[0], signal.SIGKILL))
    (line,) = said
    assert line == (
        f"Worker {ended[0]} was killed (SIGKILL: by somebody, or for lack of memory). "
        "Another one is started now."
    )
    assert len(ended) == 3
    assert children() == []


def test_one_that_is_never_ready_ends_all(children):
    def work(tell_ready):
        raise ConvscopeError("No model.")

    processes, said = keep(work)
    with pytest.raises(ConvscopeError, match=r"^A worker ended with code 1 before it was ready\.$"):
        processes.run(lambda: None)
    assert len(said) >= 1
    assert children() == []


@pytest.mark.parametrize(("code", "well"), [(0, True), (1, False)])
def test_how_they_ended_is_told(code, well):
    processes, _ = keep(functools.partial(be_ready, code=code))
    assert processes.run(end_all) is well


def test_who_does_not_end_is_killed(children):
    def work(tell_ready):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        tell_ready()
        while True:
            signal.pause()

    processes, _ = keep(work, patience=0.0)
    assert not processes.run(end_all)
    assert children() == []


def test_a_second_signal_is_handed_on():
    parent = os.getpid()

    def work(tell_ready):
        came = []

        def on_signal(*_):
            came.append(1)
            if len(came) == 2:
                os._exit(0)
            os.kill(parent, signal.SIGTERM)

        signal.signal(signal.SIGTERM, on_signal)
        tell_ready()
        while True:
            signal.pause()

    processes, _ = keep(work, count=1)
    assert processes.run(end_all)


def test_they_end_with_their_parent():
    reader, writer = os.pipe()
    middle = os.fork()
    if middle == 0:
        keep(be_ready)[0].run(lambda: os.write(writer, b"x") and os._exit(0))
    os.close(writer)
    os.waitpid(middle, 0)
    assert os.read(reader, 10) == b"x"
    assert os.read(reader, 10) == b""  # ends when nobody holds the other end any more
    os.close(reader)


def test_computed_apart(children):
    mine = os.getpid()
    there = compute_apart(lambda: {"process": os.getpid(), "nothing": None})
    assert there["process"] != mine
    assert there["nothing"] is None
    assert children() == []


@pytest.mark.parametrize("kind", [ConvscopeError, UsageError])
def test_what_is_wrong_there_is_said_here(kind):
    def fail():
        raise kind("There is no such engine.")

    with pytest.raises(kind, match=r"^There is no such engine\.$") as caught:
        compute_apart(fail)
    assert type(caught.value) is kind


def test_one_that_is_killed_while_it_computes():
    with pytest.raises(ConvscopeError, match=r"^The process that measures was killed \(SIGKILL"):
        compute_apart(lambda: os.kill(os.getpid(), signal.SIGKILL))
