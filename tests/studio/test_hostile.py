"""What strangers and broken clients do to a studio: junk, slowness, too much at once.

Tests studio/guard.py, studio/serve.py.
"""

import contextlib
import inspect
import socket
import time

import httpx
import pytest

from convscope.studio import guard
from convscope.studio.serve import serve_studio
from convscope.studio.views import VIEWS
from convscope.web import connection
from tests.shipping.server.serving import raw, status_of
from tests.studio.conftest import TOKEN, served_studio

BEARER = {"Authorization": f"Bearer {TOKEN}"}
BEGUN = (
    b"POST /api/bench/compute HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    + f"Authorization: Bearer {TOKEN}\r\n".encode()
)
JUNK = [
    b"", b"{", b"[]", b"null", b"7", b'"text"', b'{"no-such-thing": 1}', b'{"a": NaN}',
    b"\xff\xfe{", b"[" * 50_000, b'{"a":' * 3_000 + b"1" + b"}" * 3_000, b'{"network": "\\ud800"}',
    b'{"size": 1e400}', b'{"kernel": [[["\x00"]]]}', b"\x00" * 100, b'{"a": ' + b"9" * 5_000 + b"}",
]  # fmt: skip


def posts(studio):
    """The paths of the interface that take a body, of all views."""
    described = studio.get("/openapi.json", headers=BEARER).json()["paths"]
    found = [path for path, ways in described.items() if "post" in ways and "{" not in path]
    assert {path.split("/")[2] for path in found} <= {*VIEWS}
    assert len(found) > 10
    return found


@pytest.mark.parametrize("kind", ["application/json", "image/png"])
def test_junk_is_refused_in_words_by_every_path(studio, kind):
    for path in posts(studio):
        for body in JUNK:
            answer = studio.post(path, content=body, headers={**BEARER, "Content-Type": kind})
            assert 400 <= answer.status_code < 500, (path, body[:40], answer.status_code)
            assert answer.json()["error"], path
            assert "Traceback" not in answer.text
    assert studio.get("/api/hello", headers=BEARER).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.test"}],
)
def test_no_path_takes_anything_from_another_sites_page(studio, headers):
    for path in posts(studio):
        answer = studio.post(path, json={}, headers={**BEARER, **headers})
        assert answer.status_code == 403, path


def test_no_path_takes_anything_without_the_token(studio):
    for path in posts(studio):
        assert studio.post(path, json={}).status_code == 401, path


def test_it_listens_on_this_machine_alone_unless_asked():
    assert inspect.signature(serve_studio).parameters["host"].default == "127.0.0.1"


@pytest.fixture
def hurried(monkeypatch, tmp_path):
    """A studio whose patience is short, and whose room is small."""
    monkeypatch.setattr(connection, "UPLOAD_SECONDS", 0.4)
    monkeypatch.setattr(connection, "IDLE_SECONDS", 0.4)
    monkeypatch.setattr(connection, "CONNECTIONS", 20)
    with served_studio(tmp_path) as address:
        yield address


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /api",
        BEGUN,
        BEGUN + b"Content-Length: 100\r\n\r\n",
        BEGUN + b"Content-Length: 100\r\n\r\n{",
        BEGUN + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
)
def test_a_request_that_does_not_end_is_408(hurried, sent):
    status, error = status_of(raw(hurried, sent))
    assert status == 408
    assert error == "The request took longer than 0.4 s to arrive."


def test_idle_connections_are_closed_and_others_are_served(hurried):
    host, port = hurried.removeprefix("http://").split(":")
    idle = [socket.create_connection((host, int(port)), timeout=30) for _ in range(15)]
    try:
        answer = httpx.get(f"{hurried}/api/hello", headers=BEARER, timeout=30)
        assert answer.status_code == 200
        for each in idle:
            assert each.recv(1000) == b""  # closed by the server
    finally:
        for each in idle:
            each.close()


def until_answered(status, ask):
    """Ask until an answer has the status."""
    deadline = time.monotonic() + 60
    while (answer := ask()).status_code != status:
        assert time.monotonic() < deadline, answer.status_code
        time.sleep(0.05)
    return answer


def test_many_who_only_hold_connections_lock_nobody_out(monkeypatch, tmp_path):
    monkeypatch.setattr(connection, "CONNECTIONS", 5)
    with served_studio(tmp_path) as address:
        host, port = address.removeprefix("http://").split(":")
        held = [socket.create_connection((host, int(port)), timeout=30) for _ in range(50)]
        try:
            for each in held[:25]:
                with contextlib.suppress(OSError):  # it may have been closed to make room
                    each.sendall(BEGUN)
            for _ in range(10):
                answer = httpx.get(f"{address}/api/hello", headers=BEARER, timeout=30)
                assert answer.status_code == 200
        finally:
            for each in held:
                each.close()


def test_a_body_in_pieces_that_is_too_long_is_413(studio):
    headers = {**BEARER, "Content-Type": "application/json"}
    pieces = (b" " * 0x100000 for _ in range(21))  # without a length
    answer = studio.post("/api/bench/compute", content=pieces, headers=headers)
    assert answer.status_code == 413
    assert answer.json()["error"] == "The request has more than 20 MiB. Send a smaller image."


@pytest.mark.slow
def test_bodies_have_room_together_and_then_it_is_503(monkeypatch, tmp_path):
    monkeypatch.setattr(guard, "BODY_BYTES", 10_000)
    headers = {**BEARER, "Content-Type": "application/json"}

    def ask(address):
        url = f"{address}/api/bench/compute"
        return httpx.post(url, content=b" " * 500, headers=headers, timeout=30)

    with served_studio(tmp_path) as address:
        host, port = address.removeprefix("http://").split(":")
        held = [socket.create_connection((host, int(port)), timeout=30) for _ in range(8)]
        try:
            for each in held:
                each.sendall(BEGUN + b"Content-Length: 10000\r\n\r\n" + b" " * 9_999)
            # Until the server has read what was sent.
            answer = until_answered(503, lambda: ask(address))
            assert int(answer.headers["retry-after"]) > 0
        finally:
            for each in held:
                each.close()  # the clients are gone, and their bytes are given back
        until_answered(422, lambda: ask(address))
