"""Rooms and files of the package: who may import whom, what is defined once, what is explained.

Importing stays cheap, and every file that computes something has its tests.
"""

import ast
import builtins
import re
import subprocess
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

import convscope
from tests.sources import (
    PACKAGE,
    circles,
    imported_modules,
    modules,
    own_imports,
    size_table,
    tree,
)

ROOMS = [
    "look",
    "web",
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
    "tuning",
    "diagnosis",
    "shipping",
    "inspection",
    "experiments",
    "lessons",
    "studio",
    "cli",
]
LEAVES = {"errors", "files", "folders", "version"}
FOLDERS = [name for name, file in modules().items() if file.name == "__init__.py" and "." in name]
TESTS = Path(__file__).parent


def imported_rooms(file: Path) -> set[str]:
    names = set()
    for node in ast.walk(tree(file)):
        imported = []
        if isinstance(node, ast.ImportFrom) and node.module:
            imported = [node.module]
        elif isinstance(node, ast.Import):
            imported = [alias.name for alias in node.names]
        names |= {m.split(".")[1] for m in imported if m.startswith("convscope.")}
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


def test_files_import_in_no_circle():
    arrows = {module: imported_modules(module) & modules().keys() for module in modules()}
    found = circles(arrows)
    assert not found, "These import one another:\n" + "\n".join(map(" ".join, found))


def test_circles_are_found():
    """The test above can fail."""
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c"]]
    assert circles({"a": {"a"}, "b": set()}) == [["a"]]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def is_private(name: str | None) -> bool:
    return name is not None and name.startswith("_") and not name.startswith("__")


def test_no_private_name_is_used_in_another_file():
    found = []
    for module, file in modules().items():
        asked = own_imports(module)
        found += [
            f"{module}: from {each.module} import {each.name}" for each in asked
            if any(map(is_private, [*each.module.split("."), each.name]))
        ]  # fmt: skip
        ours = {each.name for each in asked if f"{each.module}.{each.name}" in modules()}
        found += [
            f"{module}: {node.value.id}.{node.attr}"
            for node in ast.walk(tree(file))
            if isinstance(node, ast.Attribute) and is_private(node.attr)
            and isinstance(node.value, ast.Name) and node.value.id in ours
        ]  # fmt: skip
    assert not found, "\n".join(found)


def test_a_class_name_means_one_class():
    places = defaultdict(list)
    for module, file in modules().items():
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(module)
    twice = {name: where for name, where in places.items() if len(where) > 1}
    assert not twice, "\n".join(f"{name}: {' '.join(where)}" for name, where in twice.items())


def test_sizes_of_the_rooms_are_counted():
    """`pytest -s` prints the table, as `make lines` does."""
    print("\n" + size_table())
    _, *rows, total = [line.split() for line in size_table().splitlines()]
    assert {row[0] for row in rows} == {*ROOMS, "convscope"}
    assert int(total[1]) == sum(int(row[1]) for row in rows) == len(modules())
    for name, file in modules().items():
        assert len(tree(file).body) > 0, f"{name} is empty"


def test_colours_stand_in_the_palette():
    """Not beside what is drawn in them, where the same colour would soon be another."""
    found = [
        name for name, file in modules().items()
        if name != "convscope.look.palette"
        and re.search(r"""["']#[0-9a-fA-F]{6}["']""", file.read_text(encoding="utf-8"))
    ]  # fmt: skip
    assert not found


def home_of(value: object) -> str:
    """The module in which a public name is defined."""
    return str(getattr(value, "__module__", None) or getattr(value, "__name__", ""))


@pytest.mark.parametrize("folder", FOLDERS)
def test_folders_introduce_themselves(folder):
    introduction = ast.get_docstring(tree(modules()[folder])) or ""
    lines = introduction.splitlines()
    assert len(lines) >= 10, f"{folder}/__init__.py introduces itself in {len(lines)} lines"
    for name in set(convscope.__all__) - {"__version__"}:
        home = home_of(getattr(convscope, name))
        if home == folder or home.startswith(folder + "."):
            assert re.search(rf"\b{name}\b", introduction), f"{folder} doesn't name `{name}`"


@cache
def defined_names() -> set[str]:
    """Every class and function of the package, methods as well."""
    return {
        node.name for file in modules().values() for node in ast.walk(tree(file))
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
    }  # fmt: skip


@pytest.mark.parametrize("folder", FOLDERS)
def test_introductions_name_what_exists(folder):
    """Classes, calls, `cs.` names and files in backticks are those of the package."""
    introduction = ast.get_docstring(tree(modules()[folder])) or ""
    for text in re.findall(r"`([^`]+)`", introduction):
        if public := re.match(r"(?:cs|convscope)\.(\w+)", text):
            assert public[1] in convscope.__all__ or f"convscope.{public[1]}" in modules(), text
        elif re.fullmatch(r"[\w/]+\.py", text):
            inside = modules()[folder].parent / text
            beside = [PACKAGE / text, TESTS.parent / text]
            assert inside.is_file() or any(path.is_file() for path in beside), text
        elif name := re.match(r"([A-Z]\w*[a-z]\w*)$|(\w+)\(", text):
            assert (name[1] or name[2]) in defined_names() | {*dir(builtins)}, (
                f"{folder} names `{text}`"
            )


def computes(file: Path) -> bool:
    """Whether a file holds a function, or a class with methods that calculate something."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    for node in tree(file).body:
        if isinstance(node, functions) and not is_private(node.name):
            return file.name != "__init__.py"
        if isinstance(node, ast.ClassDef):
            methods = [each.name for each in node.body if isinstance(each, functions)]
            if any(
                not name.startswith("_") or name in ("__init__", "__call__") for name in methods
            ):
                return True
    return False


def files_tested_elsewhere() -> dict[str, str]:
    """The files that a test file of another name says it tests, each with that test file.

    Such a test file ends its docstring with a paragraph as `Tests data/tree.py, data/folder.py.`
    """
    found = {}
    for file in TESTS.rglob("test_*.py"):
        last = (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").split("\n\n")[
            -1
        ]
        if last.startswith("Tests ") and ".py" in last:
            for name in re.findall(r"[\w/]+\.py", last):
                found[name] = str(file.relative_to(TESTS))
    return found


def test_test_files_name_files_that_exist():
    gone = {
        name: test
        for name, test in files_tested_elsewhere().items()
        if not (PACKAGE / name).is_file()
    }
    assert not gone


def test_every_file_that_computes_has_a_test_file():
    """Of its name, in the same folder of tests; or one that says at its top that it tests it."""
    elsewhere = files_tested_elsewhere()
    missing = []
    for file in modules().values():
        name = file.relative_to(PACKAGE)
        own = TESTS / name.parent / f"test_{name.name}"
        if name.match("lessons/exercises/lesson_*.py"):  # each is tested with its lesson
            own = TESTS / "lessons" / "test_lessons.py"
        if computes(file) and not own.is_file() and name.as_posix() not in elsewhere:
            missing.append(name.as_posix())
    assert not missing, f"{len(missing)} files have no tests:\n" + "\n".join(missing)


@pytest.mark.parametrize(
    "statement", ["import convscope", "import convscope.cli.main", "import convscope.runs.run"]
)
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
