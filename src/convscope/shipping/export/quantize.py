"""Static quantization of the exported network to 8 bits, and what it costs in accuracy.

Weights get a scale for each channel. They use 7 of their 8 bits, because x86 processors without
VNNI instructions add two products in 16 bits, which 8-bit weights can overflow: so the file gives
the same on old and new machines. Activations are scaled by the range seen on calibration images.
The first and the last layer stay float32, and so does everything around the network.
"""

from __future__ import annotations

import copy
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime import quantization

from convscope.data.convert import convert
from convscope.data.image_set import ImageSet, spread_evenly
from convscope.errors import ConvscopeError
from convscope.look.numbers import percent
from convscope.look.progress import progress
from convscope.runs.model_file import ModelCard
from convscope.shipping.export.body import quiet_tools
from convscope.shipping.export.session import Session, as_colour

CALIBRATION = 200  # images
MOST_POINTS = 0.5
"""Percentage points of accuracy that quantization may cost."""

MOST_UNKNOWN_POINTS = 1.0
"""Percentage points by which the share of known images that are called unknown may change."""

MOST_EVALUATED = 10_000
BATCH = 64


@dataclass(frozen=True)
class Quantization:
    """What quantizing to 8 bits costs.

    Attributes:
        accuracy: Accuracy of the quantized file.
        float_accuracy: Accuracy of the file in float32, on the same images.
        points: Percentage points lost; below 0 if there are more right answers than before.
        images: Test images that this was measured on.
        same_top: How many of them are given the same class by both.
        unknown: Share of them that is called unknown.
        float_unknown: Share that is called unknown in float32.
        calibration_images: Training images that the ranges come from.
        float_bytes: Size of the file in float32.
        float_milliseconds: Time of one image by itself in float32.
    """

    accuracy: float
    float_accuracy: float
    points: float
    images: int
    same_top: int
    unknown: float
    float_unknown: float
    calibration_images: int
    float_bytes: int
    float_milliseconds: float

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return asdict(self)


def calibration_images(images: ImageSet, card: ModelCard) -> NDArray[np.float32]:
    """Some images of a set, as the network's part of the file takes them: (N, C, size, size)."""
    rows = spread_evenly(len(images), CALIBRATION)
    chosen = convert(images.subset(rows), size=card.size, channels=card.channels, fit=card.fit)
    return chosen.images.astype(np.float32)


def quantize_network(network_part: onnx.ModelProto, images: NDArray[np.float32]) -> onnx.ModelProto:
    """The exported network in 8 bits.

    Args:
        network_part: From `export_network`; is left as it was.
        images: From `calibration_images`.

    Raises:
        ConvscopeError: The network has something that can't be quantized.
    """
    layers = [
        node.name for node in network_part.graph.node if node.op_type in ("Conv", "Gemm", "MatMul")
    ]
    around = [node.name for node in network_part.graph.node if not node.name.startswith("network")]
    with tempfile.TemporaryDirectory() as folder, quiet_tools():
        result = Path(folder) / "quantized.onnx"
        try:
            quantization.quantize_static(
                copy.deepcopy(network_part),  # the quantizer changes what it is given
                result,
                _Calibration(images),
                quant_format=quantization.QuantFormat.QDQ,
                per_channel=True,
                reduce_range=True,
                activation_type=quantization.QuantType.QUInt8,
                weight_type=quantization.QuantType.QInt8,
                nodes_to_exclude=[*around, *layers[:1], *layers[-1:]],
            )
        except Exception as error:  # it fails in as many ways as there are networks
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ConvscopeError(
                f"This network can't be quantized: {reason} Export without --int8."
            ) from error
        return onnx.load(result)


class _Calibration(quantization.CalibrationDataReader):  # type: ignore[misc]
    """Images, one after another, under the name of the network's input."""

    def __init__(self, images: NDArray[np.float32]) -> None:
        self._rest = iter(images)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        image = next(self._rest, None)
        return None if image is None else {"pixels": image[None]}


def measure_quantization(
    full: Session,
    small: Session,
    images: ImageSet,
    card: ModelCard,
    calibration: int,
    *,
    quiet: bool = False,
) -> Quantization:
    """Measure what quantization costs, and refuse what costs too much.

    Args:
        full: The file in float32.
        small: The file in 8 bits.
        images: Test images; of more than `MOST_EVALUATED`, so many.
        card: The model's card.
        calibration: How many images it was calibrated with.
        quiet: Show no progress.

    Raises:
        ConvscopeError: More than `MOST_POINTS` percentage points of accuracy are lost, or the
            share of unknown changes by more than `MOST_UNKNOWN_POINTS`.
    """
    if len(images) > MOST_EVALUATED:
        images = images.subset(spread_evenly(len(images), MOST_EVALUATED))
    right = small_right = same_top = unknown = small_unknown = 0
    with progress("Evaluating in 8 bits", len(images), quiet=quiet) as advance:
        for start in range(0, len(images), BATCH):
            part = images.subset(np.arange(start, min(start + BATCH, len(images))))
            batch = as_colour(convert(part, size=None, channels=card.channels).images)
            before, after = full.run(batch), small.run(batch)
            best, small_best = before.probabilities.argmax(1), after.probabilities.argmax(1)
            right += int((best == part.labels).sum())
            small_right += int((small_best == part.labels).sum())
            same_top += int((best == small_best).sum())
            unknown += int(before.unknown.sum())
            small_unknown += int(after.unknown.sum())
            advance(len(part))
    count = len(images)
    points = 100 * (right - small_right) / count
    if points > MOST_POINTS:
        raise ConvscopeError(
            f"In 8 bits this network loses {points:.2f} points of accuracy on {count:,} test "
            f"images ({percent(right / count, 2)} become {percent(small_right / count, 2)}), more "
            "than the "
            f"{MOST_POINTS} that are allowed, so nothing was written. Export without --int8."
        )
    if 100 * abs(small_unknown - unknown) > MOST_UNKNOWN_POINTS * count:
        raise ConvscopeError(
            f"In 8 bits this network calls {percent(small_unknown / count, 2)} of {count:,} test "
            "images "
            f"unknown, and {percent(unknown / count, 2)} in float32, so nothing was written: at "
            "most "
            f"{MOST_UNKNOWN_POINTS} points between them are allowed. Export without --int8."
        )
    return Quantization(
        accuracy=small_right / count,
        float_accuracy=right / count,
        points=points,
        images=count,
        same_top=same_top,
        unknown=small_unknown / count,
        float_unknown=unknown / count,
        calibration_images=calibration,
        float_bytes=full.bytes,
        float_milliseconds=full.milliseconds(card.size),
    )
