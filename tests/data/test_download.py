import functools
import hashlib
import http.server
import threading

import pytest

from convscope.data import download as module
from convscope.data.download import RemoteFile, download
from convscope.errors import ConvscopeError

CONTENT = bytes(range(256)) * 4000
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT; the first part of the path says in which way."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        way = self.path.split("/")[1]
        asked = self.headers.get("Range")
        self.server.requests.append((way, asked))
        if way == "missing":
            return self.answer(404, b"not here")
        content = {"wrong": b"x" * 1000, "page": b"<html>"}.get(way, CONTENT)
        start = int(asked[6:-1]) if asked and way != "no-ranges" else 0
        if start > len(content) or (start == len(content) and asked):
            return self.answer(416, b"")
        if way == "cut":
            return self.answer(206 if start else 200, content[start:], send=200_000)
        if way == "endless":
            return self.answer(200, content, declared=None)
        return self.answer(206 if start else 200, content[start:])

    def answer(self, code, content, send=None, declared=True):
        self.send_response(code)
        if declared:
            self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content[:send])
        self.close_connection = True

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.requests = []
    server.url = functools.partial("http://127.0.0.1:{}/{}/data.gz".format, server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def remote(server, *ways, md5=MD5):
    return RemoteFile("data.gz", tuple(server.url(way) for way in ways), md5)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_fetched_once(server, tmp_path):
    folder = tmp_path / "new/folder"
    for _ in range(2):
        path = download(remote(server, "good"), folder)
        assert path == folder / "data.gz"
        assert path.read_bytes() == CONTENT
    assert server.requests == [("good", None)]
    assert names(folder) == ["data.gz"]


def test_a_server_that_does_not_say_how_much_is_coming(server, tmp_path):
    assert download(remote(server, "endless"), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("bad", ["missing", "wrong", "page"])
def test_the_next_mirror_is_tried(server, tmp_path, bad):
    assert download(remote(server, bad, "good"), tmp_path).read_bytes() == CONTENT
    assert server.requests == [(bad, None), ("good", None)]


def test_a_broken_download_goes_on_at_the_next_mirror(server, tmp_path):
    assert download(remote(server, "cut", "good"), tmp_path).read_bytes() == CONTENT
    assert server.requests == [("cut", None), ("good", "bytes=200000-")]


def test_a_broken_download_goes_on_next_time(server, tmp_path):
    with pytest.raises(ConvscopeError, match="ended after 200,000 of 1,024,000 bytes"):
        download(remote(server, "cut"), tmp_path)
    assert names(tmp_path) == [".data.gz.part"]
    assert download(remote(server, "good"), tmp_path).read_bytes() == CONTENT
    assert server.requests[1:] == [("good", "bytes=200000-")]
    assert names(tmp_path) == ["data.gz"]


def test_a_mirror_without_ranges_starts_from_the_beginning(server, tmp_path):
    (tmp_path / ".data.gz.part").write_bytes(CONTENT[:5000])
    assert download(remote(server, "no-ranges"), tmp_path).read_bytes() == CONTENT
    assert server.requests == [("no-ranges", "bytes=5000-")]


@pytest.mark.parametrize("part", [b"something else", CONTENT + b"and more", b"x" * len(CONTENT)])
def test_a_part_of_something_else_is_thrown_away(server, tmp_path, part):
    (tmp_path / ".data.gz.part").write_bytes(part)
    assert download(remote(server, "good"), tmp_path).read_bytes() == CONTENT
    assert server.requests == [("good", f"bytes={len(part)}-"), ("good", None)]


def test_a_part_that_is_whole_is_taken(server, tmp_path):
    (tmp_path / ".data.gz.part").write_bytes(CONTENT)
    assert download(remote(server, "good"), tmp_path).read_bytes() == CONTENT


def test_a_wrong_file_is_never_kept(server, tmp_path):
    with pytest.raises(ConvscopeError, match="not the published one"):
        download(remote(server, "wrong", "page"), tmp_path)
    assert names(tmp_path) == []


def test_offline_the_message_says_which_file_and_where_to_put_it(tmp_path):
    urls = ("http://127.0.0.1:1/data.gz", "file:///etc/passwd")
    with pytest.raises(ConvscopeError) as caught:
        download(RemoteFile("data.gz", urls, MD5), tmp_path)
    message = str(caught.value)
    assert message.startswith("data.gz could not be downloaded. http://127.0.0.1:1/data.gz: ")
    assert "Connection refused" in message
    assert "file:///etc/passwd: only http and https addresses are used" in message
    assert f"put it at '{tmp_path / 'data.gz'}'" in message
    assert "CONVSCOPE_DATA" in message


def test_a_host_that_does_not_exist(tmp_path):
    with pytest.raises(ConvscopeError, match=r"data\.gz could not be downloaded"):
        download(RemoteFile("data.gz", ("http://mirror.invalid/data.gz",), MD5), tmp_path)


@pytest.mark.parametrize("way", ["good", "endless"])
def test_a_file_that_is_far_too_large_is_given_up(server, tmp_path, monkeypatch, way):
    monkeypatch.setattr(module, "MAX_BYTES", 500_000)
    with pytest.raises(ConvscopeError, match="it is larger than 0 MiB"):
        download(remote(server, way), tmp_path)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 500_000


def test_a_mirror_that_says_nothing_is_given_up(server, tmp_path, monkeypatch):
    silent = http.server.socketserver.TCPServer(("127.0.0.1", 0), None, bind_and_activate=True)
    monkeypatch.setattr(module, "TIMEOUT", 0.2)
    urls = (f"http://127.0.0.1:{silent.server_address[1]}/data.gz", server.url("good"))
    try:
        assert download(RemoteFile("data.gz", urls, MD5), tmp_path).read_bytes() == CONTENT
    finally:
        silent.server_close()


def test_a_checksum_may_be_the_beginning_of_another_kind(server, tmp_path):
    begins = hashlib.sha256(CONTENT).hexdigest()[:8]
    urls = (server.url("whole"),)
    found = download(RemoteFile("data.gz", urls, begins, "sha256"), tmp_path)
    assert found.read_bytes() == CONTENT
    found.unlink()
    with pytest.raises(ConvscopeError, match="its checksum differs"):
        download(RemoteFile("data.gz", urls, begins[::-1], "sha256"), tmp_path)
