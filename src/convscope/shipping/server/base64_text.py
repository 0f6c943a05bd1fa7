"""Files as text: base64 in the forms in which programs write it, and nothing else."""

from __future__ import annotations

import base64

from convscope.shipping.server.limits import is_image_type

AROUND = " \r\n\t"
LINE_ENDS = b"\r\n\t"
URL_SAFE = bytes.maketrans(b"-_", b"+/")


def decode_base64(text: str) -> bytes:
    """The bytes that a text in base64 stands for.

    Accepted are the usual and the URL-safe alphabet (RFC 4648, sections 4 and 5), with padding or
    without; line breaks (RFC 2045, section 6.8); and the form of data URLs
    (RFC 2397), `data:image/png;base64,…`. Each step goes through the text once.

    Args:
        text: Of any length.

    Raises:
        ValueError: It is something else.
    """
    content = _without_prefix(text.strip(AROUND)).strip(AROUND).encode("ascii")
    content = content.translate(None, LINE_ENDS)
    if b"-" in content or b"_" in content:
        if b"+" in content or b"/" in content:
            raise ValueError("two alphabets")
        content = content.translate(URL_SAFE)
    if not content.endswith(b"="):
        content += b"=" * (-len(content) % 4)
    return base64.b64decode(content, validate=True)


def _without_prefix(text: str) -> str:
    if text[:5].lower() != "data:":
        return text
    prefix, comma, content = text.partition(",")
    kind, *parameters = prefix[5:].lower().split(";")
    if not comma or not parameters or parameters[-1].strip() != "base64":
        raise ValueError("a data URL without base64")
    if kind.strip() and not is_image_type(kind):
        raise ValueError("a data URL of something else")
    return content
