"""The part of a lesson that some of its claims need, so that a wrong library is soon found out."""

import ast
from collections.abc import Collection

from convscope.lessons.cells import read_cells
from convscope.lessons.contents_table import Lesson

FRAME = {"show", "check", "claim", "end"}


def slice_lesson(lesson: Lesson, claims: Collection[str]) -> str:
    """The statements that make these claims, and those that they depend on, in their order.

    A statement is needed if it binds or changes a name that a later needed one reads. What a lesson
    shows and checks is left out.
    """
    source = "\n".join(cell.source for cell in read_cells(lesson.source()) if cell.kind == "code")
    kept: list[ast.stmt] = []
    needed: set[str] = set()
    for statement in reversed(ast.parse(source).body):
        called = _frame_call(statement)
        if called is not None:
            wanted = called.func.attr == "claim" and _first_argument(called) in claims
        else:
            wanted = (
                isinstance(statement, ast.Import | ast.ImportFrom | ast.Expr)
                or "cs.lessons.begin" in ast.unparse(statement)
                or bool(_touched(statement) & needed)
            )
        if wanted:
            kept.append(statement)
            needed |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    return ast.unparse(ast.Module(kept[::-1], type_ignores=[]))


def _frame_call(statement: ast.stmt) -> ast.Call | None:
    """The call of `cs.lessons` that the statement is, if it is one that shows, checks or claims."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    is_frame = ast.unparse(call.func.value) == "cs.lessons" and call.func.attr in FRAME
    return call if is_frame else None


def _first_argument(call: ast.Call) -> object:
    return call.args[0].value if isinstance(call.args[0], ast.Constant) else None


def _touched(statement: ast.stmt) -> set[str]:
    """Names that a statement binds or may change: a loop changes what it calls methods of."""
    names = {
        node.id for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }  # fmt: skip
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        # a[0] = 1 and a.b = 1 change a
        names |= {
            node.id for each in targets for node in ast.walk(each) if isinstance(node, ast.Name)
        }
        return names
    if isinstance(statement, ast.For | ast.While | ast.If | ast.With | ast.Try):
        names |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    return names
