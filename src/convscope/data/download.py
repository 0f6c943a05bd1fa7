"""Fetching a published file: from the first mirror that works, checked, going on where it stopped.

The file grows as `.NAME.part` in its folder and takes its name only when the checksum agrees, so
a file under its own name is whole. What an interrupted download has fetched is kept, and the next
one asks for the rest.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from convscope.errors import ConvscopeError
from convscope.look.progress import progress

TIMEOUT = 20.0
"""Seconds without an answer after which a mirror is given up."""

MAX_BYTES = 1 << 30
BLOCK = 1 << 18


@dataclass(frozen=True)
class RemoteFile:
    """A file that can be downloaded.

    Attributes:
        name: What it is called on this machine.
        urls: Where it is, each an http or https address; tried in this order.
        digest: Its published checksum, or how that begins, in hexadecimal.
        algorithm: Of the checksum.
    """

    name: str
    urls: tuple[str, ...]
    digest: str
    algorithm: Literal["md5", "sha256"] = "md5"

    def is_in(self, path: Path) -> bool:
        """Whether a file has the published content."""
        # Checksums that were published, not for secrecy.
        found = hashlib.new(self.algorithm, usedforsecurity=False)
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                found.update(block)
        return found.hexdigest().startswith(self.digest)


class MirrorError(Exception):
    """A mirror did not give the file; the text says why."""


def download(remote: RemoteFile, folder: Path) -> Path:
    """Fetch a file, unless it is in the folder already.

    Args:
        remote: The file.
        folder: Where it goes; made if it does not exist.

    Returns:
        The path of the file.

    Raises:
        ConvscopeError: No mirror gave it; the message says what each answered, and where to put
            the file by hand.
    """
    target = folder / remote.name
    if target.is_file():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{remote.name}.part"
    failures = []
    for url in remote.urls:
        try:
            _fetch_checked(url, part, remote)
        except MirrorError as error:
            failures.append(f"{url}: {error}")
        else:
            part.replace(target)
            return target
    raise ConvscopeError(
        f"{remote.name} could not be downloaded. {'; '.join(failures)}. Without a connection, "
        f"fetch it on another machine and put it at '{target}', or into a folder that the "
        "environment variable CONVSCOPE_DATA names."
    )


def _fetch_checked(url: str, part: Path, remote: RemoteFile) -> None:
    resumed = _fetch(url, part)
    if resumed and not remote.is_in(part):
        # What was there may have come from another file. Once more, from the start.
        part.unlink()
        _fetch(url, part)
    if not remote.is_in(part):
        part.unlink()
        raise MirrorError("the file is not the published one (its checksum differs)")


def _fetch(url: str, part: Path) -> bool:
    """Get the file, or the rest of it, into `part`. Returns whether it went on with a part."""
    if not url.startswith(("http://", "https://")):
        raise MirrorError("only http and https addresses are used")
    have = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "convscope", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  (checked above)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            resumed = have > 0 and answer.status == http.HTTPStatus.PARTIAL_CONTENT
            _store(answer, part, have if resumed else 0)
            return resumed
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and have:
            return True  # there is no rest: the part is whole, or wrong, as its checksum tells
        raise MirrorError(f"{error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise MirrorError(str(error.reason)) from error
    except (OSError, http.client.HTTPException) as error:
        raise MirrorError(str(error) or type(error).__name__) from error


def _store(answer: http.client.HTTPResponse, part: Path, have: int) -> None:
    """Write what comes behind the first `have` bytes of `part`."""
    length = answer.length or 0
    done = have
    if have + length > MAX_BYTES:
        raise MirrorError(f"it is larger than {MAX_BYTES >> 20} MiB")
    with (
        part.open("r+b" if have else "wb") as file,
        progress(f"Downloading {part.name[1:-5]}", have + length, "bytes") as advance,
    ):
        file.seek(have)
        advance(have)
        while block := answer.read(BLOCK):
            done += len(block)
            if done > MAX_BYTES:
                raise MirrorError(f"it is larger than {MAX_BYTES >> 20} MiB")
            file.write(block)
            advance(len(block))
        file.flush()
        os.fsync(file.fileno())
    if done < have + length:
        raise MirrorError(f"the connection ended after {done:,} of {have + length:,} bytes")
