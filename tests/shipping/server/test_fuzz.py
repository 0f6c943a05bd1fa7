"""Bodies that nobody would send: whatever comes, an answer of the right kind, and nothing is left.

The bodies are made by a seeded generator, so that a failure names the one to look at.
"""

import base64
import ctypes
import json
import random
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from convscope.runtime.process import resident_bytes
from tests.shipping.server.serving import (
    ByBrightness,
    ask,
    connection_to,
    get,
    image,
    served,
    until,
)

KINDS = {
    "PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "BMP": "image/bmp",
    "WEBP": "image/webp", "TIFF": "image/tiff", "PPM": "image/x-portable-pixmap",
}  # fmt: skip
WHOLE = {kind: image(9, kind=kind) for kind in KINDS}

ROOT = Path(__file__).parents[3]


def changed(content, chance):
    """A file with a few bytes replaced, cut out, put in, or its end missing."""
    content = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        at = chance.randrange(len(content) + 1)
        length = chance.choice((1, 1, 2, 4, 40))
        new = chance.choice((bytes(length), b"\xff" * length, chance.randbytes(length)))
        action = chance.choice(("replace", "replace", "replace", "cut", "insert", "end"))
        if action == "replace":
            content[at : at + length] = new
        elif action == "cut":
            del content[at : at + length]
        elif action == "insert":
            content[at:at] = new
        else:
            del content[at:]
    return bytes(content)


def some_file(chance):
    """An image, one that was changed, or bytes of any kind."""
    kind = chance.choice(list(KINDS))
    content = WHOLE[kind]
    action = chance.random()
    if action < 0.1:
        content = chance.randbytes(chance.randrange(200))
    elif action < 0.2:
        content = content[: chance.randrange(40)] + WHOLE[chance.choice(list(KINDS))]
    elif action < 0.95:
        content = changed(content, chance)
    return kind, content


def written(content, chance):
    """A file in base64, in a form that is accepted or in one that isn't."""
    text = base64.b64encode(content).decode()
    if chance.random() < 0.3:
        text = text.replace("+", "-").replace("/", "_")
    if chance.random() < 0.3:
        text = text.rstrip("=")
    if chance.random() < 0.3:
        text = "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76))
    if chance.random() < 0.4:
        kinds = ("image/png", "image/jpg", "", "text/html", "image/png;x=y", ";;", "\0")
        text = f"data:{chance.choice(kinds)}{chance.choice((';base64', ';base64', ''))},{text}"
    if chance.random() < 0.1:
        text = changed(text.encode(), chance).decode("latin-1")
    return text


