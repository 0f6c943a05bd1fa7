"""Starting the server, and stopping it without losing anything."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from types import FrameType

import uvicorn
from torch import nn

from convscope.runs.model_file import ModelCard
from convscope.runs.open_model import open_model
from convscope.runs.run import Run
from convscope.runtime.allocator import keep_memory
from convscope.runtime.device import choose_device
from convscope.shipping.server.admission import STOPPING, Condition
from convscope.shipping.server.app import make_app
from convscope.shipping.server.choice import Choice, choose
from convscope.shipping.server.guard import Guard
from convscope.shipping.server.limits import DRAIN_SECONDS, UNSENT_SECONDS, Settings
from convscope.shipping.server.metrics import Metrics
from convscope.web.connection import Connection
from convscope.web.guard import check_token
from convscope.web.limits import BACKLOG, IDLE_SECONDS
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
    seconds. A second signal ends it at once.

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
        UsageError: No such run or engine, an address that can't be had, or one without token.
        ConvscopeError: The model file is damaged, or the engine asked for can't be used.
    """
    check_token(host, token)
    settings = settings or Settings()
    keep_memory()
    # Pillow warns of much that is wrong with a file; anybody could fill the log, and Python's
    # memory of the warnings it has given.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    # One thread alone computes, from the start. Each thread that has computed keeps helpers, and
    # where these are more than processors, OpenMP lets them sleep after every operation; that made
    # a single image take 1.7 times as long.
    with listening(host, port) as door, ThreadPoolExecutor(1, "engine") as computing:

        def choice() -> tuple[Choice, ModelCard]:
            model = open_model(run, module)
            chosen = choose(model, choose_device(device), settings.max_batch, engine)
            return chosen, model.card

        chosen, card = computing.submit(choice).result()
        metrics = Metrics()
        _tell(chosen, metrics, say)
        server = make_server(
            computing, chosen, card, metrics, host=host, token=token, settings=settings
        )
        door.listen(BACKLOG)
        address = shown_address(host, door)
        say(f"Ready: {address}/ to try images, {address}/docs for programs. Ctrl-C stops.")
        server.run([door])
        return server.answered_all


def make_server(
    computing: Executor,
    chosen: Choice,
    card: ModelCard,
    metrics: Metrics,
    *,
    host: str,
    token: str | None,
    settings: Settings,
) -> Server:
    """The server, ready to run on a socket.

    Args:
        computing: The executor of one thread that computes.
        chosen: Computes the predictions.
        card: The model's card.
        metrics: Counts.
        host: The address it will listen on.
        token: None for a server that this machine alone can reach.
        settings: Limits.
    """
    condition = Condition()

    class Limited(Connection):
        answer_seconds = settings.timeout + 10

    app = make_app(computing, chosen, card, settings, metrics, condition)
    config = uvicorn.Config(
        Guard(app, host, token, metrics),
        http=Limited,
        ws="none",
        log_level="error",
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=int(IDLE_SECONDS),
        timeout_graceful_shutdown=1,
    )
    return Server(config, condition)


class Server(uvicorn.Server):
    """uvicorn, which first lets what is in work be answered."""

    def __init__(self, config: uvicorn.Config, condition: Condition) -> None:
        super().__init__(config)
        self.condition = condition
        self.answered_all = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal came: the first begins to drain, the second ends everything."""
        if self.condition.leaving is not None:
            os._exit(1)  # nothing of a server needs tidying up, and a kernel may be running
        self.condition.leaving = time.monotonic()

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second; whether to end."""
        if self.condition.leaving is not None:
            self._drain(time.monotonic() - self.condition.leaving)
        return await super().on_tick(counter)

    def _drain(self, seconds: float) -> None:
        """See whether everything is answered, some seconds after the server was told to stop."""
        is_late = seconds > DRAIN_SECONDS
        if is_late:
            self.answered_all = self.condition.in_work == 0
            self.condition.give_up()
        if not self.condition.accepts:
            for connection in list(self.server_state.connections):
                if isinstance(connection, Connection):
                    connection.stop_unsent(0.0 if is_late else UNSENT_SECONDS, STOPPING)
        self.should_exit |= is_late or (self.condition.in_work == 0 and not self.condition.accepts)


def _tell(chosen: Choice, metrics: Metrics, say: Callable[[str], None]) -> None:
    metrics.engine(chosen.name)
    for measured in chosen.measured:
        say(str(measured))
        if not measured.refused:
            metrics.measured(measured.engine, measured.latency, measured.throughput)
    say(f"Engine: {chosen.name} ({chosen.reason}).")
