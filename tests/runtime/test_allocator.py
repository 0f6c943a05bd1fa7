import os
import subprocess
import sys

import pytest

from convscope.runtime import allocator

# Frees and takes 64 MiB again and again, in four stages: within `returning_memory` before and
# after `keep_memory`, afterwards, and within another, kept for some measurements only. Pages that
# the allocator gave back fault in again. It takes some rounds until a block is there that fits
# with its alignment.
STAGES = """
import resource, sys, torch
from convscope.runtime.allocator import keep_memory, returning_memory
from convscope.runtime.process import resident_bytes

def faults():
    for _ in range(20):
        torch.empty(2**26, dtype=torch.uint8).fill_(1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        torch.empty(2**26, dtype=torch.uint8).fill_(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

with returning_memory():
    returned = faults()
    if not keep_memory() or not keep_memory():
        sys.exit(3)
    kept = faults()
    held = resident_bytes() or 0
given_back = held - (resident_bytes() or 0)
with returning_memory():
    keep_memory(for_long=False)
    print(returned, kept, given_back, faults())
"""


@pytest.fixture(scope="module")
def stages():
    done = subprocess.run([sys.executable, "-c", STAGES], capture_output=True, text=True)
    if done.returncode == 3:
        pytest.skip("the C library isn't glibc")
    assert done.returncode == 0, done.stderr
    return [int(word) for word in done.stdout.split()]


@pytest.mark.slow
def test_freed_memory_is_given_back_before_it_is_kept(stages):
    returned, _, _, _ = stages
    assert returned > 1000  # 10 times 64 MiB, in pages of at most 2 MiB and usually 4 KiB


@pytest.mark.slow
def test_freed_memory_is_kept(stages):
    returned, kept, _, briefly = stages
    assert kept < 0.05 * returned
    assert briefly < 0.05 * returned


def test_what_was_kept_is_given_back_in_the_end(stages):
    _, _, given_back, _ = stages
    assert given_back > 0.9 * 2**26


def test_another_c_library(monkeypatch):
    monkeypatch.setattr(allocator, "_c_library", lambda: None)
    with allocator.returning_memory():
        assert not allocator.keep_memory()


AGAIN = """
import os, sys
from convscope.runtime.allocator import has_thread_cache, start_again_without_thread_cache
had = has_thread_cache()
start_again_without_thread_cache()
print(had, os.environ.get("GLIBC_TUNABLES"), sys.argv[1:], sys.flags.utf8_mode)
"""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "False glibc.malloc.tcache_count=0"),
        ({"GLIBC_TUNABLES": "glibc.malloc.perturb=1"}, "False glibc.malloc.perturb=1:glibc.ma"),
        ({"GLIBC_TUNABLES": "glibc.malloc.tcache_count=9"}, "True glibc.malloc.tcache_count=9"),
    ],
)
def test_the_program_starts_again_once_with_the_same_arguments(tmp_path, given, expected):
    if allocator._c_library() is None:
        pytest.skip("the C library isn't glibc")
    program = tmp_path / "again.py"
    program.write_text(AGAIN)
    command = [sys.executable, "-X", "utf8", str(program), "train", "a b"]
    environment = {k: v for k, v in os.environ.items() if k != "GLIBC_TUNABLES"}
    done = subprocess.run(command, capture_output=True, text=True, env={**environment, **given})
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(expected)
    assert done.stdout.rstrip().endswith("['train', 'a b'] 1")


def test_with_another_c_library_nothing_is_started_again(monkeypatch):
    monkeypatch.setattr(allocator, "_c_library", lambda: None)
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    allocator.start_again_without_thread_cache()
    assert allocator.has_thread_cache()
