import signal

import pytest

from convscope.runtime import signals


@pytest.fixture(autouse=True)
def _nothing_came(monkeypatch):
    monkeypatch.setattr(signals, "_first", [float("-inf")])


def test_what_comes_at_once_is_one_wish(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(signals.time, "monotonic", lambda: now[0])
    assert not signals.repeats_itself()
    now[0] += 0.9 * signals.SAME_WISH
    assert signals.repeats_itself()
    now[0] += 0.2 * signals.SAME_WISH
    assert not signals.repeats_itself()


def test_a_closed_terminal_ends_nothing_under_nohup():
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        assert signals.ending_signals() == (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        assert signals.ending_signals() == (signal.SIGINT, signal.SIGTERM)
    finally:
        signal.signal(signal.SIGHUP, before)
