"""Starting the server, and stopping it without losing anything."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from torch import nn

from convscope.runs.model_file import ModelCard
from convscope.runs.open_model import open_model
from convscope.runs.run import Run
from convscope.runtime.allocator import keep_memory
from convscope.runtime.device import choose_device
from convscope.shipping.server.choice import Choice, choose
from convscope.shipping.server.http_server import make_server
from convscope.shipping.server.limits import Settings
from convscope.shipping.server.metrics import Metrics
from convscope.shipping.server.several import check_workers, serve_together
from convscope.web.guard import check_token
from convscope.web.limits import BACKLOG
from convscope.web.listening import listening, shown_address


def serve(
    run: Run | str | Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    engine: str = "auto",
    device: str = "auto",
    settings: Settings | None = None,
    module: nn.Module | None = None,
    say: Callable[[str], None] = print,
) -> bool:
    """Answer requests until SIGTERM or SIGINT comes.

    Then `/readyz` says no at once, what is in work is answered, and the server ends within ten
    seconds. A second signal ends it at once. Several workers (in the settings) share the model and
    the limits; one that ends is replaced.

    Args:
        run: A run, its folder, or a `model.safetensors`.
        host: The address to listen on. Others than this machine's own need a token.
        port: 0 takes a free one.
        token: What `/predict`, `/model` and `/metrics` are to be asked with.
        engine: "auto" measures all; or one of `engines.NAMES`.
        device: Where PyTorch computes; "auto" takes a GPU if there is one.
        settings: Limits.
        module: The module to fill, if the run trained one of your own.
        say: Is told what was measured and chosen, and where the server is.

    Returns:
        Whether everything that was in work at the end was answered.

    Raises:
        UsageError: No such run or engine, an address that can't be had, or one without token;
            several workers where they can't share a model.
        ConvscopeError: The model file is damaged, or the engine asked for can't be used.
    """
    check_token(host, token)
    settings = settings or Settings()
    if settings.workers > 1:
        check_workers(device)
    keep_memory()
    # Pillow warns of much that is wrong with a file; anybody could fill the log, and Python's
    # memory of the warnings it has given.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    with listening(host, port) as door:
        address = shown_address(host, door)
        ready = f"Ready: {address}/ to try images, {address}/docs for programs. Ctrl-C stops."
        if settings.workers > 1:
            return serve_together(
                lambda: open_model(run, module),
                door,
                host=host,
                token=token,
                engine=engine,
                settings=settings,
                on_ready=lambda: say(ready),
                say=say,
            )
        # One thread alone computes, from the start. Each thread that has computed keeps helpers,
        # and where these are more than processors, OpenMP lets them sleep after every operation;
        # that made a single image take 1.7 times as long.
        with ThreadPoolExecutor(1, "engine") as computing:

            def choice() -> tuple[Choice, ModelCard]:
                model = open_model(run, module)
                chosen = choose(model, choose_device(device), settings.max_batch, engine)
                return chosen, model.card

            chosen, card = computing.submit(choice).result()
            metrics = Metrics()
            metrics.chosen(chosen.findings)
            for line in chosen.findings.lines():
                say(line)
            server = make_server(
                computing, chosen, card, metrics, host=host, token=token, settings=settings
            )
            door.listen(BACKLOG)
            say(ready)
            server.run([door])
            return server.answered_all
