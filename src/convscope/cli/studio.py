"""`convscope studio`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from convscope.cli.complete import complete_folder

EPILOG = """
Examples:

  convscope studio

  convscope studio runs --port 9000

  convscope studio --no-open
"""


def studio(
    runs: Annotated[
        Path,
        typer.Argument(
            metavar="[RUNS_FOLDER]",
            help="The folder that your runs are in.",
            autocompletion=complete_folder,
            show_default="runs",
        ),
    ] = Path("runs"),
    port: Annotated[int, typer.Option(help="Where to listen; 0 takes a free port.")] = 8765,
    host: Annotated[
        str,
        typer.Option(help="Address to listen on; others than this machine's own let others in."),
    ] = "127.0.0.1",
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Only show the address, open no browser.")
    ] = False,
) -> None:
    """Open the page where you look inside, touch, and understand.

    It shows an address with a secret, which only works on this machine, and needs no network.
    """
    from convscope.errors import UsageError

    try:
        from convscope.studio.serve import serve_studio
    except ModuleNotFoundError as error:
        if error.name not in ("fastapi", "uvicorn", "starlette", "h11"):
            raise
        raise UsageError(
            f"Studio needs {error.name}, which isn't installed: pip install 'convscope[web]'."
        ) from None

    serve_studio(
        runs,
        host=host,
        port=port,
        open_browser=not no_open,
        say=lambda line: print(line, flush=True),
    )
