"""Who may ask: checks in front of every route, and the headers behind every answer.

* **Host**: a server on this machine answers to the names of this machine only. A page of somebody
  else could otherwise let its own name point here, and the browser would take the two for one site
  (DNS rebinding). The port isn't compared, since a tunnel may have another one at its near end.
* **Origin**: a browser says where a request comes from; what other sites send is refused. No answer
  ever carries a CORS header, so other sites can't read any.
* **Token**: a secret of the server, which a program sends as `Authorization: Bearer TOKEN`.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Mapping

from starlette.types import Message, Scope

from convscope.errors import UsageError
from convscope.web.failures import Refused
from convscope.web.limits import TOKEN_LENGTH

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Behind every answer that doesn't say otherwise."""


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_token(host: str, token: str | None) -> None:
    """Refuse to serve the world without a token.

    Raises:
        UsageError: There is none, or it can be guessed.
    """
    if token is None:
        if is_loopback(host):
            return
        raise UsageError(
            f"--host {host} lets others reach the server, so it needs a token: set "
            "CONVSCOPE_TOKEN (or --token) to a secret of at least "
            f"{TOKEN_LENGTH} characters. Or leave --host out, to serve this machine only."
        )
    if len(token) < TOKEN_LENGTH or not re.fullmatch(r"[\x21-\x7e]+", token):
        raise UsageError(
            f"The token needs at least {TOKEN_LENGTH} characters, of ASCII letters, digits and "
            'signs. Make one: python -c "import secrets; print(secrets.token_urlsafe())"'
        )


def local_names(host: str) -> frozenset[str] | None:
    """The names a server at this address answers to; None: to all, since others reach it."""
    return LOCAL_NAMES if is_loopback(host) else None


def read_headers(scope: Scope) -> dict[bytes, str]:
    """The headers of a request, by their names in lower case."""
    return {name: value.decode("latin-1") for name, value in scope["headers"]}


def check_host(headers: Mapping[bytes, str], names: frozenset[str] | None) -> None:
    """Refuse a request that means another server.

    Raises:
        Refused: 403, its Host is none of the names.
    """
    host = headers.get(b"host", "")
    if names is not None and re.sub(r":\d*$", "", host.strip().lower()) not in names:
        raise Refused(403, f"This server answers as localhost or 127.0.0.1, not as {host[:80]!r}.")


def check_origin(headers: Mapping[bytes, str]) -> None:
    """Refuse what a browser sends for a page of another origin; programs say neither header.

    Raises:
        Refused: 403, it does.
    """
    elsewhere = headers.get(b"sec-fetch-site", "none") not in ("none", "same-origin")
    origin = headers.get(b"origin")
    if origin is not None:
        scheme, _, place = origin.lower().partition("://")
        own = headers.get(b"host", "").strip().lower()
        elsewhere = elsewhere or scheme not in ("http", "https") or place != own
    if elsewhere:
        raise Refused(403, "Requests from pages of other sites are not accepted.")


def is_token(given: str, token: str) -> bool:
    """Whether a secret is the server's; how long it takes to say doesn't tell how far it is."""
    return hmac.compare_digest(given.strip().encode(), token.encode())


def has_bearer(headers: Mapping[bytes, str], token: str) -> bool:
    """Whether a request brings the token as programs do."""
    kind, _, given = headers.get(b"authorization", "").partition(" ")
    return is_token(given, token) and kind.lower() == "bearer"


def check_bearer(headers: Mapping[bytes, str], token: str) -> None:
    """Refuse a request without the token.

    Raises:
        Refused: 401, it has none, or another.
    """
    if not has_bearer(headers, token):
        raise Refused(
            401,
            "This server needs its token: send the header Authorization: Bearer TOKEN.",
            {"WWW-Authenticate": "Bearer"},
        )


def add_headers(message: Message) -> None:
    """Put `HEADERS` behind the beginning of an answer, where it says nothing of its own."""
    present = {name.lower() for name, _ in message["headers"]}
    message["headers"] += [(name, value) for name, value in _RAW if name not in present]


_RAW = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
