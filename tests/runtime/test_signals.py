import importlib
import signal
import sys
import threading

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
    # A shell starts what is to run in the background with SIGINT ignored, as it may these tests.
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {each: signal.signal(each, signal.SIG_DFL) for each in names}
    try:
        assert signals.ending_signals() == (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        assert signals.ending_signals() == (signal.SIGINT, signal.SIGTERM)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="needs masks of signals")
def test_what_is_held_back_comes_later():
    came = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: came.append(number))
    try:
        signals.hold_back()
        signal.raise_signal(signal.SIGTERM)
        assert came == []
        signals.let_through()
        assert came == [signal.SIGTERM]
    finally:
        signals.let_through()
        signal.signal(signal.SIGTERM, before)


class EndedError(BaseException):
    pass


@pytest.mark.parametrize("is_endless", [False, True])  # too long, or given a second time
def test_a_signal_waits_until_a_module_is_imported(tmp_path, monkeypatch, is_endless):
    """In the middle of it, libraries lose the exception and are left half imported."""
    if is_endless:
        monkeypatch.setattr(signals, "_put_off_since", [-signals.LONGEST_IMPORT - 1])

    def receive(number, frame):
        if not signals.put_off_while_importing(number, frame):
            raise EndedError

    (tmp_path / "loses_signals.py").write_text(
        "import signal\nlost = False\ntry:\n    signal.raise_signal(signal.SIGINT)\n"
        "except BaseException:\n    lost = True\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    before = signal.signal(signal.SIGINT, receive)
    try:
        importlib.import_module("loses_signals")
        if not is_endless:
            with pytest.raises(EndedError):
                threading.Event().wait(60)
    finally:
        signal.signal(signal.SIGINT, before)
    assert sys.modules.pop("loses_signals").lost is is_endless
