"""The routes, with an engine that the test decides.

Tests shipping/server/body.py, shipping/server/limits.py, shipping/server/metrics.py,
shipping/server/requests.py, shipping/server/responses.py, shipping/server/admission.py,
web/failures.py.
"""

import base64
import contextlib
import io
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from convscope.shipping.server import app, http_server, places
from tests.shipping.server.serving import (
    CARD,
    PNG,
    ByBrightness,
    ask,
    connection_to,
    get,
    head,
    image,
    options,
    post,
    served,
    until,
)


@pytest.fixture(scope="module")
def address():
    with served(ByBrightness()) as (address, _):
        yield address


def as_list(*contents):
    texts = [base64.b64encode(content).decode() for content in contents]
    return json.dumps({"images": texts}).encode()


JSON = {"Content-Type": "application/json"}


def test_one_image(address):
    answer = post(address, image(7), params={"top": 2})
    assert answer.status_code == 200
    (prediction,) = answer.json()["predictions"]
    assert prediction == {
        "index": 0, "label": "class 7", "probability": 0.5, "unknown": False,
        "top": [{"label": "class 7", "probability": 0.5}, prediction["top"][1]],
    }  # fmt: skip
    assert answer.json()["problems"] == []


def test_unknown_is_said(address):
    (prediction,) = post(address, image(251)).json()["predictions"]
    assert prediction["unknown"] is True


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        ("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp"),
        ("BMP", "image/bmp"), ("GIF", "image/gif"), ("TIFF", "image/tiff"),
        ("PPM", "image/x-portable-graymap"), ("PNG", "IMAGE/PNG; charset=binary"),
        ("PNG", "image/jpeg"), ("JPEG", "image/jpg"), ("JPEG", "image/pjpeg"),
        ("JPEG", "Image/PJPEG ; q=0.5; name=a.jpg"), ("PNG", "image/x-png"),
        ("PNG", "image/x-png;charset=binary"), ("BMP", "image/x-ms-bmp"), ("TIFF", "image/tif"),
        ("WEBP", "image/*"), ("JPEG", "application/octet-stream"), ("GIF", "binary/octet-stream"),
    ],
)  # fmt: skip
def test_formats(address, kind, content_type):
    answer = post(address, image(200, kind=kind), {"Content-Type": content_type})
    assert answer.json()["predictions"][0]["label"] in {f"class {n}" for n in (199, 200, 201)}


def test_a_list_with_a_bad_image_answers_the_others(address):
    answer = post(address, as_list(image(1), b"no image", image(3)), JSON)
    result = answer.json()
    assert answer.status_code == 200
    assert [(each["index"], each["label"]) for each in result["predictions"]] == [
        (0, "class 1"), (2, "class 3"),
    ]  # fmt: skip
    (problem,) = result["problems"]
    assert problem["index"] == 1
    assert problem["reason"].startswith("not a readable JPEG")


