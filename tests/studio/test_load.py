"""Studio with more clients than it has threads, and told to end while it answers."""

import concurrent.futures
import json
import re
import signal
import socket
import subprocess
import sys

import httpx
import numpy as np
import pytest

from tests.studio.conftest import TOKEN, received, sent, served_studio

IN_FLIGHT = 50
CLIENTS = 80
"""Twice as many as threads that answer."""

pytestmark = pytest.mark.slow


def setting(number):
    """A bench's setting that nobody else asks; its whole output is the number."""
    image = np.full((1, 12, 12), number, np.uint8)
    return {"image": sent(image), "kernel": sent(np.ones((1, 1, 1)))}


def test_each_of_many_clients_gets_its_own_answer(tmp_path):
    def ask(address, client):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with httpx.Client(base_url=address, headers=headers, verify=False, timeout=120) as own:  # noqa: S501
            for turn in range(5):
                number = (client * 5 + turn) % 251
                answer = own.post("/api/bench/compute", json=setting(number))
                assert answer.status_code == 200, answer.text
                assert (received(answer.json()["output"]) == number).all()

    with (
        served_studio(tmp_path) as address,
        concurrent.futures.ThreadPoolExecutor(CLIENTS) as threads,
    ):
        for done in [threads.submit(ask, address, client) for client in range(CLIENTS)]:
            done.result()


def test_what_is_in_flight_is_answered_before_it_ends(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "convscope", "studio", str(tmp_path), "--port", "0", "--no-open"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    doors = []
    try:
        line = process.stdout.readline()
        port, token = re.search(r":(\d+)/\?token=(\S+)", line).groups()
        bodies = [json.dumps(setting(number)).encode() for number in range(IN_FLIGHT)]
        for body in bodies:
            door = socket.create_connection(("127.0.0.1", int(port)), timeout=60)
            doors.append(door)
            door.sendall(
                f"POST /api/bench/compute HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
                f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            )
        for door in doors:  # it is being answered as soon as its body is asked for
            assert door.recv(100).startswith(b"HTTP/1.1 100 ")
        process.send_signal(signal.SIGTERM)
        for door, body in zip(doors, bodies, strict=True):
            door.sendall(body)
        for number, door in enumerate(doors):
            head, _, body = b"".join(iter(lambda door=door: door.recv(65536), b"")).partition(
                b"\r\n\r\n"
            )
            assert head.startswith(b"HTTP/1.1 200 "), head
            assert (received(json.loads(body)["output"]) == number).all()
        assert process.wait(60) == 0
        assert process.stderr.read() == ""
    finally:
        for door in doors:
            door.close()
        process.kill()
        process.communicate()
