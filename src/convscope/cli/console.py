"""What every command shares: where text for people goes, and where JSON for programs goes."""

from __future__ import annotations

import io
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from convscope.errors import UsageError
from convscope.look.control_codes import spell_out_what_is_written


def write_any_text() -> None:
    """Let texts be printed whatever they hold and whatever the terminal's encoding.

    Characters that the encoding lacks are spelled out; so are those that would steer the terminal,
    which the name of a file or a class may hold: they set titles, fill the clipboard, clear it.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
            spell_out_what_is_written(stream)


def fail(message: str) -> None:
    """Print an error, in one paragraph, to standard error."""
    with suppress(OSError):  # the terminal may be gone, as after SIGHUP
        print(f"convscope: {message}", file=sys.stderr)


def print_json(result: dict[str, Any]) -> None:
    """Print the result of a command as one JSON object on standard output."""
    # Where a character can't be written it is escaped as JSON does it, not as the stream would.
    is_unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    print(json.dumps(result, ensure_ascii=not is_unicode))


def check_out_file(option: str, path: Path, suffix: str) -> None:
    """Complain, before any work is done, about a file that couldn't be written.

    Args:
        option: That named it, as in "--csv".
        path: The file.
        suffix: What its name must end with.

    Raises:
        UsageError: It ends otherwise, or its folder doesn't exist.
    """
    if path.suffix.lower() != suffix:
        raise UsageError(f"{option} must be a file that ends with {suffix}; given {str(path)!r}.")
    if not path.parent.is_dir():
        raise UsageError(f"{option}: there is no folder {str(path.parent)!r}. Make it first.")


def show(result: object) -> None:
    """Print a result that prints itself, for a person, in the width of the terminal."""
    from convscope.look.terminal import Console

    Console(highlight=False, markup=False, emoji=False).print(result, crop=False)


def show_plot(path: Path, *, replaces: bool) -> None:
    """Say where a figure is, and whether there was one before."""
    print(f"plot: {path}{' (replaced)' if replaces else ''}")
