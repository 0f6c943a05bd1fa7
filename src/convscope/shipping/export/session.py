"""An exported file, run by ONNX Runtime."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

import numpy as np
import onnxruntime
from numpy.typing import NDArray

REPEATS = 50  # single images timed
PATIENCE = 3.0  # seconds for them, at most


@dataclass(frozen=True)
class OnnxOutput:
    """What an exported file gives for some images.

    Attributes:
        labels: Names of classes, or "unknown".
        probabilities: float32 (N, classes).
        unknown: bool (N,).
    """

    labels: list[str]
    probabilities: NDArray[np.float32]
    unknown: NDArray[np.bool_]


class Session:
    """An exported file, opened.

    Attributes:
        bytes: Size of the file.
    """

    def __init__(self, content: bytes) -> None:
        self.bytes = len(content)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors; its warnings are for its developers
        self._session = onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"]
        )

    def run(self, images: NDArray[np.uint8]) -> OnnxOutput:
        """Labels and probabilities of images (N, height, width, 3)."""
        labels, probabilities, unknown = self._session.run(None, {"images": images})
        return OnnxOutput(labels.tolist(), probabilities, unknown)

    def milliseconds(self, size: int) -> float:
        """How long one image (size, size) takes by itself: the median."""
        image = np.full((1, size, size, 3), 128, np.uint8)
        self.run(image)  # the first call also reserves memory
        times: list[float] = []
        while len(times) < REPEATS and sum(times) < PATIENCE:
            start = time.perf_counter()
            self.run(image)
            times.append(time.perf_counter() - start)
        return 1000 * statistics.median(times)


def as_colour(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Images (N, C, H, W), grey or colour, as a file takes them: (N, H, W, 3)."""
    colour = np.broadcast_to(images, (len(images), 3, *images.shape[2:]))
    return np.ascontiguousarray(colour.transpose(0, 2, 3, 1))
