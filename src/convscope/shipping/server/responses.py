"""What the server answers: predictions, and what computes them, as data for JSON."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from convscope.runs.model_file import ModelCard
from convscope.shipping.server.choice import Choice
from convscope.shipping.server.requests import ImageOutput
from convscope.web.failures import Refused


def describe_predictions(
    outputs: list[ImageOutput | str],
    classes: tuple[str, ...],
    top: int,
    *,
    many: bool,
) -> dict[str, Any]:
    """The predictions, and what kept the other images from having one.

    Args:
        outputs: For each image what the network made of it, or why it couldn't be used.
        classes: The names of the classes, in the order of the probabilities.
        top: How many classes to name for each image.
        many: Whether a list of images was sent.

    Raises:
        Refused: None of the images can be used.
    """
    predictions: list[dict[str, Any]] = []
    problems: list[dict[str, Any]] = []
    for index, output in enumerate(outputs):
        if isinstance(output, str):
            problems.append({"index": index, "reason": output})
        else:
            predictions.append({"index": index, **_prediction(output, classes, top)})
    if not predictions:
        first = problems[0]["reason"]
        if not many:
            raise Refused(422, f"The image can't be used: {first}.")
        raise Refused(422, f"None of the images can be used. The first: {first}.")
    return {"predictions": predictions, "problems": problems}


def _prediction(output: ImageOutput, classes: tuple[str, ...], top: int) -> dict[str, Any]:
    order = np.argsort(-output.probabilities, kind="stable")[:top].tolist()
    guesses = [
        {"label": classes[number], "probability": float(output.probabilities[number])}
        for number in order
    ]
    return {**guesses[0], "unknown": output.unknown, "top": guesses}


def describe_model(choice: Choice, card: ModelCard) -> dict[str, Any]:
    """The classes, the images expected, and how fast each engine was when it was tried."""

    def number(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return {
        "network": card.network,
        "trained_on": Path(card.trained_on).name,  # the folders above concern nobody else
        "classes": list(card.classes),
        "channels": card.channels,
        "size": card.size,
        "rejects_unknown": card.rejection is not None,
        "engine": choice.name,
        "reason": choice.reason,
        "measured": [
            {
                "engine": each.engine,
                "latency_seconds": number(each.latency),
                "images_per_second": number(each.throughput),
                "largest_difference": number(each.difference),
                "refused": each.refused,
            }
            for each in choice.measured
        ],
    }
