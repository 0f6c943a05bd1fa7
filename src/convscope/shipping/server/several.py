"""One model, served by several processes that share its weights, its port and its limits.

The engines are measured once, in a process that then ends. Where PyTorch was chosen, its engine is
made before the processes fork: what nobody writes to is in memory once for all of them.
"""

from __future__ import annotations

import gc
import json
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from convscope.data.decode_room import share_room
from convscope.errors import UsageError
from convscope.runs.model import Model
from convscope.shipping.server.choice import Choice, Findings, choose
from convscope.shipping.server.engines import Engine, OnnxEngine, export_onnx, make_engine
from convscope.shipping.server.http_server import make_server
from convscope.shipping.server.limits import DRAIN_SECONDS, Settings
from convscope.shipping.server.metrics import Metrics, forget_process
from convscope.shipping.server.workers import Workers, can_fork, compute_apart

PATIENCE = DRAIN_SECONDS + 4.0
"""Seconds until a worker is killed that was told to end."""
PROCESSOR = torch.device("cpu")


def check_workers(device: str) -> None:
    """Refuse several workers where they can't share a model.

    Raises:
        UsageError: This system can't fork, or a GPU is asked for.
    """
    if not can_fork():
        raise UsageError(
            "--workers needs Linux, where processes can share a model. Start several servers on "
            "different ports instead, behind a proxy."
        )
    if device not in ("auto", "cpu"):
        raise UsageError(
            f"--workers computes on the processor; given --device {device}. One process uses a "
            "GPU best."
        )


def serve_together(
    open_model: Callable[[], Model],
    door: socket.socket,
    *,
    host: str,
    token: str | None,
    engine: str,
    settings: Settings,
    on_ready: Callable[[], None],
    say: Callable[[str], None],
) -> bool:
    """Answer requests at a socket until a signal comes.

    Args:
        open_model: Opens the model.
        door: The socket.
        host: Its address.
        token: As for `serve`, like the engine and `say`.
        engine: See `token`.
        settings: Limits of all workers together, and how many there are.
        on_ready: Called when all workers answer.
        say: See `token`.

    Returns:
        Whether everything that was in work at the end was answered.
    """
    # Helpers of a thread don't exist in a forked process, where OpenMP would wait for them.
    torch.set_num_threads(1)
    model = open_model()
    with TemporaryDirectory(prefix="convscope-workers-") as folder:
        counts, onnx = Path(folder), Path(folder) / "network.onnx"
        findings = _measure(model, settings, engine, onnx)
        for line in findings.lines():
            say(line)
        names = {findings.quick, findings.bulk}
        shared = {name: make_engine(name, model, PROCESSOR) for name in names - {"onnx"}}
        card = model.card
        del model

        def chosen() -> Choice:
            torch.set_num_threads(settings.own_processors)
            engines: dict[str, Engine] = dict(shared)
            if "onnx" in names:  # it has threads from the start, which can't be forked
                engines["onnx"] = OnnxEngine(onnx.read_bytes())
            return findings.choice(engines[findings.quick], engines[findings.bulk])

        def work(tell_ready: Callable[[], None]) -> bool:
            share_room(settings.workers)
            with ThreadPoolExecutor(1, "engine") as computing:
                choice = computing.submit(chosen).result()
                metrics = Metrics(counts)
                metrics.chosen(findings)
                server = make_server(
                    computing, choice, card, metrics, host=host, token=token,
                    settings=settings, workers=lambda: workers.running, on_ready=tell_ready,
                )  # fmt: skip
                server.run([door])
                return server.answered_all

        workers = Workers(
            settings.workers,
            work,
            say=say,
            patience=PATIENCE,
            on_end=lambda process: forget_process(counts, process),
        )
        gc.collect()
        gc.freeze()  # what is there already won't be looked at, which would copy its pages
        return workers.run(on_ready)


def _measure(model: Model, settings: Settings, engine: str, onnx: Path) -> Findings:
    """In a process of its own, with as many threads as a worker has.

    Args:
        model: Is left as it is.
        settings: Limits, and how many workers there are.
        engine: "auto", or a name.
        onnx: Where the network is written to, if ONNX Runtime was chosen: exporting takes much
            memory, which is then needed once.
    """

    def measure() -> str:
        torch.set_num_threads(settings.own_processors)
        findings = choose(model, PROCESSOR, settings.max_batch, engine).findings
        if "onnx" in (findings.quick, findings.bulk):
            onnx.write_bytes(export_onnx(model))
        return json.dumps(asdict(findings))

    return Findings.read(json.loads(compute_apart(measure)))
