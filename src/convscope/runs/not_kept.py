"""What a run's folder doesn't hold, and so must be given again: one's own module, arrays."""

from __future__ import annotations

from convscope.errors import UsageError
from convscope.runs.run import Run


def check_given(run: Run, call: str, module: object | None, data: object | None) -> None:
    """Complain if something that the run's folder doesn't hold wasn't given.

    Args:
        run: The run that is to go on or to be examined.
        call: The function that it was asked of, as "convscope.resume".
        module: The module that was given, or None.
        data: The images that were given, or None.

    Raises:
        UsageError: The run trains a module of one's own, or on arrays, and it wasn't given; says
            how to give it.
    """
    folder, recipe = str(run.folder), run.recipe
    if module is None and not recipe.network:
        raise UsageError(
            f"Run {folder!r} trains a module of your own, which its folder doesn't hold. "
            f"Give it: --network my_net.py:Net, or in Python: {call}({folder!r}, module=my_module)."
        )
    if data is None and not recipe.data:
        raise UsageError(
            f"Run {folder!r} was trained on arrays, which it doesn't keep. Give them in "
            f"Python: {call}({folder!r}, data=my_data)."
        )


def how_to_ask(run: Run, command: str, call: str) -> str:
    """How to go on with a run: by a command, or in Python where its folder doesn't hold all of it.

    Args:
        run: The run.
        command: The command, as "doctor".
        call: The function that does the same, as "convscope.diagnose".
    """
    given = "" if run.recipe.network else ", module=my_module"
    given += "" if run.recipe.data else ", data=my_data"
    if given:
        return f"{call}({str(run.folder)!r}{given})"
    return f"convscope {command} {run.folder}"