@pytest.mark.parametrize(
    ("content", "headers", "status", "error"),
    [
        (b"GIF89a", PNG, 422, "The image can't be used: "),
        (b"<html>", PNG, 422, "The image can't be used: not a readable JPEG, PNG"),
        (b"", PNG, 422, "The image can't be used: the file is empty."),
        (image(5)[:45], PNG, 422, "The image can't be used: damaged: "),
        (b"x", {}, 415, "Content-Type '' is not accepted. Send one image as the body"),
        (b"x", {"Content-Type": "image/svg+xml"}, 415, "Content-Type 'image/svg+xml' is not"),
        (b"x", {"Content-Type": "multipart/form-data; boundary=x"}, 415, "Content-Type 'multi"),
        (b"x", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "Content-Type 'app"),
        (b"x", PNG | {"Content-Encoding": "gzip"}, 415, "Send the image as it is, without"),
        (b"{", JSON, 422, "Invalid JSON: "),
        (b"[" * 100_000, JSON, 422, "Invalid JSON: "),
        (b"[]", JSON, 422, 'Input should be an object. Expected: {"images": ["base64", …]}'),
        (b"{}", JSON, 422, "images: Field required. Expected: "),
        (b'{"images": []}', JSON, 422, "images: List should have at least 1 item"),
        (b'{"images": [5]}', JSON, 422, "images.0: Input should be a valid string"),
        (b'{"images": ["AA==", "\xc3\xa4"]}', JSON, 422, "images.1: not base64. Expected: "),
        (b'{"images": ["http://x/y.png"]}', JSON, 422, "images.0: not base64."),
        (b'{"images": ["data:text/html;base64,AA=="]}', JSON, 422, "images.0: not base64."),
        (b'{"images": ["data:image/png,AA=="]}', JSON, 422, "images.0: not base64."),
        (b'{"images": ["AA=="], "url": 1}', JSON, 422, "url: Extra inputs are not permitted"),
        (b'{"images": ["AA=="]}', JSON, 422, "None of the images can be used. The first: not"),
        (as_list(*[b""] * 257), JSON, 422, "images: List should have at most 256 items"),
    ],
)
def test_what_is_refused(address, content, headers, status, error):
    answer = post(address, content, headers)
    assert answer.status_code == status
    assert answer.json()["error"].startswith(error), answer.json()
    assert "\n" not in answer.json()["error"]


@pytest.mark.parametrize("size", [(10_000, 10_000), (8_000, 7_000)])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_too_many_pixels_are_refused_from_the_header(address, size):
    buffer = io.BytesIO()
    Image.new("1", size).save(buffer, "PNG")
    answer = post(address, buffer.getvalue())
    assert answer.status_code == 422
    assert answer.json()["error"] == (
        f"The image can't be used: too many pixels: {size[0]} × {size[1]} is more than the limit "
        "of 50,000,000."
    )


def test_images_of_a_list_share_the_limit_of_pixels(address):
    buffer = io.BytesIO()
    Image.new("1", (5000, 5000)).save(buffer, "PNG")
    answer = post(address, as_list(*[buffer.getvalue()] * 3), JSON)
    assert answer.status_code == 422
    assert answer.json()["error"] == (
        "Too many pixels: the images together may have 50,000,000. Send fewer at once."
    )


@pytest.mark.parametrize("value", ["0", "-1", "x", "9" * 30])
def test_top_that_makes_no_sense(address, value):
    answer = post(address, image(5), params={"top": value})
    if value.isdigit() and value != "0":
        assert len(answer.json()["predictions"][0]["top"]) == 256
    else:
        assert answer.status_code == 422
        assert answer.json()["error"].startswith("top: Input should be ")


def test_no_such_route_and_no_such_method(address):
    assert get(f"{address}/nothing").json() == {"error": "Not Found. See /docs for what there is."}
    answer = get(f"{address}/predict")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST, OPTIONS"
    answer = post(address, image(1), route="/model")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_slash_at_the_end_changes_nothing(address):
    answer = post(address, image(7), route="/predict/", params={"top": 1})
    assert answer.status_code == 200
    assert not answer.history
    assert answer.json()["predictions"][0]["label"] == "class 7"
    assert get(f"{address}/healthz/").json() == {"status": "ok", "workers": 1}
    assert get(f"{address}/predict//").status_code == 404


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/openapi.json", "/healthz", "/readyz", "/model", "/metrics"]
)
def test_head_is_get_without_the_body(address, path):
    with connection_to(address) as connection:
        for _ in range(2):  # the connection can be used on
            connection.request("HEAD", path)
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (200, b"")
            assert int(answer.headers["content-length"]) > 10
        assert ask(connection, image(9))[0] == 200


def test_head_where_only_post_is(address):
    answer = head(f"{address}/predict")
    assert (answer.status_code, answer.content) == (405, b"")
    assert answer.headers["allow"] == "POST, OPTIONS"


