"""The command line without the seconds that a fresh process takes to load torch."""

import sys
from types import SimpleNamespace

import pytest

from convscope.cli.main import main


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Run a command in this process, in an empty folder; what it prints and its exit code."""

    def run(*arguments, code=0, columns=120):
        monkeypatch.chdir(tmp_path)
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
