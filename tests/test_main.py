"""A signal while the program is still being imported.

Tests __main__.py.
"""

import os
import signal
import subprocess
import sys

import pytest


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("arguments", [("networks",), ("train", "lenet", "digits")])
def test_a_signal_during_the_imports(number, arguments, tmp_path):
    """The first import of the command line sends it, so no clock is asked."""
    (tmp_path / "typer.py").write_text(
        f"import os, time\nos.kill(os.getpid(), {int(number)})\ntime.sleep(60)\n"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        # A shell starts what runs in the background with SIGINT ignored.
        [sys.executable, "-c", LISTENING, *arguments],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True, text=True, check=False, timeout=50,
    )  # fmt: skip
    assert done.returncode == 128 + number
    assert done.stderr == "convscope: Stopped before anything was begun.\n"


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="needs masks of signals")
def test_a_signal_while_the_program_replaces_itself():
    """It is held back until the new one listens, and then not lost."""
    done = subprocess.run(
        [sys.executable, "-c", REPLACED],
        capture_output=True, text=True, check=False, timeout=50,
    )  # fmt: skip
    assert done.returncode == 128 + signal.SIGTERM
    assert done.stderr == "convscope: Stopped before anything was begun.\n"


LISTENING = """
import signal, sys
for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(each, signal.SIG_DFL)
from convscope.__main__ import main
main()
"""

REPLACED = """
import os, signal, sys
from convscope.runtime.signals import hold_back
signal.signal(signal.SIGTERM, signal.SIG_DFL)
hold_back()
os.kill(os.getpid(), signal.SIGTERM)
os.execv(sys.executable, [sys.executable, "-m", "convscope", "networks"])
"""
