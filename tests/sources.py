"""The source of the package as data: its modules, what they import, and how large its rooms are.

`python -m tests.sources` (or `make lines`) prints files and lines of every room.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).parent.parent / "src" / "convscope"


class Import(NamedTuple):
    """One name that a module imports: `from module import name`, or `import module` (no name)."""

    module: str
    name: str | None


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name; a package stands for its `__init__`."""
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = [PACKAGE.name, *file.relative_to(PACKAGE).with_suffix("").parts]
        found[".".join(parts).removesuffix(".__init__")] = file
    return found


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def nodes_that_run(node: ast.AST) -> Iterator[ast.AST]:
    """Everything in a syntax tree except what only type checkers read."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            for otherwise in child.orelse:
                yield from nodes_that_run(otherwise)
        else:
            yield from nodes_that_run(child)


def own_imports(module: str) -> list[Import]:
    """What a module imports of the package, at its top or inside of functions, when it runs."""
    found = []
    for node in nodes_that_run(tree(modules()[module])):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively; write the whole name"
            found += [Import(str(node.module), alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [Import(alias.name, None) for alias in node.names]
    return [each for each in found if each.module.split(".")[0] == PACKAGE.name]


def imported_modules(module: str) -> set[str]:
    """The modules of the package whose code a module asks for.

    `from a import b` asks for module `a.b` where there is one, and for `a` otherwise.
    """
    found = set()
    for asked in own_imports(module):
        whole = f"{asked.module}.{asked.name}"
        found.add(whole if whole in modules() else asked.module)
    return found


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """The groups of two or more nodes that can all be reached from one another (Tarjan, 1972)."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_nodes: list[str] = []
    found = []

    def visit(node: str) -> None:
        number[node] = lowest[node] = len(number)
        open_nodes.append(node)
        for target in sorted(arrows[node]):
            if target not in number:
                visit(target)
                lowest[node] = min(lowest[node], lowest[target])
            elif target in open_nodes:
                lowest[node] = min(lowest[node], number[target])
        if lowest[node] == number[node]:
            start = open_nodes.index(node)
            if len(open_nodes) - start > 1 or node in arrows[node]:
                found.append(sorted(open_nodes[start:]))
            del open_nodes[start:]

    for node in sorted(arrows):
        if node not in number:
            visit(node)
    return found


def rooms() -> dict[str, list[Path]]:
    """The files of each room; those beside the rooms stand under the package's own name."""
    found: dict[str, list[Path]] = {}
    for file in modules().values():
        parts = file.relative_to(PACKAGE).parts
        found.setdefault(parts[0] if len(parts) > 1 else PACKAGE.name, []).append(file)
    return found


def size_table() -> str:
    """Files, lines and the longest file of each room, as text."""
    rows = [f"{'room':<14}{'files':>6}{'lines':>8}  longest file"]
    total = [0, 0]
    for room, files in sorted(rooms().items()):
        lines = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in files}
        longest = max(files, key=lines.__getitem__)
        where = longest.relative_to(PACKAGE).as_posix()
        rows.append(
            f"{room:<14}{len(files):>6}{sum(lines.values()):>8,}  {lines[longest]:>3} {where}"
        )
        total = [total[0] + len(files), total[1] + sum(lines.values())]
    return "\n".join([*rows, f"{'together':<14}{total[0]:>6}{total[1]:>8,}"])


if __name__ == "__main__":
    print(size_table())