@pytest.mark.parametrize(
    ("path", "allow"),
    [("/predict", "POST, OPTIONS"), ("/predict/", "POST, OPTIONS"), ("/", "GET, HEAD, OPTIONS")],
)
def test_options_says_what_is_allowed(address, path, allow):
    answer = options(f"{address}{path}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == allow
    assert options(f"{address}/nothing").status_code == 404


WAYS_TO_WRITE = {
    "data URL": lambda text: f"data:image/png;base64,{text}",
    "data URL of another name": lambda text: f"DATA:Image/X-PNG;name=a.png;BASE64,{text}",
    "data URL without a type": lambda text: f"data:;base64,{text}",
    "line breaks": lambda text: "".join(f"{text[n : n + 7]}\r\n" for n in range(0, len(text), 7)),
    "indented": lambda text: f"\n  {text}  \n",
    "URL-safe": lambda text: text.replace("+", "-").replace("/", "_"),
    "no padding": lambda text: text.rstrip("="),
    "all of it": lambda text: (
        "data:image/png;base64,\n"
        + "\n".join(text.replace("+", "-").replace("/", "_").rstrip("=").partition("A"))
    ),
}


@pytest.mark.parametrize("way", WAYS_TO_WRITE)
def test_base64_as_programs_write_it(address, way):
    values = range(1, 40)  # whose files use every letter, and need padding or none
    files = [image(value) + b"\xfb\xff\xfe" + bytes(value % 3) for value in values]
    texts = [base64.b64encode(file).decode() for file in files]
    assert any("+" in text for text in texts)
    assert any("/" in text for text in texts)
    assert any(text.endswith("=") for text in texts)
    body = json.dumps({"images": [WAYS_TO_WRITE[way](text) for text in texts]}).encode()
    answer = post(address, body, JSON).json()
    assert [each["label"] for each in answer["predictions"]] == [f"class {n}" for n in values]


def test_json_with_a_byte_order_mark(address):
    texts = [base64.b64encode(image(value)).decode() for value in (7, 9)]
    body = json.dumps({"images": texts}).encode("utf-8-sig")
    answer = post(address, body, JSON).json()
    assert [each["label"] for each in answer["predictions"]] == ["class 7", "class 9"]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_long(address, chunked):
    size = (32 << 20) + 1
    with connection_to(address) as connection:
        if chunked:
            parts = (bytes(1 << 20) for _ in range(40))
            connection.request("POST", "/predict", parts, PNG, encode_chunked=True)
        else:
            connection.request("POST", "/predict", bytes(size), PNG)
        answer = connection.getresponse()
        assert answer.status == 413
        assert json.loads(answer.read())["error"] == (
            "The request has more than 32 MiB. Send smaller or fewer images."
        )
        # The connection can be used on.
        status, content = ask(connection, image(9))
        assert status == 200
        assert content["predictions"][0]["label"] == "class 9"


def test_a_length_beyond_all_numbers(address):
    headers = PNG | {"Content-Length": "9" * 18}
    with connection_to(address) as connection:
        assert ask(connection, b"x", headers)[0] == 413


def ask_many(address, values, clients=16):
    """Many clients at once; the labels, in the order of the values."""

    def work(part):
        with connection_to(address) as connection:
            answers = [ask(connection, image(value))[1] for value in part]
        return [answer["predictions"][0]["label"] for answer in answers]

    parts = [values[start::clients] for start in range(clients)]
    with ThreadPoolExecutor(clients) as pool:
        labels = [""] * len(values)
        for start, found in enumerate(pool.map(work, parts)):
            labels[start::clients] = found
    return labels


@pytest.mark.parametrize("count", [400, pytest.param(5000, marks=pytest.mark.slow)])
def test_no_answer_goes_to_somebody_else(count):
    values = [(37 * number) % 251 for number in range(count)]
    engine = ByBrightness(seconds=0.002)
    with served(engine, max_batch=16) as (address, _):
        labels = ask_many(address, values)
    assert labels == [f"class {value}" for value in values]
    assert max(engine.sizes) > 1
    assert max(engine.sizes) <= 16


def test_a_full_queue_answers_503_and_when_to_ask_again(monkeypatch):
    monkeypatch.setattr(places, "LINE_SECONDS", 0.05)
    engine = ByBrightness()
    engine.go.clear()
    with (
        served(engine, max_batch=1, max_queue=4, throughput=2.0) as (address, _),
        ThreadPoolExecutor(12) as pool,
    ):
        futures = [pool.submit(post, address, image(n), timeout=20) for n in range(12)]
        until(lambda: sum(future.done() for future in futures) == 8)
        engine.go.set()
        answers = [future.result() for future in futures]
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(200) == 4
    assert statuses.count(503) == 8
    for answer in answers:
        if answer.status_code == 503:
            assert answer.json()["error"] == (
                "The server has as much to do as it accepts. Try again."
            )
            assert answer.headers["retry-after"] == "2"


def test_a_full_server_refuses_before_the_body_comes(monkeypatch):
    monkeypatch.setattr(places, "LINE_SECONDS", 0.05)
    engine = ByBrightness()
    engine.go.clear()
    with served(engine, max_queue=1) as (address, server), ThreadPoolExecutor(1) as pool:
        first = pool.submit(post, address, image(1), timeout=20)
        until(lambda: server.condition.waiting)
        with connection_to(address) as client:
            client.putrequest("POST", "/predict")
            client.putheader("Content-Type", "image/png")
            client.putheader("Content-Length", str(len(image(2))))
            client.endheaders()
            answer = client.getresponse()
            assert (answer.status, json.loads(answer.read())["error"][:10]) == (503, "The server")
            client.send(image(2))  # is thrown away, and the connection can be used on
            engine.go.set()
            assert first.result().status_code == 200
            assert ask(client, image(3))[0] == 200


def test_eager_clients_are_all_answered_in_the_end(monkeypatch):
    """Ten times as many as there is room for; none is told to try again without having waited."""
    monkeypatch.setattr(places, "LINE_SECONDS", 60)
    engine = ByBrightness(seconds=0.001)
    values = [(37 * number) % 251 for number in range(300)]
    with served(engine, max_queue=4, max_batch=4) as (address, _):
        assert ask_many(address, values, clients=40) == [f"class {value}" for value in values]
        assert "convscope_queue_images 0.0" in get(f"{address}/metrics").text


def test_large_bodies_wait_for_room(monkeypatch):
    monkeypatch.setattr(app, "ALL_BODIES_BYTES", 300_000)
    values = [(37 * number) % 251 for number in range(24)]
    padding = bytes(200_000)
    with served(ByBrightness()) as (address, _), ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(post, address, image(n) + padding, timeout=60) for n in values]
        answers = [each.result().json()["predictions"][0]["label"] for each in asked]
    assert answers == [f"class {value}" for value in values]


