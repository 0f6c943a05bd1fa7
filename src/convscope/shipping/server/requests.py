"""From the bodies of a request to predictions: admitted, decoded on threads, computed in batches.

All bookkeeping happens on the event loop's thread; the decoders and the engine only hand results
over to it. An image that can't be used gets a reason in place of a prediction, and harms no other.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from convscope.data.decode import ImageError, read_size
from convscope.data.plain_jpeg import read_plain_frame
from convscope.evaluation.torch_engine import EngineOutput
from convscope.runs.model_file import ModelCard
from convscope.runtime.allocator import give_back_free_memory
from convscope.shipping.server.batcher import Batcher, Work
from convscope.shipping.server.choice import Choice
from convscope.shipping.server.limits import PIXELS, Settings
from convscope.shipping.server.metrics import Metrics

CHUNK = 8
"""Images of a list that one thread decodes before it hands them on."""
LARGE_PIXELS = 4_000_000
"""Images of more, together with those beside them, don't keep the threads from the others."""
TIDY_SECONDS = 1.0
"""After a large image, until its memory goes back to the system; the next may come before."""

PNG_START = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
"""The signature, and the first chunk up to the width (PNG specification, 5.2 and 11.2.2)."""


@dataclass(frozen=True)
class ImageOutput:
    """What the model gives for one image.

    Attributes:
        probabilities: (classes,) float32.
        unknown: Whether it looks like nothing the model was trained on.
    """

    probabilities: NDArray[np.float32]
    unknown: bool


class PredictRequest:
    """One request: its outputs fill up, and `finished` is set when the last one is there."""

    def __init__(self, images: int) -> None:
        self.outputs: list[ImageOutput | str | None] = [None] * images
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.dropped = False
        self._missing = images

    def fill(self, position: int, output: ImageOutput | str) -> None:
        """What the model gives for one image, or the reason why there is none."""
        self.outputs[position] = output
        self._missing -= 1
        if self._missing == 0 and not self.finished.done():
            self.finished.set_result(None)

    def fail(self, error: Exception) -> None:
        """The engine failed."""
        if not self.finished.done():
            self.finished.set_exception(error)


