"""`convscope serve` as a program: what it says, how it starts, how it ends."""

import signal
import socket
import threading
import time

import httpx
import pytest
import torch
from PIL import Image

from convscope.data.load import load
from convscope.evaluation.predict import predict
from convscope.networks.catalog import build
from convscope.runs.model_file import ModelCard, save_model
from convscope.runs.run import Run
from tests.shipping.server.serving import PNG, picture, post, program, until

TOKEN = "a-token-that-nobody-guesses"  # noqa: S105


@pytest.fixture(scope="module")
def heavy(tmp_path_factory):
    """A model that takes a while for each picture."""
    torch.manual_seed(0)
    card = ModelCard(
        network="resnet18", classes=("cat", "dog"), channels=3, size=224,
        mean=(0.5,) * 3, std=(0.25,) * 3,
    )  # fmt: skip
    file = tmp_path_factory.mktemp("heavy") / "model.safetensors"
    save_model(file, build("resnet18", 3, 2), card)
    return file


def test_the_server_says_what_predict_says(digits_run, tmp_path):
    images = load("digits", "test", size=28)
    files = []
    for number in range(20):
        files.append(tmp_path / f"{number}.png")
        Image.fromarray(images.images[number, 0]).save(files[-1])
    expected = predict(digits_run, files).as_json()["predictions"]
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


def test_sigterm_lets_everything_in_work_be_answered(heavy):
    with program(heavy, "--engine", "float32", "--max-batch", "4") as (address, process):
        answers = []

        def ask(value):
            answers.append(post(address, picture(value, size=300), timeout=30).status_code)

        threads = [threading.Thread(target=ask, args=(value,)) for value in range(50)]
        for thread in threads:
            thread.start()
        until(lambda: b"convscope_queue_pictures 50.0" in httpx.get(f"{address}/metrics").content)
        process.send_signal(signal.SIGTERM)
        asked = time.monotonic()
        until(lambda: httpx.get(f"{address}/readyz").status_code == 503)
        assert httpx.get(f"{address}/readyz").json() == {"ready": False}
        for thread in threads:
            thread.join()
        assert answers == [200] * 50
        assert process.wait(12) == 0
        assert time.monotonic() - asked < 11
        assert process.stderr.read() == ""


def test_a_second_signal_ends_at_once(heavy):
    with program(heavy, "--engine", "float32", "--max-batch", "1") as (address, process):
        threads = [
            threading.Thread(target=lambda: _try(address, picture(5, size=300)), daemon=True)
            for _ in range(100)
        ]
        for thread in threads:
            thread.start()
        until(lambda: b"queue_pictures 0.0" not in httpx.get(f"{address}/metrics").content)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 1


def _try(address, content):
    try:
        post(address, content, timeout=30)
    except httpx.HTTPError:
        return


def test_open_to_others_with_a_token(digits_run):
    arguments = (digits_run.model_file, "--engine", "float32", "--host", "0.0.0.0")  # noqa: S104
    with program(*arguments, CONVSCOPE_TOKEN=TOKEN) as (address, _):
        assert post(address, picture(5, 28)).status_code == 401
        headers = PNG | {"Authorization": f"Bearer {TOKEN}"}
        assert post(address, picture(5, 28), headers).status_code == 200


def test_open_to_others_without_a_token(convscope, digits_run):
    done = convscope("serve", digits_run.folder, "--host", "0.0.0.0", code=2)  # noqa: S104
    assert done.stderr.startswith("convscope: --host 0.0.0.0 lets others reach the server, so it")
    assert done.stdout == ""


def test_a_port_that_is_taken(convscope, digits_run):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = convscope("serve", digits_run.folder, "--port", port, code=2)
    assert done.stderr == (
        f"convscope: Port {port} of 127.0.0.1 can't be had: address already in use. "
        "Give another one with --port; 0 takes a free one.\n"
    )


def serve_fails(command, *arguments, code):
    return command("serve", *arguments, "--port", "0", code=code).stderr


def test_not_a_run(command, tmp_path):
    assert "No run folder 'nowhere'" in serve_fails(command, "nowhere", code=2)
    (tmp_path / "empty").mkdir()
    assert "'empty' isn't a run: it has no recipe.toml." in serve_fails(command, "empty", code=2)
    missing = serve_fails(command, "gone.safetensors", code=2)
    assert missing == "convscope: No model file 'gone.safetensors'.\n"


def test_a_run_without_a_model(command, digits_run, tmp_path):
    unfinished = tmp_path / "unfinished"
    unfinished.mkdir()
    (unfinished / "recipe.toml").write_bytes(Run(digits_run.folder).recipe_file.read_bytes())
    assert "has no model yet" in serve_fails(command, "unfinished", code=2)


def test_damaged_weights(command, digits_run, tmp_path):
    (tmp_path / "m.safetensors").write_bytes(digits_run.model_file.read_bytes()[:1000])
    said = serve_fails(command, "m.safetensors", code=1)
    assert said.startswith("convscope: Model file 'm.safetensors' is damaged: ")


@pytest.mark.parametrize(
    ("option", "value", "error"),
    [
        ("--engine", "tpu", "Unknown engine 'tpu'. There are: auto, bfloat16, float32, onnx."),
        ("--max-batch", "0", "--max-batch must be at least 1; given 0."),
        ("--max-queue", "0", "--max-queue must be at least 1; given 0."),
        ("--wait-ms", "-1", "--wait-ms must be from 0 to 1000; given -1."),
        ("--timeout", "0", "--timeout must be above 0 and at most 3600 seconds; given 0."),
        ("--token", "short", "The token needs at least 16 characters"),
        ("--host", "256.1.1.1", "--host 256.1.1.1 lets others reach the server, so it needs"),
    ],
)
def test_options_that_fit_nothing(command, digits_run, option, value, error):
    assert error in serve_fails(command, digits_run.folder, option, value, code=2)


def test_a_port_that_is_none(command, digits_run):
    done = command("serve", digits_run.folder, "--port", "70000", code=2)
    assert done.stderr == "convscope: --port must be from 0 to 65535; given 70000.\n"


def test_an_address_of_another_machine(command, digits_run):
    arguments = ("--host", "192.0.2.1", "--token", TOKEN)
    assert "Port 0 of 192.0.2.1 can't be had: " in serve_fails(
        command, digits_run.folder, *arguments, code=2
    )


def test_help_names_every_limit(command):
    text = command("serve", "--help").stdout
    for option in ("--port", "--host", "--token", "--engine", "--max-batch", "--wait-ms",
                   "--max-queue", "--timeout"):  # fmt: skip
        assert option in text
