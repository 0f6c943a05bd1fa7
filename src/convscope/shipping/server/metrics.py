"""What the server counts, for Prometheus.

Several processes count in files of one folder: whichever is asked tells the sums of all, those that
have ended included.
"""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
    values,
)

from convscope.shipping.server.choice import Findings

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
IMAGES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Metrics:
    """The counters of one server, in a registry of their own.

    Args:
        folder: Where all processes of a server count; None if there is but one. This process then
            has no other counters.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._registry = registry = CollectorRegistry()
        if folder is not None:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
            values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]
            self._registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(self._registry, str(folder))  # type: ignore[no-untyped-call]
        self._requests = Counter(
            "convscope_requests", "Requests by path and status.", ["path", "status"],
            registry=registry,
        )  # fmt: skip
        self._latency = Histogram(
            "convscope_request_seconds", "From a request's headers to the end of its answer.",
            ["path"], buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self._batch = Histogram(
            "convscope_batch_images", "Images computed together.",
            buckets=IMAGES, registry=registry,
        )  # fmt: skip
        self._engine_seconds = Counter(
            "convscope_engine_seconds", "Time the engine has computed.", registry=registry
        )
        self._unknown = Counter(
            "convscope_unknown", "Images answered with 'unknown'.", registry=registry
        )
        self._images = Counter("convscope_images", "Images answered.", registry=registry)
        self.queue = Gauge(
            "convscope_queue_images", "Images in the server: decoded, waiting or computed.",
            registry=registry, multiprocess_mode="livesum",
        )  # fmt: skip
        self._engine = Gauge(
            "convscope_engine",
            "The engine that was chosen.",
            ["name"],
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._engine_speed = Gauge(
            "convscope_engine_images_per_second", "Measured at start, in full batches.",
            ["engine"], registry=registry, multiprocess_mode="livemax",
        )  # fmt: skip
        self._engine_latency = Gauge(
            "convscope_engine_latency_seconds", "Measured at start, for one image.",
            ["engine"], registry=registry, multiprocess_mode="livemax",
        )  # fmt: skip

    def request(self, path: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(path, str(status)).inc()
        self._latency.labels(path).observe(seconds)

    def batch(self, images: int, seconds: float) -> None:
        """A batch was computed."""
        self._batch.observe(images)
        self._engine_seconds.inc(seconds)

    def answered(self, images: int, unknown: int) -> None:
        """Images were given an answer."""
        self._images.inc(images)
        self._unknown.inc(unknown)

    def chosen(self, findings: Findings) -> None:
        """The engine that answers, and what all of them did at start."""
        self._engine.labels(findings.name).set(1)
        for each in findings.measured:
            if not each.refused:
                self._engine_latency.labels(each.engine).set(each.latency)
                self._engine_speed.labels(each.engine).set(each.throughput)

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)


def forget_process(folder: Path, process: int) -> None:
    """A process has ended: what it counted stays, what it held doesn't."""
    multiprocess.mark_process_dead(process, str(folder))  # type: ignore[no-untyped-call]
