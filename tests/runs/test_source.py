import hashlib
import http.server
import io
import threading

import pytest
import torch
from torch import nn

from convscope.errors import ConvscopeError, UsageError
from convscope.networks import published
from convscope.networks.catalog import build
from convscope.networks.published import MEAN, STD, PublishedWeights
from convscope.runs.model_file import ModelCard, save_model
from convscope.runs.origin import Origin
from convscope.runs.source import FOLDER, find_source


def write_model(path, **fields):
    network = build("small", 1, 2, size=12)
    given = {"mean": (0.5,), "std": (0.25,), "channels": 1, "fit": "pad"} | fields
    arguments = {"size": 12}
    save_model(
        path,
        network,
        ModelCard(
            network="small", network_arguments=arguments, classes=("a", "b"), size=12, **given
        ),
    )


@pytest.fixture
def weights(monkeypatch, tmp_path):
    """Weights of LeNet, published by a server of this machine: nothing else of them differs."""
    buffer = io.BytesIO()
    torch.save(build("lenet", 3, 9, size=28).state_dict(), buffer)
    content = buffer.getvalue()
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            start = int(self.headers.get("Range", "bytes=0-")[6:-1])
            asked.append((self.path, start))
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            self.wfile.write(content[start:])

        def log_message(self, *arguments):
            pass

    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path / "data"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    file = f"lenet-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    monkeypatch.setattr(published, "ADDRESS", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setitem(published.PUBLISHED, "lenet", PublishedWeights(file, 0.2))
    yield file, content, asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_published_weights_are_fetched_once_and_go_on_where_they_stopped(weights, tmp_path):
    file, content, asked = weights
    folder = tmp_path / "cache" / FOLDER
    folder.mkdir(parents=True)
    (folder / f".{file}.part").write_bytes(content[:1000])
    source = find_source("published", "lenet")
    for _ in range(2):
        assert source.read().file == folder / file
    assert asked == [(f"/{file}", 1000)]
    assert source.read().sha256 == hashlib.sha256(content).hexdigest()
    assert source.classes == ()
    assert "BSD-3-Clause" in source.licence


def test_a_copy_that_somebody_put_there_is_taken_if_it_is_the_published_file(weights, tmp_path):
    file, content, asked = weights
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / file).write_bytes(content)
    assert find_source("published", "lenet").read().file == tmp_path / "data" / file
    assert asked == []
    (tmp_path / "data" / file).write_bytes(content[:-1])
    with pytest.raises(ConvscopeError, match="isn't the published file of this name: its SHA-256"):
        find_source("published", "lenet").read()


def test_the_published_file_is_known_by_its_name_and_digest(weights, tmp_path):
    file, content, _ = weights
    (tmp_path / file).write_bytes(content)
    source = find_source(str(tmp_path / file), "lenet")
    assert source.settings()["normalization"] == {"mean": MEAN, "std": STD}
    assert source.read().file == tmp_path / file


def test_without_a_connection_it_says_where_the_file_goes(weights, monkeypatch, tmp_path):
    monkeypatch.setattr(published, "ADDRESS", "http://127.0.0.1:9/")
    with pytest.raises(ConvscopeError) as told:
        find_source("published", "lenet").read()
    assert "Without a connection, fetch it on another machine" in str(told.value)
    assert str(tmp_path / "cache" / FOLDER / weights[0]) in str(told.value)


def test_finding_published_weights_fetches_nothing(weights):
    settings = find_source("published", "lenet").settings()
    assert settings["channels"] == 3
    assert settings["size"] == 224
    assert weights[2] == []


def test_settings_of_a_model_are_its_cards(tmp_path):
    write_model(tmp_path / "a.safetensors", grey_range=(10.0, 900.0))
    assert find_source(str(tmp_path / "a.safetensors"), "small").settings() == {
        "size": 12,
        "normalization": {"mean": (0.5,), "std": (0.25,)},
        "fit": "pad",
        "network_arguments": {},
        "grey_range": (10.0, 900.0),
    }


def test_a_licence_is_handed_on(tmp_path):
    origin = Origin(source="published", file="x.pth", sha256="0" * 64, licence="CC0", taken=1)
    write_model(tmp_path / "a.safetensors", origin=origin)
    assert find_source(str(tmp_path / "a.safetensors"), "small").licence == "CC0"
    write_model(tmp_path / "b.safetensors")
    assert find_source(str(tmp_path / "b.safetensors"), "small").licence == "not stated"


def test_what_cannot_be_a_source_is_said(tmp_path):
    write_model(tmp_path / "a.safetensors")
    with pytest.raises(UsageError, match="Accepted: published, the folder of a run"):
        find_source(str(tmp_path / "none"), "small")
    with pytest.raises(UsageError, match=r"weights of small, not of lenet\. Give: convscope train"):
        find_source(str(tmp_path / "a.safetensors"), "lenet")
    with pytest.raises(UsageError, match="isn't a run"):
        find_source(str(tmp_path), "small")
    with pytest.raises(UsageError, match="known for networks of the catalog"):
        find_source("published", nn.Flatten())
    (tmp_path / "recipe.toml").write_text("epochs = 1\n")
    with pytest.raises(UsageError, match="has no weights to begin from yet.*convscope resume"):
        find_source(str(tmp_path), "small")
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(UsageError, match="Weights are read from .safetensors files"):
        find_source(str(tmp_path / "notes.txt"), "small").read()
