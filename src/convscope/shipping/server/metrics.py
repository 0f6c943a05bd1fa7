"""What the server counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
IMAGES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Metrics:
    """The counters of one server, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        registry = self._registry
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
            registry=registry,
        )  # fmt: skip
        self._engine = Gauge(
            "convscope_engine", "The engine that was chosen.", ["name"], registry=registry
        )
        self._engine_speed = Gauge(
            "convscope_engine_images_per_second", "Measured at start, in full batches.",
            ["engine"], registry=registry,
        )  # fmt: skip
        self._engine_latency = Gauge(
            "convscope_engine_latency_seconds", "Measured at start, for one image.",
            ["engine"], registry=registry,
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

    def engine(self, name: str) -> None:
        """The engine that answers."""
        self._engine.labels(name).set(1)

    def measured(self, engine: str, latency: float, throughput: float) -> None:
        """What an engine did at start."""
        self._engine_latency.labels(engine).set(latency)
        self._engine_speed.labels(engine).set(throughput)

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)
