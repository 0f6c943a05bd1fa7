"""The command line without the seconds that a fresh process takes to load torch."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from convscope.cli.main import main


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Run a command in this process, in an empty folder, and check its exit code.

    Returns what it printed. `folder` is where it runs instead, `columns` how wide its terminal is.
    """

    def run(*arguments, code=0, columns=120, folder=tmp_path):
        monkeypatch.chdir(folder)
        monkeypatch.setenv("COLUMNS", str(columns))
        # Training would otherwise begin by replacing this program, the tests, by itself.
        monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=7")
        monkeypatch.setattr(sys, "argv", ["convscope", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert (ended.value.code or 0) == code, printed.out + printed.err
        return SimpleNamespace(stdout=printed.out, stderr=printed.err)

    return run


@pytest.fixture
def digit(tmp_path):
    """`digit.png` in the folder of `command`: grey noise, larger than a network's images."""
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "digit.png")
