"""The arrows between the rooms point one way, and importing stays cheap."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import convscope

PACKAGE = Path(convscope.__file__).parent
ROOMS = [
    "look",
    "definitions",
    "networks",
    "data",
    "runtime",
    "graph",
    "runs",
    "evaluation",
    "comparison",
    "planning",
    "training",
    "diagnosis",
    "shipping",
    "inspection",
    "cli",
]
LEAVES = {"errors", "files", "folders", "version"}


def imported_rooms(file: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        modules = []
        if isinstance(node, ast.ImportFrom) and node.module:
            modules = [node.module]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        names |= {m.split(".")[1] for m in modules if m.startswith("convscope.")}
    return names - LEAVES


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_import_only_from_the_rooms_above_them(room):
    allowed = set(ROOMS[: ROOMS.index(room) + 1])
    for file in sorted((PACKAGE / room).rglob("*.py")):
        wrong = imported_rooms(file) - allowed
        assert not wrong, f"{file.relative_to(PACKAGE)} imports from {sorted(wrong)}"


def test_every_folder_of_the_package_is_a_room():
    folders = {path.parent.name for path in PACKAGE.glob("*/*.py")}
    assert folders == set(ROOMS)


@pytest.mark.parametrize("statement", ["import convscope", "import convscope.cli.main"])
def test_importing_does_not_load_torch(statement):
    code = f"{statement}; import sys; assert 'torch' not in sys.modules; print('light')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "light"


def test_completion_knows_every_named_data_set():
    from convscope.cli.complete import DATA_SETS
    from convscope.data.load import NAMED

    assert set(DATA_SETS) == set(NAMED)


def test_public_names_exist():
    assert convscope.__all__ == [*sorted(set(convscope.__all__) - {"__version__"}), "__version__"]
    for name in convscope.__all__:
        assert getattr(convscope, name) is not None
