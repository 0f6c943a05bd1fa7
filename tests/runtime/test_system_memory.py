from pathlib import Path

import pytest

from convscope.runtime.system_memory import system_memory

GB = 1 << 30
MEMORY = "MemTotal:       8388608 kB\nMemFree:  1 kB\nMemAvailable:   4194304 kB\n"


@pytest.fixture
def machine(monkeypatch):
    """Let the system's files say what the test wants; None: there is no such file."""

    def make(meminfo, limit=None, used=None):
        files = {"meminfo": meminfo, "memory.max": limit, "memory.current": used}

        def read_text(path, encoding):
            if files[path.name] is None:
                raise FileNotFoundError(path)
            return files[path.name]

        monkeypatch.setattr(Path, "read_text", read_text)

    return make


def test_of_the_machine(machine):
    machine(MEMORY)
    assert system_memory() == (8 * GB, 4 * GB)


@pytest.mark.parametrize(
    ("limit", "used", "expected"),
    [
        (6 * GB, 5 * GB, (6 * GB, 1 * GB)),
        (6 * GB, 1 * GB, (6 * GB, 4 * GB)),
        (6 * GB, 7 * GB, (6 * GB, 0)),
        (99 * GB, 1 * GB, (8 * GB, 4 * GB)),
        ("max", 1 * GB, (8 * GB, 4 * GB)),
    ],
)
def test_within_a_container(machine, limit, used, expected):
    machine(MEMORY, f"{limit}\n", f"{used}\n")
    assert system_memory() == expected


def test_where_the_system_does_not_say(machine):
    machine(None)
    assert system_memory() == (None, None)