def test_an_answer_that_takes_too_long_is_504():
    engine = ByBrightness()
    engine.go.clear()
    with served(engine, timeout=0.3) as (address, _):
        answer = post(address, image(5), timeout=20)
        assert answer.status_code == 504
        assert answer.json()["error"] == ("No answer within 0.3 s. The server has too much to do.")
        engine.go.set()  # a busy machine may need several times 0.3 s at first
        until(lambda: post(address, image(5)).status_code == 200)


def test_work_of_a_client_that_has_gone_is_dropped():
    engine = ByBrightness()
    with served(engine, max_batch=1) as (address, server):
        engine.go.clear()
        busy = threading.Thread(target=post, args=(address, image(1)))
        busy.start()
        with contextlib.ExitStack() as stack:
            for _ in range(5):
                connection = stack.enter_context(connection_to(address))
                connection.request("POST", "/predict", image(2), PNG)
            until(lambda: server.condition.in_work == 6)
        until(lambda: server.condition.in_work == 1)
        engine.go.set()
        busy.join()
        assert post(address, image(3)).json()["predictions"][0]["label"] == "class 3"
        # Of the five, at most the one that the engine had begun was computed.
        assert sum(engine.sizes) <= 3


def test_an_engine_that_fails_fails_its_requests_only(capfd):
    engine = ByBrightness()
    with served(engine) as (address, _):
        engine.error = RuntimeError("out of luck")
        answer = post(address, image(1))
        assert answer.status_code == 500
        assert answer.json() == {"error": "The server failed; its log says why."}
        engine.error = None
        assert post(address, image(1)).status_code == 200
    assert "out of luck" in capfd.readouterr().err


