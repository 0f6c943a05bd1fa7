"""`convscope serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from convscope.cli.complete import complete_engine, complete_run
from convscope.cli.network import NetworkOption, open_module

EPILOG = """
Examples:

  convscope serve runs/mine

  curl --data-binary @cat.jpg -H 'Content-Type: image/jpeg' http://localhost:8000/predict

  CONVSCOPE_TOKEN=... convscope serve runs/mine --host 0.0.0.0 --port 80

  convscope serve runs/mine --workers 4
"""


def serve(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN",
            help="Folder of the run, or a model.safetensors.",
            autocompletion=complete_run,
        ),
    ],
    port: Annotated[int, typer.Option(help="Where to listen; 0 takes a free port.")] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; all but this machine's own need a token.")
    ] = "127.0.0.1",
    token: Annotated[
        str | None,
        typer.Option(
            envvar="CONVSCOPE_TOKEN",
            help="Secret that requests must bring; better set the variable than the option.",
        ),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            help="auto (measured), float32, bfloat16, onnx.", autocompletion=complete_engine
        ),
    ] = "auto",
    network: NetworkOption = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")] = "auto",
    max_batch: Annotated[int, typer.Option(help="Images computed together at most.")] = 64,
    wait_ms: Annotated[
        float, typer.Option(help="Milliseconds a batch waits for images being decoded.")
    ] = 2.0,
    max_queue: Annotated[
        int, typer.Option(help="Images in the server before it answers 503.")
    ] = 512,
    timeout: Annotated[float, typer.Option(help="Seconds before a request gets 504.")] = 30.0,
    workers: Annotated[
        int, typer.Option(help="Processes that answer, sharing model, port and limits (Linux).")
    ] = 1,
) -> None:
    """Answer over HTTP what is on images.

    SIGTERM and Ctrl-C let what is in work be answered first; then the exit code is 0.
    """
    from convscope.errors import UsageError

    try:
        from convscope.shipping.server.limits import Settings
        from convscope.shipping.server.serve import serve as start
    except ModuleNotFoundError as error:
        if error.name not in ("fastapi", "uvicorn", "prometheus_client", "starlette", "h11"):
            raise
        raise UsageError(
            f"The server needs {error.name}, which isn't installed: pip install 'convscope[web]'."
        ) from None

    settings = Settings(max_batch, wait_ms, max_queue, timeout, workers)
    answered_all = start(
        run,
        host=host,
        port=port,
        token=token or None,
        engine=engine,
        device=device,
        settings=settings,
        module=open_module(network, run),
        say=lambda line: print(line, flush=True),
    )
    if not answered_all:
        raise typer.Exit(1)
