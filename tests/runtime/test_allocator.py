import subprocess
import sys

import pytest

# Frees and takes 64 MiB again and again; pages that the allocator gave back fault in again. It
# takes some rounds until a block is there that fits with its alignment.
FAULTS = """
import resource, sys, torch
from convscope.runtime.allocator import keep_memory
if sys.argv[1] == "keep" and not keep_memory():
    sys.exit(3)
for _ in range(20):
    torch.empty(2**26, dtype=torch.uint8).fill_(1)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    torch.empty(2**26, dtype=torch.uint8).fill_(1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(mode):
    done = subprocess.run([sys.executable, "-c", FAULTS, mode], capture_output=True, text=True)
    if done.returncode == 3:
        pytest.skip("the C library isn't glibc")
    return int(done.stdout)


def test_freed_memory_is_kept():
    assert faults("keep") < 0.05 * faults("plain")
