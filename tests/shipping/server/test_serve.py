"""`convscope serve` as a program: what it says, how it starts, how it ends.

Tests shipping/server/several.py, shipping/server/http_server.py.
"""

import contextlib
import os
import re
import signal
import socket
import threading
import time
from pathlib import Path

import pytest
import torch
from PIL import Image

from convscope.data.load import load
from convscope.evaluation.predict import predict
from convscope.networks.catalog import build
from convscope.runs.model_file import ModelCard, save_model
from tests.shipping.server.serving import (
    PNG,
    ask,
    connection_to,
    get,
    image,
    post,
    program,
    until,
)

TOKEN = "a-token-that-nobody-guesses"  # noqa: S105


@pytest.fixture(scope="module")
def heavy(tmp_path_factory):
    """A model that takes a while for each image."""
    torch.manual_seed(0)
    card = ModelCard(
        network="resnet18", classes=("cat", "dog"), channels=3, size=224,
        mean=(0.5,) * 3, std=(0.25,) * 3,
    )  # fmt: skip
    file = tmp_path_factory.mktemp("heavy") / "model.safetensors"
    save_model(file, build("resnet18", 3, 2), card)
    return file


@pytest.mark.slow
def test_the_server_says_what_predict_says(digits_run, tmp_path):
    images = load("digits", "test", size=28)
    files = []
    for number in range(20):
        files.append(tmp_path / f"{number}.png")
        Image.fromarray(images.images[number, 0]).save(files[-1])
    expected = predict(digits_run, files).as_dict()["predictions"]
    with program(digits_run.folder, "--engine", "float32") as (address, process):
        assert process.said[0].startswith("PyTorch float32: ")
        assert process.said[1] == "Engine: float32 (as asked).\n"
        for file, says in zip(files, expected, strict=True):
            (found,) = post(address, file.read_bytes()).json()["predictions"]
            assert found["label"] == says["label"]
            assert found["probability"] == pytest.approx(says["probability"], abs=1e-5)
            assert found["unknown"] == says["unknown"]
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


def ask_until_many_wait(address):
    """Threads that send 24 images, begun until more than 12 wait; and the list of their answers."""
    statuses = []

    def work(value):
        with connection_to(address) as connection:
            statuses.append(ask(connection, image(value, size=300))[0])

    threads = [threading.Thread(target=work, args=(value,)) for value in range(24)]
    for thread in threads:
        thread.start()
    until(lambda: queue(address) > 12)
    return statuses, threads


@pytest.mark.slow
def test_sigterm_lets_everything_in_work_be_answered(heavy):
    with program(heavy, "--engine", "float32", "--max-batch", "1") as (address, process):
        statuses, threads = ask_until_many_wait(address)
        process.send_signal(signal.SIGTERM)
        asked = time.monotonic()
        until(lambda: get(f"{address}/readyz").status_code == 503)
        assert get(f"{address}/readyz").json() == {"ready": False}
        for thread in threads:
            thread.join()
        assert statuses == [200] * 24
        assert process.wait(12) == 0
        assert time.monotonic() - asked < 11
        assert process.stderr.read() == ""


@pytest.mark.slow
def test_a_second_signal_ends_at_once(heavy):
    server = program(heavy, "--engine", "float32", "--max-batch", "1")
    with server as (address, process), contextlib.ExitStack() as stack:
        for _ in range(100):
            connection = stack.enter_context(connection_to(address))
            connection.request("POST", "/predict", image(5, size=300), PNG)
        until(lambda: queue(address) > 60)
        process.send_signal(signal.SIGTERM)
        until(lambda: get(f"{address}/readyz").status_code == 503)
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 1


def queue(address):
    """Images in the server."""
    text = get(f"{address}/metrics").text
    return float(re.search(r"^convscope_queue_images (\S+)", text, re.MULTILINE)[1])


@pytest.mark.slow
def test_open_to_others_with_a_token(digits_run):
    arguments = (digits_run.model_file, "--engine", "float32", "--host", "0.0.0.0")  # noqa: S104
    with program(*arguments, CONVSCOPE_TOKEN=TOKEN) as (address, _):
        assert post(address, image(5, 28)).status_code == 401
        headers = PNG | {"Authorization": f"Bearer {TOKEN}"}
        assert post(address, image(5, 28), headers).status_code == 200


@pytest.mark.slow
def test_open_to_others_without_a_token(convscope, digits_run):
    done = convscope("serve", digits_run.folder, "--host", "0.0.0.0", code=2)  # noqa: S104
    assert done.stderr.startswith("convscope: --host 0.0.0.0 lets others reach the server, so it")
    assert done.stdout == ""


def test_a_port_that_is_taken(command, digits_run):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = command("serve", digits_run.folder, "--port", port, code=2)
    assert done.stderr == (
        f"convscope: Port {port} of 127.0.0.1 can't be had: address already in use. "
        "Give another one with --port; 0 takes a free one.\n"
    )


@pytest.mark.slow
def test_several_workers_share_what_one_would_do(digits_run):
    file = digits_run.model_file
    with program(file, "--engine", "float32", "--workers", "2") as (address, process):
        assert process.said[0].startswith("PyTorch float32: ")
        health = {"status": "ok", "workers": 2}
        assert get(f"{address}/healthz").json() == health
        asked = {get(f"{address}/model").json()["engine"] for _ in range(8)}
        assert asked == {"float32"}
        answers = [post(address, image(5, 28)).json() for _ in range(12)]
        assert all(each == answers[0] for each in answers)
        assert answered(address) == 12  # whoever is asked, of whoever answered

        os.kill(children(process.pid)[0], signal.SIGKILL)
        line = process.stdout.readline()
        assert re.match(r"Worker \d+ was killed \(SIGKILL.*Another one is started now\.", line)
        until(lambda: get(f"{address}/healthz").json() == health)
        assert post(address, image(5, 28)).json() == answers[0]
        assert answered(address) == 13  # also of the one that is gone
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stderr.read() == ""


@pytest.mark.slow
def test_sigterm_lets_all_workers_answer(heavy):
    arguments = ("--engine", "float32", "--max-batch", "1", "--workers", "2")
    with program(heavy, *arguments) as (address, process):
        statuses, threads = ask_until_many_wait(address)
        process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        assert statuses == [200] * 24
        assert process.wait(20) == 0
        assert process.stderr.read() == ""


def answered(address):
    """Images that were answered."""
    text = get(f"{address}/metrics").text
    return float(re.search(r"^convscope_images_total (\S+)", text, re.MULTILINE)[1])


def children(process):
    """The processes that a process has forked."""
    return [
        int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()
    ]


def test_workers_that_cannot_be(command, digits_run):
    for given, reason in (
        (["--workers", 0], "--workers must be from 1 to 64; given 0."),
        (["--workers", 2, "--device", "cuda"], "--workers computes on the processor; given --dev"),
    ):
        done = command("serve", digits_run.folder, *given, code=2)
        assert done.stderr.startswith(f"convscope: {reason}")
