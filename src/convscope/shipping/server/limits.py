"""What the prediction server accepts, beside what every server does (`web/limits.py`)."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

from convscope.errors import UsageError

CONTENT_TYPES = {
    # The formats of `data.decode`. What a file is gets told by its content; the header only says
    # that an image is meant.
    "image/jpeg",
    "image/png",
    "image/bmp",
    "image/gif",
    "image/webp",
    "image/tiff",
    "image/x-portable-anymap",
    "image/x-portable-bitmap",
    "image/x-portable-graymap",
    "image/x-portable-pixmap",
}
OTHER_NAMES = {
    # What browsers, libraries and other systems call them.
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-jpeg": "image/jpeg",
    "image/x-jpg": "image/jpeg",
    "image/jfif": "image/jpeg",
    "image/x-citrix-jpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/apng": "image/png",
    "image/x-citrix-png": "image/png",
    "image/x-bmp": "image/bmp",
    "image/x-ms-bmp": "image/bmp",
    "image/x-windows-bmp": "image/bmp",
    "image/x-gif": "image/gif",
    "image/x-webp": "image/webp",
    "image/tif": "image/tiff",
    "image/x-tif": "image/tiff",
    "image/x-tiff": "image/tiff",
    "text/json": "application/json",
}
ANY_FILE = {"image/*", "application/octet-stream", "binary/octet-stream"}
"""Names of programs that don't know, or don't say, what a file is; its content tells."""
BODY_BYTES = 32 << 20
"""Most bytes of one request."""
ALL_BODIES_BYTES = 256 << 20
"""Most bytes of all requests that are in the server."""
LIST_LENGTH = 256
"""Images in a JSON list."""
PIXELS = 50_000_000
"""Most pixels of one image, and of all images of a list together, as their headers promise."""
DRAIN_SECONDS = 8.0
"""After SIGTERM, for the requests in work."""
UNSENT_SECONDS = 1.0
"""After SIGTERM, for a request of which nothing more comes."""
ACCEPT_SECONDS = 1.0
"""After SIGTERM, for the requests that were sent before anybody could know."""


MOST_WORKERS = 64
"""Workers that answer."""


def media_type(given: str) -> str:
    """The standard name in a Content-Type, without its parameters; as given where it has none."""
    name = given.partition(";")[0].strip().lower()
    return OTHER_NAMES.get(name, name)


def is_image_type(given: str) -> bool:
    """Whether a Content-Type is that of images that are accepted, or leaves it open."""
    return media_type(given) in CONTENT_TYPES | ANY_FILE


@dataclass(frozen=True)
class Settings:
    """What the person who starts the server decides.

    Attributes:
        max_batch: Images computed together at most.
        wait_ms: Milliseconds that a batch waits for images that are being decoded.
        max_queue: Images in the server (being decoded, waiting, computed) before it says 503.
        timeout: Seconds from the arrival of a request to its answer before it says 504.
        workers: Workers that answer. Each has its part of every limit, so that the limits are
            those of all together.
    """

    max_batch: int = 64
    wait_ms: float = 2.0
    max_queue: int = 512
    timeout: float = 30.0
    workers: int = 1

    def __post_init__(self) -> None:
        for name, value in (("max-batch", self.max_batch), ("max-queue", self.max_queue)):
            if value < 1:
                raise UsageError(f"--{name} must be at least 1; given {value}.")
        if not 1 <= self.workers <= MOST_WORKERS:
            raise UsageError(f"--workers must be from 1 to {MOST_WORKERS}; given {self.workers}.")
        if not 0 <= self.wait_ms <= 1000:
            raise UsageError(f"--wait-ms must be from 0 to 1000; given {self.wait_ms:g}.")
        if not 0 < self.timeout <= 3600:
            raise UsageError(
                f"--timeout must be above 0 and at most 3600 seconds; given {self.timeout:g}."
            )

    @property
    def own_queue(self) -> int:
        """Images in one worker before it says 503."""
        return math.ceil(self.max_queue / self.workers)

    @property
    def own_processors(self) -> int:
        """Threads with which one worker computes, and as many with which it decodes."""
        return max(1, (os.cpu_count() or 1) // self.workers)
