"""What the benchmarks import and call is there: they take minutes, so that tests don't run them."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

from tests.sources import modules

BENCHMARKS = sorted((Path(__file__).parents[1] / "benchmarks").rglob("*.py"))


def imported(file):
    """What a file imports from the package, by the name that it has in the file."""
    found = {}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "convscope":
            for each in node.names:
                name = f"{node.module}.{each.name}"
                found[each.asname or each.name] = (
                    importlib.import_module(name)
                    if name in modules()
                    else getattr(importlib.import_module(node.module), each.name)
                )
    return found


@pytest.mark.parametrize("file", BENCHMARKS, ids=lambda file: file.stem)
def test_what_is_imported_exists_and_takes_the_arguments(file):
    names = imported(file)
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        called = names.get(node.func.id)
        unpacked = any(isinstance(each, ast.Starred) for each in node.args)
        if called is None or unpacked or any(each.arg is None for each in node.keywords):
            continue
        given = {each.arg: None for each in node.keywords}
        inspect.signature(called).bind(*node.args, **given)
