"""A network in a Python file of somebody's own: `my_net.py:Net`.

The file is run as their program would be, with its folder on the path of imports, and only because
it was named on the command line or in a call: what a run's folder holds never names code.
"""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from convscope.errors import UsageError, unknown_name

NAMED = re.compile(r"(?P<file>.+\.py):(?P<name>[^:/\\]+)")
MEANINGS = {
    "channels": ("in_channels", "channels", "in_chans"),
    "classes": ("classes", "num_classes", "n_classes"),
    "size": ("size", "image_size"),
}
"""What a network may ask of the images, and the names of arguments that ask for it."""


def names_network_file(text: str) -> bool:
    """Whether a text means a network in a file, as "my_net.py:Net", and not one of the catalog."""
    return NAMED.fullmatch(text) is not None or text.endswith(".py")


def load_network_file(text: str, facts: Callable[[], Mapping[str, int]]) -> nn.Module:
    """Run a file and build the network in it.

    Args:
        text: "FILE.py:NAME", where NAME is a class or function that gives a module, or a module.
        facts: Gives channels, classes and size of the images; called only if the network takes one
            of them as an argument (`MEANINGS` has the names).

    Raises:
        UsageError: There is no such file or name; or the file, or what NAME means, fails: with the
            line of the file.
    """
    found = NAMED.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r}: which network of the file? Give its name: {text}:Net")
    file = Path(found["file"]).expanduser()
    if not file.is_file():
        raise UsageError(f"There is no file {str(file)!r}, so no network {found['name']!r} in it.")
    content = vars(_run(file.resolve()))
    if found["name"] not in content:
        defined = [name for name, each in content.items() if _may_be_network(each, file)]
        raise unknown_name(f"network in {file.name}:", found["name"], defined)
    maker = content[found["name"]]
    if isinstance(maker, nn.Module):
        return maker
    if not callable(maker):
        raise UsageError(f"{text} is a {type(maker).__name__}; it must give a torch.nn.Module.")
    try:
        network = maker(**_arguments(text, maker, facts))
    except UsageError:
        raise
    except Exception as error:  # whatever somebody's own code may raise
        raise _failure(file.resolve(), error) from None
    if not isinstance(network, nn.Module):
        raise UsageError(f"{text} gives a {type(network).__name__}, not a torch.nn.Module.")
    return network


def find_line(file: Path, error: BaseException) -> int | None:
    """The line of a file in which an error arose, the innermost; None if it isn't in its way."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename) == file
    ]
    return lines[-1] if lines else None


def _run(file: Path) -> ModuleType:
    name = file.stem if file.stem not in sys.modules else f"{file.stem} of {file.parent}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise UsageError(f"{str(file)!r} can't be read as Python.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses and the like look themselves up
    if str(file.parent) not in sys.path:
        sys.path.insert(0, str(file.parent))
    try:
        spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # also SystemExit, of a file that is a program
        del sys.modules[name]
        raise _failure(file, error) from None
    return module


def _failure(file: Path, error: BaseException) -> UsageError:
    """What went wrong in the file, and where."""
    if isinstance(error, SyntaxError) and error.filename is not None:
        where, what = f"{error.filename}, line {error.lineno}", error.msg
    else:
        line = find_line(file, error)
        where = str(file) if line is None else f"{file}, line {line}"
        what = " ".join(str(error).split())
    hint = ""
    if isinstance(error, SystemExit):
        hint = ' Put what runs as a program below: if __name__ == "__main__":'
    return UsageError(f"{where}: {type(error).__name__}: {what or 'no reason given'}.{hint}")


def _arguments(
    text: str, maker: Callable[..., Any], facts: Callable[[], Mapping[str, int]]
) -> dict[str, int]:
    """What of the images the network takes, by the names of its arguments."""
    try:
        taken = inspect.signature(maker).parameters
    except (TypeError, ValueError):
        return {}
    asked = {
        name: meaning
        for meaning, names in MEANINGS.items()
        for name in names
        if name in taken
    }  # fmt: skip
    known = facts() if asked else {}
    given = {name: known[meaning] for name, meaning in asked.items() if meaning in known}
    needed = [
        name
        for name, each in taken.items()
        if each.default is each.empty
        and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
        and name not in given
    ]
    if needed:
        raise UsageError(
            f"{text} needs {', '.join(needed)}, which can't be known. Give defaults, or name a "
            "function without arguments that builds the network."
        )
    return given


def _may_be_network(value: object, file: Path) -> bool:
    if isinstance(value, type):
        return issubclass(value, nn.Module) and value.__module__.split(" of ")[0] == file.stem
    return isinstance(value, nn.Module) or (
        inspect.isfunction(value) and value.__module__.split(" of ")[0] == file.stem
    )
