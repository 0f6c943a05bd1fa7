"""The files of the page, each with the type that browsers insist on.

Types are named here and not asked from the system: where a registry calls scripts plain text,
browsers don't run them.
"""

from __future__ import annotations

from importlib import resources
from pathlib import PurePosixPath

from starlette.responses import Response

from convscope.look.palette import THEMED_PAGE
from convscope.web.failures import Refused

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
ROOT = resources.files("convscope.studio") / "static"


def page() -> Response:
    """The one HTML file, in which scripts show the view that the address names."""
    content = (ROOT / "index.html").read_bytes()
    return Response(content, media_type=TYPES[".html"], headers={"Content-Security-Policy": POLICY})


def static_file(path: str) -> Response:
    """A file of the folder `static`.

    Raises:
        Refused: 404, there is no such file.
    """
    if path == "palette.css":
        return Response(THEMED_PAGE, media_type=TYPES[".css"])
    name = PurePosixPath(path)
    file = ROOT.joinpath(*name.parts) if is_inside(path) else None
    if file is None or name.suffix not in TYPES or not file.is_file():
        raise Refused(404, "There is no such file.")
    return Response(file.read_bytes(), media_type=TYPES[name.suffix])


def is_inside(path: str) -> bool:
    """Whether a path names something inside the folder: plain names with slashes between."""
    parts = path.split("/")
    return all(
        part.isascii() and part.replace("-", "").replace("_", "").replace(".", "").isalnum()
        and not part.startswith(".")
        for part in parts
    )  # fmt: skip
