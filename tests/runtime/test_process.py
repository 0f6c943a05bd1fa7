import mmap
import time

import pytest

from convscope.runtime.process import age_seconds, forget_peak, resident_bytes

pytestmark = pytest.mark.skipif(resident_bytes() is None, reason="the system doesn't tell")


def test_memory_and_its_peak():
    before = resident_bytes()
    with mmap.mmap(-1, 2**27) as block:
        block.write(b"1" * len(block))
        assert resident_bytes() - before > 0.9 * 2**27
    assert resident_bytes(peak=True) - before > 0.9 * 2**27


def test_the_peak_begins_anew():
    with mmap.mmap(-1, 2**27) as block:
        block.write(b"1" * len(block))
        peak = resident_bytes(peak=True)
    if not forget_peak():
        pytest.skip("the system doesn't allow it")
    assert resident_bytes(peak=True) < peak - 0.5 * 2**27


def test_age():
    first = age_seconds()
    time.sleep(0.02)
    assert first < age_seconds() < 1e6
