"""Reading the body of a request: bounded, whatever its headers say, and never all of it in vain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pydantic
from starlette.requests import Request

from convscope.errors import first_invalid
from convscope.shipping.server.base64_text import decode_base64
from convscope.shipping.server.failures import ClientGoneError, Refused
from convscope.shipping.server.limits import (
    ALL_BODIES_BYTES,
    BODY_BYTES,
    CONTENT_TYPES,
    LIST_LENGTH,
    is_image_type,
    media_type,
)

JSON_EXAMPLE = '{"images": ["base64", …]}'


class ImageList(pydantic.BaseModel, extra="forbid"):
    """Several images in one request.

    Attributes:
        images: The files, each in base64.
    """

    images: list[str] = pydantic.Field(min_length=1, max_length=LIST_LENGTH)


class Bodies:
    """The bytes of all requests that are in the server; together they have a limit, too."""

    def __init__(self) -> None:
        self._held = 0

    @contextmanager
    def room(self) -> Iterator[list[int]]:
        """Within: a list to which the sizes of received parts are added with `take`."""
        taken: list[int] = []
        try:
            yield taken
        finally:
            self._held -= sum(taken)

    async def read(self, request: Request, taken: list[int]) -> bytes:
        """The whole body.

        Args:
            request: Nothing of its body has been read.
            taken: From `room`, which gives the bytes back.

        Raises:
            Refused: 413 if it is too long, 503 if the requests together are.
            ClientGoneError: The connection ended before the body did.
        """
        length = request.headers.get("content-length", "0")
        if len(length) > 18 or int(length) > BODY_BYTES:  # the parser lets digits through only
            raise too_long()
        parts: list[bytes] = []
        size = 0
        more = True
        while more:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            part = message.get("body", b"")
            size += len(part)
            if size > BODY_BYTES:
                raise too_long()
            if self._held + len(part) > ALL_BODIES_BYTES:
                reason = "The server holds as many large requests as it can. Try again."
                raise Refused(503, reason, {"Retry-After": "1"})
            self._held += len(part)
            taken.append(len(part))
            parts.append(part)
            more = message.get("more_body", False)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def too_long() -> Refused:
    """The refusal of a body that is too long."""
    return Refused(
        413, f"The request has more than {BODY_BYTES >> 20} MiB. Send smaller or fewer images."
    )


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
        texts = ImageList.model_validate_json(body).images
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