def test_metrics_count(address):
    post(address, image(3))
    text = get(f"{address}/metrics").text
    assert 'convscope_requests_total{path="/predict",status="200"}' in text
    assert 'convscope_requests_total{path="other",status="404"}' in text
    assert 'convscope_request_seconds_bucket{le="0.001",path="/predict"}' in text
    assert "convscope_batch_images_bucket" in text
    assert "convscope_queue_images 0.0" in text
    assert "convscope_images_total" in text


def test_health_readiness_and_model(address):
    assert get(f"{address}/healthz").json() == {"status": "ok", "workers": 1}
    assert get(f"{address}/readyz").json() == {"ready": True}
    model = get(f"{address}/model").json()
    assert model["classes"][3] == "class 3"
    assert model["engine"] == "float32"
    assert model["measured"][0]["images_per_second"] == 100


def test_folders_of_this_machine_are_not_told():
    card = CARD.model_copy(update={"trained_on": "/home/somebody/secret/pets"})
    with served(ByBrightness(), card=card) as (address, _):
        assert get(f"{address}/model").json()["trained_on"] == "pets"


def test_openapi_names_every_type_and_status(address):
    route = get(f"{address}/openapi.json").json()["paths"]["/predict"]["post"]
    assert {"image/png", "application/json"} <= set(route["requestBody"]["content"])
    assert {"200", "401", "403", "408", "413", "415", "422", "503", "504"} == set(
        route["responses"]
    )


def test_what_cannot_be_answered_in_time_when_the_server_stops(monkeypatch):
    monkeypatch.setattr(http_server, "DRAIN_SECONDS", 0.3)
    engine = ByBrightness()
    engine.go.clear()
    with served(engine) as (address, server), ThreadPoolExecutor(1) as pool:
        answer = pool.submit(post, address, image(1), timeout=20)
        until(lambda: server.condition.in_work == 1)
        server.condition.leaving = time.monotonic()
        assert answer.result().status_code == 503
        assert answer.result().json()["error"] == "The server is stopping."
        assert server.answered_all is False


def test_new_work_is_refused_when_the_server_stops():
    with served(ByBrightness()) as (address, server):
        server.condition.leaving = time.monotonic() - 2
        server.condition.in_work = 1  # so that it doesn't end at once
        answer = post(address, image(1))
        assert answer.status_code == 503
        assert answer.headers["connection"] == "close"
        assert answer.headers["retry-after"] == "5"
        assert get(f"{address}/healthz").status_code == 200


def test_half_a_body_does_not_keep_a_server_that_stops(monkeypatch):
    monkeypatch.setattr(http_server, "UNSENT_SECONDS", 0.1)
    with served(ByBrightness()) as (address, server):
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as client:
            client.sendall(
                b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
                b"Content-Length: 100\r\n\r\nabc"
            )
            until(lambda: server.condition.in_work == 1)
            server.condition.leaving = time.monotonic()
            assert client.recv(1000).startswith(b"HTTP/1.1 503")
        until(lambda: server.should_exit)
        assert server.answered_all is True
        assert time.monotonic() - server.condition.leaving < http_server.DRAIN_SECONDS
