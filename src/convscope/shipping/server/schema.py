"""The shapes of what goes in and out, as the OpenAPI page shows them."""

from __future__ import annotations

from typing import Any

import pydantic

from convscope.shipping.server.body import JSON_EXAMPLE, ImageList
from convscope.shipping.server.limits import BODY_BYTES, CONTENT_TYPES, PIXELS


class PredictedClass(pydantic.BaseModel):
    """A class, and the probability the network gives it."""

    label: str
    probability: float


class ImagePrediction(PredictedClass):
    """What the network says of one image; label and probability are those of the first class."""

    index: int = pydantic.Field(description="Place of the image in the list, from 0.")
    unknown: bool = pydantic.Field(
        description="Whether it looks like nothing the model was trained on."
    )
    top: list[PredictedClass] = pydantic.Field(
        description="The most probable classes, the first first."
    )


class ImageProblem(pydantic.BaseModel):
    """An image of a list that can't be used."""

    index: int
    reason: str


class PredictResponse(pydantic.BaseModel):
    """What the network says of all images."""

    predictions: list[ImagePrediction]
    problems: list[ImageProblem]


class Failure(pydantic.BaseModel):
    """Why there is no answer, in one line."""

    error: str


class Speed(pydantic.BaseModel):
    """What an engine did on this machine when the server started."""

    engine: str
    latency_seconds: float | None = pydantic.Field(description="For one image, median.")
    images_per_second: float | None = pydantic.Field(description="In full batches.")
    largest_difference: float | None = pydantic.Field(
        description="Of a probability from float32's, on sample images."
    )
    refused: str = pydantic.Field(description="Why it can't be used; empty if it can.")


class Readiness(pydantic.BaseModel):
    """Whether requests are answered."""

    ready: bool


class ModelResponse(pydantic.BaseModel):
    """Which model is served, by which engine."""

    network: str
    trained_on: str
    classes: list[str]
    channels: int
    size: int
    rejects_unknown: bool
    engine: str
    reason: str
    measured: list[Speed]


REQUEST_BODY: dict[str, Any] = {
    "required": True,
    "description": (
        f"One image, as it is, with its Content-Type; or several in JSON: {JSON_EXAMPLE}. "
        f"At most {BODY_BYTES >> 20} MiB and {PIXELS:,} pixels."
    ),
    "content": {
        "application/json": {"schema": ImageList.model_json_schema()},
        **{
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in sorted(CONTENT_TYPES)
        },
    },
}

FAILURES: dict[int | str, dict[str, Any]] = {
    status: {"model": Failure, "description": meaning}
    for status, meaning in {
        401: "The server has a token, and the request doesn't.",
        403: "Sent by a page of another site, or under another host name.",
        408: "The request took too long to arrive.",
        413: "More bytes than are accepted.",
        415: "Another Content-Type than those accepted.",
        422: "Not an image, damaged, too many pixels, or not such a list.",
        503: "More to do than is accepted; Retry-After says when to ask again.",
        504: "No answer within the time limit.",
    }.items()
}
