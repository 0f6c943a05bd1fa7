import multiprocessing
import os
import signal
import subprocess
import sys
import time

import pytest

from convscope.errors import UsageError
from convscope.runs.claim import CLAIM, check_unclaimed, claimed, is_claimed
from convscope.runs.out_folder import check_out_folder

HOLD = """
import sys, time
from convscope.runs.claim import claimed
with claimed(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_is_refused_with_the_number_of_the_first(tmp_path):
    with claimed(tmp_path):
        with pytest.raises(UsageError) as told, claimed(tmp_path):
            pass
        assert f"is being trained by process {os.getpid()} on " in str(told.value)
        with pytest.raises(UsageError):
            check_unclaimed(tmp_path)
    assert list(tmp_path.iterdir()) == []
    check_unclaimed(tmp_path)
    with claimed(tmp_path):
        pass


def test_asking_whether_a_process_trains_changes_nothing(tmp_path):
    assert is_claimed(tmp_path) is False
    assert list(tmp_path.iterdir()) == []
    with claimed(tmp_path):
        assert is_claimed(tmp_path) is True
    (tmp_path / CLAIM).write_text("process 1 on another")
    assert is_claimed(tmp_path) is False
    assert (tmp_path / CLAIM).read_text() == "process 1 on another"


def test_the_claim_of_a_killed_process_is_nobodys(tmp_path):
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(UsageError, match=f"process {other.pid} on "):
            check_unclaimed(tmp_path)
        other.send_signal(signal.SIGKILL)
    assert (tmp_path / CLAIM).exists()
    check_out_folder(tmp_path)  # as an empty folder
    check_unclaimed(tmp_path)
    assert list(tmp_path.iterdir()) == []


def _race(folder, start, won):
    start.wait()
    try:
        with claimed(folder):
            won.put(os.getpid())
            time.sleep(0.3)
    except UsageError:
        pass


@pytest.mark.slow
def test_of_many_at_once_one_wins(tmp_path):
    context = multiprocessing.get_context("fork")
    for number in range(5):
        start, won = context.Barrier(4), context.Queue()
        racers = [
            context.Process(target=_race, args=(tmp_path / str(number), start, won))
            for _ in range(4)
        ]
        for each in racers:
            each.start()
        for each in racers:
            each.join()
        assert won.get(timeout=5)
        assert won.empty()


def test_a_link_in_place_of_the_claim_is_not_followed(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "precious").write_text("text")
    (tmp_path / "run" / CLAIM).symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="symbolic link"), claimed(tmp_path / "run"):
        pass
    assert (tmp_path / "precious").read_text() == "text"
