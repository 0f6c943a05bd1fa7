"""Servers to ask: in this process with an engine that the test decides, or as a program."""

import contextlib
import functools
import http.client
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import torch
from PIL import Image

from convscope.evaluation.torch_engine import EngineOutput
from convscope.runs.model_file import ModelCard
from convscope.shipping.server.choice import Choice, Measured
from convscope.shipping.server.http_server import make_server
from convscope.shipping.server.limits import Settings
from convscope.shipping.server.metrics import Metrics
from convscope.web.listening import listening

PNG = {"Content-Type": "image/png"}
# Reading the certificates of the world would take longer than the request.
get = functools.partial(httpx.get, verify=False)
head = functools.partial(httpx.head, verify=False)
options = functools.partial(httpx.options, verify=False)
http_post = functools.partial(httpx.post, verify=False)

CLASSES = tuple(f"class {number}" for number in range(256))
CARD = ModelCard(network="lenet", classes=CLASSES, channels=1, size=4, mean=(0.5,), std=(0.5,))


class ByBrightness:
    """An engine that names the class with the number of the first pixel's value."""

    name = "float32"

    def __init__(self, seconds=0.0):
        self.seconds = seconds
        self.sizes = []
        self.error = None
        self.go = threading.Event()
        self.go.set()

    def run(self, images):
        assert self.go.wait(20)
        time.sleep(self.seconds)
        if self.error:
            raise self.error
        self.sizes.append(len(images))
        values = torch.from_numpy(images[:, 0, 0, 0].astype(np.int64))
        probabilities = torch.full((len(values), 256), 0.5 / 255)
        probabilities[torch.arange(len(values)), values] = 0.5
        return EngineOutput(probabilities, values > 250)


def image(value, size=4, kind="PNG"):
    """An image file of one grey value."""
    buffer = io.BytesIO()
    Image.new("L", (size, size), value).save(buffer, kind)
    return buffer.getvalue()


@contextlib.contextmanager
def served(engine, host="127.0.0.1", token=None, throughput=100.0, card=CARD, **settings):
    """A server in a thread of this process; gives (address, server)."""
    measured = (Measured("float32", 0.0, 0.001, throughput),)
    choice = Choice(engine, engine, 1, measured, "for a test")
    arguments = {"host": host, "token": token, "settings": Settings(**settings)}
    with listening("127.0.0.1", 0) as door, ThreadPoolExecutor(1) as computing:
        server = make_server(computing, choice, card, Metrics(), **arguments)
        door.listen(256)
        address = f"http://127.0.0.1:{door.getsockname()[1]}"
        thread = threading.Thread(target=server.run, args=([door],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield address, server
        finally:
            if isinstance(engine, ByBrightness):
                engine.go.set()
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()


@contextlib.contextmanager
def program(*arguments, **environment):
    """`convscope serve` as a process; gives (address, process)."""
    process = subprocess.Popen(
        [sys.executable, "-m", "convscope", "serve", *map(str, arguments), "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | environment,
    )  # fmt: skip
    process.said = []
    try:
        for line in process.stdout:
            process.said.append(line)
            if found := re.search(r"Ready: http://[^:]+:(\d+)", line):
                break
        else:
            raise AssertionError(process.stderr.read())
        yield f"http://127.0.0.1:{found[1]}", process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()


def raw(address, request, *, wait=10.0):
    """Send bytes as they are and give everything that comes back until the server closes."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=wait) as connection:
        connection.sendall(request)
        answer = b""
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            while part := connection.recv(65536):
                answer += part
        return answer


def status_of(answer):
    """The status and the error of a raw HTTP answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split(b" ")[1])
    return status, json.loads(body).get("error") if body else None


def post(address, content, headers=PNG, route="/predict", **options):
    return http_post(f"{address}{route}", content=content, headers=headers, **options)


def connection_to(address):
    """A connection that is closed at the end of a `with` block."""
    return contextlib.closing(
        http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
    )


def ask(connection, content, headers=PNG):
    """Post an image on a connection; gives (status, JSON). Much less work than httpx."""
    connection.request("POST", "/predict", content, headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def until(condition, seconds=20.0):
    """Wait for something that another thread does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it didn't happen"
        time.sleep(0.005)
