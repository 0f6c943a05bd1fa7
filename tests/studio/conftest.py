"""Studio as programs ask it, without a browser."""

import base64
import contextlib
import threading
import time

import httpx
import numpy as np
import pytest

from convscope.studio.serve import make_server
from convscope.web.listening import listening, shown_address

TOKEN = "a-token-that-nobody-guesses"  # noqa: S105


@contextlib.contextmanager
def served_studio(runs, port=0):
    """A studio in a thread of this process; gives its address. Port 0: a free one."""
    with listening("127.0.0.1", port) as door:
        server = make_server(runs, "127.0.0.1", door.getsockname()[1], TOKEN)
        door.listen(256)
        thread = threading.Thread(target=server.run, args=([door],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield shown_address("127.0.0.1", door)
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()


@pytest.fixture(scope="session")
def studio_address(tmp_path_factory):
    """The address of a studio without runs."""
    with served_studio(tmp_path_factory.mktemp("runs")) as address:
        yield address


@pytest.fixture(scope="session")
def studio(studio_address):
    """A client that has no token yet."""
    # Reading the certificates of the world would take longer than the requests.
    with httpx.Client(base_url=studio_address, verify=False, timeout=60) as client:  # noqa: S501
        yield client


@pytest.fixture
def ask(studio):
    """Ask with the token: a GET, or a POST of JSON."""

    def send(path, body=None, status=200):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        url = f"/api/{path}"
        if body is None:
            answer = studio.get(url, headers=headers)
        else:
            answer = studio.post(url, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    return send


def sent(array):
    """An array as the page sends it."""
    array = np.asarray(array)
    kind = "uint8" if array.dtype == np.uint8 else "float64"
    data = base64.b64encode(np.ascontiguousarray(array, kind).tobytes()).decode()
    return {"shape": list(array.shape), "type": kind, "data": data}


def received(found):
    """An array as the page reads it."""
    return np.frombuffer(base64.b64decode(found["data"]), found["type"]).reshape(found["shape"])
