"""Clients that are slow, idle, many, or speak no HTTP.

Tests web/connection.py.
"""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from convscope.web import connection
from tests.shipping.server.serving import (
    ByBrightness,
    get,
    image,
    post,
    raw,
    served,
    status_of,
    until,
)

BEGUN = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"


@pytest.fixture
def address(monkeypatch):
    monkeypatch.setattr(connection, "UPLOAD_SECONDS", 0.4)
    monkeypatch.setattr(connection, "IDLE_SECONDS", 0.4)
    monkeypatch.setattr(connection, "CONNECTIONS", 20)
    with served(ByBrightness()) as (address, _):
        yield address


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /pre",
        BEGUN,
        BEGUN + b"Content-Length: 100\r\n\r\n",
        BEGUN + b"Content-Length: 100\r\n\r\nabc",
        BEGUN + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
)
def test_a_request_that_does_not_end_is_408(address, sent):
    status, error = status_of(raw(address, sent))
    assert status == 408
    assert error == "The request took longer than 0.4 s to arrive."


def test_a_drip_is_not_progress(address):
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(BEGUN)
        with pytest.raises(OSError):  # noqa: PT011, PT012 - at some point, however it is called
            for _ in range(200):
                client.sendall(b"X-More: 1\r\n")
                time.sleep(0.02)


def test_a_second_request_has_a_clock_of_its_own(address):
    whole = BEGUN + f"Content-Length: {len(image(5))}\r\n\r\n".encode() + image(5)

    def only_the_second_is_late():
        answer = raw(address, whole + b"POST /pre")
        return answer.startswith(b"HTTP/1.1 200") and b"HTTP/1.1 408" in answer

    until(only_the_second_is_late)  # on a busy machine the first may be late as well


def test_idle_connections_are_closed_without_a_word(address):
    assert raw(address, b"") == b""


def test_a_body_that_is_refused_and_never_ends_is_cut(address):
    answer = raw(address, BEGUN + b"Content-Length: 99999999999\r\n\r\nabc")
    status, _ = status_of(answer)
    assert status == 413


def test_idle_sockets_keep_nobody_out(monkeypatch):
    monkeypatch.setattr(connection, "CONNECTIONS", 20)
    with served(ByBrightness()) as (address, _):
        host, port = address.removeprefix("http://").split(":")
        idle = [socket.create_connection((host, int(port))) for _ in range(100)]
        try:
            for value in range(20):
                answer = post(address, image(value))
                assert answer.json()["predictions"][0]["label"] == f"class {value}"
        finally:
            for client in idle:
                client.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        b"Content-Length: 6\r\n\r\nabcdef",
        b"GET / HTTP/1.1\nHost: localhost\n\x00: 1\r\n\r\n",
    ],
)
def test_what_is_no_http_is_400(address, sent):
    assert raw(address, sent).startswith(b"HTTP/1.1 4")
    assert get(f"{address}/healthz").status_code == 200


def test_headers_without_end_are_cut(address):
    # What the server says may be lost, as more comes in than it has read when it closes.
    answer = raw(address, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 300_000)
    assert b"200" not in answer
    assert get(f"{address}/healthz").status_code == 200


def test_somebody_who_waits_to_be_told_to_send(address):
    content = image(8)
    head = BEGUN + f"Expect: 100-continue\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(head)
        assert client.recv(100).startswith(b"HTTP/1.1 100")
        client.sendall(content)
        assert client.recv(1000).startswith(b"HTTP/1.1 200")


@pytest.mark.slow
def test_connections_too_many_wait_before_they_are_told(monkeypatch):
    monkeypatch.setattr(connection, "CONNECTIONS", 2)
    monkeypatch.setattr(connection, "REFUSED_CONNECTIONS", 1)
    monkeypatch.setattr(connection, "REFUSED_SECONDS", 0.2)
    engine = ByBrightness()
    engine.go.clear()
    with served(engine) as (address, server), ThreadPoolExecutor(2) as pool:
        busy = [pool.submit(post, address, image(value), timeout=20) for value in (1, 2)]
        until(lambda: server.condition.in_work == 2)
        asked = time.monotonic()
        status, error = status_of(raw(address, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"))
        assert time.monotonic() - asked > 0.19
        assert (status, error) == (503, "Too many connections. Try again.")
        monkeypatch.setattr(connection, "REFUSED_SECONDS", 3.0)
        with socket.create_connection(tuple_of(address)) as held:
            until(lambda: len(server.server_state.connections) == 3)
            assert raw(address, b"") == b""  # one more is cut
            assert held.recv(1000).startswith(b"HTTP/1.1 503")
        engine.go.set()
        assert [each.result().status_code for each in busy] == [200, 200]


def tuple_of(address):
    host, port = address.removeprefix("http://").split(":")
    return host, int(port)
