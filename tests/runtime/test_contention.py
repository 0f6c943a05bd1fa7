import time

import pytest

from convscope.runtime import contention
from convscope.runtime.contention import Contention


@pytest.fixture
def tasks(tmp_path, monkeypatch):
    """A stand-in for /proc/self/task: call it with seconds waited by thread."""
    monkeypatch.setattr(contention, "TASKS", tmp_path)

    def write(**waited):
        for name, seconds in waited.items():
            folder = tmp_path / name
            folder.mkdir(exist_ok=True)
            (folder / "schedstat").write_text(f"12345 {int(seconds * 1e9)} 7\n")

    return write


def at_times(monkeypatch, *moments):
    clock = iter(moments)
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))


def test_the_thread_that_waited_longest_counts(tasks, monkeypatch):
    tasks(one=5.0, two=1.0)
    at_times(monkeypatch, 100.0, 110.0)
    watched = Contention()
    tasks(one=6.0, two=4.0)
    assert watched.share == pytest.approx(0.3)


def test_a_thread_that_began_later_counts(tasks, monkeypatch):
    tasks(one=5.0)
    at_times(monkeypatch, 100.0, 104.0)
    watched = Contention()
    tasks(late=2.0)
    assert watched.share == pytest.approx(0.5)


def test_systems_that_do_not_tell(tmp_path, monkeypatch):
    monkeypatch.setattr(contention, "TASKS", tmp_path / "missing")
    assert Contention().share == 0.0


def test_a_line_that_is_another(tasks, tmp_path):
    tasks(one=1.0)
    (tmp_path / "one" / "schedstat").write_text("nothing\n")
    assert Contention().share == 0.0
