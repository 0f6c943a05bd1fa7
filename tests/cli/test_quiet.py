"""What a command prints is ours: nothing that PyTorch logs while something is tried.

In a process of its own, since PyTorch writes to the stderr that it found when it started.
"""

import subprocess
import sys

import pytest

COMMANDS = """
import sys
from convscope.cli.main import main
for command in sys.argv[1:]:
    sys.argv = ["convscope", *command.split()]
    try:
        main()
    except SystemExit as ended:
        print("ended with", ended.code)
"""

LIBRARY = """
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


def run(*arguments):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True)


@pytest.mark.slow
def test_one_line_where_a_network_runs_out_of_pixels():
    done = run("-c", COMMANDS, "show vgg11 --size 16", "plan vgg11 digits --size 16")
    assert done.stdout.splitlines() == ["ended with 2"] * 2
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    for line in lines:
        assert line.startswith("convscope: Images of 16×16 are too small for vgg11: ")


@pytest.mark.slow
@pytest.mark.parametrize("arguments", ["show vgg11 --size 16", "plan vgg11 digits --size 16"])
def test_the_command_alone_says_one_line(arguments):
    done = run("-m", "convscope", *arguments.split())
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("convscope: Images of 16×16 are too small for vgg11: ")


@pytest.mark.slow
def test_library_calls_print_nothing_of_pytorch():
    done = run("-c", LIBRARY)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.partition(" ")[0] for line in done.stdout.splitlines()] == ["said", "said"]