def some_value(chance, depth=0):
    """A JSON value."""
    kinds = ["null", "number", "text", "list", "object"] if depth < 3 else ["null", "number"]
    kind = chance.choice(kinds)
    if kind == "number":
        return chance.choice((0, -1, 10**30, 1e308, True, float("nan"), float("inf")))
    if kind == "text":
        return chance.choice(("", "AA==", "A", "ä", "\ud800", "http://x/y.png", "=" * 50))
    if kind == "list":
        return [some_value(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind == "object":
        names = ("images", "url", "", "top")
        return {chance.choice(names): some_value(chance, depth + 1) for _ in range(2)}
    return None


def some_request(number):
    """(body, headers, query) of one request; the same for the same number."""
    chance = random.Random(number)
    action = chance.random()
    query = chance.choice(("", "", "", "?top=1", "?top=-1", "?top=x", "?top=1e9", "?nothing=1"))
    if action < 0.6:
        kind, body = some_file(chance)
        content_type = KINDS[kind]
    else:
        content_type = "application/json"
        if action < 0.75:
            texts = [written(some_file(chance)[1], chance) for _ in range(chance.randrange(6))]
            body = json.dumps({"images": texts}).encode()
        elif action < 0.9:
            body = json.dumps(some_value(chance)).encode()
        else:
            body = changed(json.dumps({"images": ["AA==", "BB=="]}).encode(), chance)
    headers = {"Content-Type": content_type}
    if chance.random() < 0.1:
        headers["Content-Type"] = chance.choice(
            ("", "text/html", "image/", "image/svg+xml", "é;,", "image/jpg", "image/x-png;;=")
        )
    if chance.random() < 0.05:
        headers["Content-Encoding"] = "gzip"
    return body, {name: value.encode("latin-1") for name, value in headers.items()}, query


def post_some(address, numbers):
    """Post requests one after another on a connection; what came, by status."""
    seen = {}
    with connection_to(address) as connection:
        for number in numbers:
            body, headers, query = some_request(number)
            connection.request("POST", f"/predict{query}", body, headers)
            answer = connection.getresponse()
            content = json.loads(answer.read())
            assert answer.status in (200, 415, 422), (number, answer.status, content)
            if answer.status == 200:
                assert content["predictions"], number
            else:
                assert list(content) == ["error"], number
                assert content["error"], number
                assert "\n" not in content["error"], (number, content)
            seen[answer.status] = seen.get(answer.status, 0) + 1
    return seen


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_any_body_gets_an_answer_of_the_right_kind():
    with served(ByBrightness()) as (address, server):
        seen = post_some(address, range(600))
        until(lambda: server.condition.in_work == 0)
        assert ask_for(address, 7) == "class 7"
    assert min(seen.get(status, 0) for status in (200, 415, 422)) > 20, seen


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of the process from /proc")
def test_thousands_of_bodies_leave_nothing_in_memory():
    """In a process of its own, whose memory no other test has left in pieces."""
    code = f"from {__name__} import grown_by_thousands; print(grown_by_thousands())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 8 << 20


def grown_by_thousands():
    """Bytes by which the process grows while it serves 2,500 bodies, after 1,000 others.

    The less of two times: what leaks does so each time, but an image of hundreds of megabytes may
    once leave a piece of memory that isn't given back.
    """
    with served(ByBrightness()) as (address, server):
        post_some(address, range(1000, 2000))
        held = [held_bytes()]
        for first in (2000, 4500):
            post_some(address, range(first, first + 2500))
            held.append(held_bytes())
        grown = min(held[1] - held[0], held[2] - held[1])
        until(lambda: server.condition.in_work == 0)
        assert ask_for(address, 7) == "class 7"
        assert "convscope_queue_images 0.0" in get(f"{address}/metrics").text
    return grown


def held_bytes():
    """Memory of this process that is in use: what was freed is given back first."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it
    if trim is not None:
        trim(0)
    return resident_bytes()


def ask_for(address, value):
    with connection_to(address) as connection:
        return ask(connection, image(value))[1]["predictions"][0]["label"]


def some_bytes(number):
    """What might come on a connection instead of a request."""
    chance = random.Random(number)
    request = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
    if chance.random() < 0.2:
        return chance.randbytes(chance.randrange(1, 300))
    length = chance.choice((b"5", b"-1", b"x", b"9" * 40, b"5, 5", b"0x5", b""))
    more = chance.choice((b"", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"))
    body = chance.choice((b"hello", b"", b"5\r\nhello\r\n0\r\n\r\n", b"FFFFFFFFFFFF\r\n"))
    whole = request + b"Content-Length: " + length + b"\r\n" + more + b"\r\n" + body
    return changed(whole, chance) if chance.random() < 0.7 else whole


@pytest.mark.parametrize("count", [150, pytest.param(3000, marks=pytest.mark.slow)])
def test_any_bytes_on_a_connection_leave_the_server_well(count):
    with served(ByBrightness()) as (address, server):
        host, port = address.removeprefix("http://").split(":")
        for number in range(count):
            with socket.create_connection((host, int(port)), timeout=20) as connection:
                connection.sendall(some_bytes(number))
                connection.shutdown(socket.SHUT_WR)
                said = b""
                try:
                    while part := connection.recv(65536):
                        said += part
                except ConnectionResetError:
                    continue
            # Nothing at all for a request that never came to its end; else HTTP, and no failure.
            assert not said or said.startswith(b"HTTP/1.1 "), (number, said)
            assert not said.startswith(b"HTTP/1.1 500"), (number, said)
        until(lambda: server.condition.in_work == 0)
        assert ask_for(address, 7) == "class 7"