class RequestQueue:
    """Everything between the HTTP routes and the engine. Made on the event loop's thread.

    Args:
        engine: The executor of one thread that computes.
        choice: Computes the predictions.
        card: The model's card.
        settings: Limits.
        metrics: Counts.
    """

    def __init__(
        self,
        engine: Executor,
        choice: Choice,
        card: ModelCard,
        settings: Settings,
        metrics: Metrics,
    ) -> None:
        self._choice = choice
        self._card = card
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        processors = settings.own_processors
        self._decoders = ThreadPoolExecutor(processors, "decode")
        self._large_decoders = ThreadPoolExecutor(max(1, processors // 2), "decode-large")
        self._tidying: asyncio.TimerHandle | None = None
        self._batcher = Batcher(
            engine,
            choice.run,
            self._deliver,
            max_batch=settings.max_batch,
            wait_seconds=settings.wait_ms / 1000,
            on_batch=metrics.batch,
        )

    def submit(self, contents: Sequence[bytes]) -> PredictRequest:
        """Begin to predict images; wait for `finished` of the result, or `drop` it."""
        request = PredictRequest(len(contents))
        self._batcher.announce(len(contents))
        step = min(CHUNK, self._settings.max_batch)
        for start in range(0, len(contents), step):
            self._decoders.submit(self._decode, request, start, contents[start : start + step])
        return request

    def expect(self, images: int) -> None:
        """Say that so many were let in and should come soon; or, negative, that they did."""
        self._batcher.expect(images)

    def drop(self, request: PredictRequest) -> None:
        """Nobody waits for this request any more: what is queued of it is not computed."""
        request.dropped = True
        request.finished.cancel()

    def close(self) -> None:
        """End the threads; what is queued is computed first."""
        if self._tidying is not None:
            self._tidying.cancel()
        self._decoders.shutdown()
        self._large_decoders.shutdown()
        self._batcher.close()

    def _decode(self, request: PredictRequest, start: int, contents: Sequence[bytes]) -> None:
        """On a decoder's thread: a few images of one request; for large ones there are others."""
        if sum(map(_pixels, contents)) > LARGE_PIXELS:
            self._batcher.announce(-len(contents))  # no batch should wait for them
            self._large_decoders.submit(self._decode_large, request, start, contents)
        else:
            self._decode_now(request, start, contents, announced=len(contents))

    def _decode_large(self, request: PredictRequest, start: int, contents: Sequence[bytes]) -> None:
        self._decode_now(request, start, contents, announced=0)
        self._loop.call_soon_threadsafe(self._tidy_soon)

    def _tidy_soon(self) -> None:
        if self._tidying is None:
            self._tidying = self._loop.call_later(TIDY_SECONDS, self._tidy)

    def _tidy(self) -> None:
        self._tidying = None
        self._large_decoders.submit(give_back_free_memory)

    def _decode_now(
        self, request: PredictRequest, start: int, contents: Sequence[bytes], announced: int
    ) -> None:
        images: list[NDArray[np.uint8]] = []
        positions: list[int] = []
        problems: list[tuple[int, str]] = []
        for position, content in enumerate(contents, start):
            if request.dropped:
                break
            try:
                images.append(self._decoded(content))
                positions.append(position)
            except ImageError as error:
                problems.append((position, error.reason))
        self._batcher.announce(len(images) - announced)
        if images:
            owner = (request, positions)
            self._batcher.put(Work(np.stack(images), owner, lambda: not request.dropped))
        if problems:
            self._loop.call_soon_threadsafe(_fill, request, problems)

    def _decoded(self, content: bytes) -> NDArray[np.uint8]:
        return self._card.decode(content, max_pixels=PIXELS)

    def _deliver(self, works: Sequence[Work], result: EngineOutput | Exception) -> None:
        self._loop.call_soon_threadsafe(_settle, works, result)


def check_pixels(contents: Sequence[bytes]) -> str | None:
    """Why images of a list are too large together, by their headers; None if they aren't.

    Each by itself is looked at when it is decoded.
    """
    if sum(map(_pixels, contents)) <= PIXELS:
        return None
    return f"Too many pixels: the images together may have {PIXELS:,}. Send fewer at once."


def _pixels(content: bytes) -> int:
    """As the header says; what is wrong with a file is told when it is decoded."""
    try:
        # Opening a small image takes a third of the time of decoding it, so the usual headers
        # are read directly. A second header in a file would count for Pillow, and not here.
        if content.startswith(PNG_START) and content.count(b"IHDR") == 1:
            width, height = struct.unpack_from(">II", content, len(PNG_START))
        elif content.startswith(b"\xff\xd8") and (frame := read_plain_frame(content)):
            width, height, _ = frame
        else:
            height, width = read_size(content)
    except Exception:
        return 0
    return int(width * height)


def _fill(request: PredictRequest, problems: Sequence[tuple[int, str]]) -> None:
    for position, reason in problems:
        request.fill(position, reason)


def _settle(works: Sequence[Work], result: EngineOutput | Exception) -> None:
    """On the event loop: hand each request its part of a batch."""
    if isinstance(result, Exception):
        for work in works:
            work.owner[0].fail(result)
        return
    probabilities, unknown = result.probabilities.numpy(), result.unknown.tolist()
    usable = torch.isfinite(result.probabilities).all(dim=1).tolist()
    row = 0
    for work in works:
        request, positions = work.owner
        for position in positions:
            if usable[row]:
                request.fill(position, ImageOutput(probabilities[row], unknown[row]))
            else:
                request.fill(position, "the network's logits are not numbers")
            row += 1
