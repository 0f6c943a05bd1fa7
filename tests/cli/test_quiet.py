"""What a command prints is ours: nothing that PyTorch logs while something is tried."""

import subprocess
import sys

import pytest

PROGRAM = """
import convscope, torch
from torch import nn
network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3), nn.Flatten())
for ask in (
    lambda: convscope.trace(network, (1, 5, 5)),
    lambda: convscope.plan(network, "digits", size=5, epochs=1),
):
    try:
        ask()
    except convscope.UsageError as error:
        print("said", " ".join(str(error).split()))
"""


@pytest.mark.parametrize(
    "arguments",
    [("show", "vgg11", "--size", "16"), ("plan", "vgg11", "digits", "--size", "16")],
    ids=" ".join,
)
def test_one_line_where_a_network_runs_out_of_pixels(arguments):
    # In a process of its own, since PyTorch writes to the stderr that it found when it started.
    done = subprocess.run(
        [sys.executable, "-m", "convscope", *arguments], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("convscope: Images of 16×16 are too small for vgg11: ")


def test_library_calls_print_nothing_of_pytorch():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.partition(" ")[0] for line in done.stdout.splitlines()] == ["said", "said"]
