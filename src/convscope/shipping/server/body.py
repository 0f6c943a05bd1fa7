"""What a request for predictions holds: one image, or a JSON list of images."""

from __future__ import annotations

import codecs

import pydantic
from starlette.requests import Request

from convscope.errors import first_invalid
from convscope.shipping.server.base64_text import decode_base64
from convscope.shipping.server.limits import (
    CONTENT_TYPES,
    LIST_LENGTH,
    is_image_type,
    media_type,
)
from convscope.web.failures import Refused

JSON_EXAMPLE = '{"images": ["base64", …]}'


class ImageList(pydantic.BaseModel, extra="forbid"):
    """Several images in one request.

    Attributes:
        images: The files, each in base64.
    """

    images: list[str] = pydantic.Field(min_length=1, max_length=LIST_LENGTH)


def is_list(request: Request) -> bool:
    """Whether the request holds a JSON list, and not one image.

    Raises:
        Refused: 415, it is neither.
    """
    given = request.headers.get("content-type", "")
    if media_type(given) == "application/json":
        return True
    if is_image_type(given) and "content-encoding" not in request.headers:
        return False
    if "content-encoding" in request.headers:
        raise Refused(415, "Send the image as it is, without Content-Encoding.")
    names = ", ".join(sorted(CONTENT_TYPES))
    raise Refused(
        415,
        f"Content-Type {given[:80]!r} is not accepted. Send one image as the body, with one of "
        f"{names}; or application/json: {JSON_EXAMPLE}",
    )


def images_of_list(body: bytes) -> list[bytes]:
    """The files in a JSON list.

    Raises:
        Refused: 422, it isn't one.
    """
    try:
        texts = ImageList.model_validate_json(body.removeprefix(codecs.BOM_UTF8)).images
    except pydantic.ValidationError as error:
        raise Refused(422, f"{first_invalid(error)}. Expected: {JSON_EXAMPLE}") from None
    contents = []
    for number, text in enumerate(texts):
        try:
            contents.append(decode_base64(text))
        except ValueError:
            reason = f"images.{number}: not base64. Expected: {JSON_EXAMPLE}"
            raise Refused(422, reason) from None
    return contents
