"""The command as a person gives it: its address, what it loads, how it ends."""

import os
import re
import signal
import subprocess
import sys

import httpx
import pytest

from convscope.errors import UsageError
from convscope.studio.serve import has_screen, serve_studio


def test_it_shows_an_address_answers_and_ends(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "convscope", "studio", str(tmp_path), "--port", "0", "--no-open"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        line = process.stdout.readline()
        found = re.fullmatch(r"Studio: (http://127\.0\.0\.1:\d+)/\?token=(\S{40,})\n", line)
        assert found, line + process.stderr.read()
        address, token = found.groups()
        with httpx.Client(verify=False) as client:  # noqa: S501
            assert client.get(f"{address}/api/hello").status_code == 401
            assert client.get(f"{address}/?token={token}").status_code == 303
            assert client.get(f"{address}/api/hello").status_code == 200
            assert client.get(f"{address}/api/bench/choices").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.communicate()


def test_it_starts_without_torch_figures_and_scikit_learn():
    code = (
        "import convscope.studio.serve, sys; "
        "print([name for name in ('torch', 'matplotlib', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_file_is_no_folder_of_runs(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(UsageError, match="is a file; give the folder that your runs are in"):
        serve_studio(tmp_path / "x", port=0)


def test_no_browser_where_there_is_no_screen(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delitem(os.environ, name, raising=False)
    assert not has_screen()
    monkeypatch.setenv("DISPLAY", ":0")
    assert has_screen()
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delenv("DISPLAY")
    assert has_screen()
