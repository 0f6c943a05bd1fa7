"""Who may ask, and what stands on every answer.

Tests shipping/server/guard.py, web/guard.py.
"""

import httpx
import pytest

from convscope.errors import UsageError
from convscope.web.guard import check_token, is_loopback
from tests.shipping.server.serving import (
    PNG,
    ByBrightness,
    get,
    http_post,
    image,
    raw,
    served,
    status_of,
)

TOKEN = "a-token-that-nobody-guesses"  # noqa: S105


@pytest.fixture(scope="module")
def address():
    with served(ByBrightness()) as (address, _):
        yield address


@pytest.fixture(scope="module")
def with_token():
    with served(ByBrightness(), host="0.0.0.0", token=TOKEN) as (address, _):  # noqa: S104
        yield address


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1", "127.0.0.1:1", "[::1]:8000", "LOCALHOST:1"]
)
def test_names_of_this_machine(address, host):
    assert get(f"{address}/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.nip.io", "0.0.0.0",  # noqa: S104
     "localhost:8000@evil.example", "", "127.0.0.1:8000:9"],
)  # fmt: skip
def test_other_names_are_refused(address, host):
    for path in ("/", "/healthz", "/metrics"):
        answer = get(f"{address}{path}", headers={"Host": host})
        assert answer.status_code == 403
        assert answer.json()["error"] == (
            f"This server answers as localhost or 127.0.0.1, not as {host!r}."
        )


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_posts_from_other_sites_are_refused(address, headers):
    answer = http_post(f"{address}/predict", content=image(1), headers=PNG | headers)
    assert answer.status_code == 403
    assert answer.json()["error"] == "Requests from pages of other sites are not accepted."
    assert not any(name.startswith("access-control") for name in answer.headers)


def test_posts_from_the_own_page_are_accepted(address):
    headers = PNG | {"Origin": address, "Sec-Fetch-Site": "same-origin"}
    answer = http_post(f"{address}/predict", content=image(1), headers=headers)
    assert answer.status_code == 200


def test_a_preflight_request_gets_no_permission(address):
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = httpx.options(f"{address}/predict", headers=headers)
    assert answer.status_code == 403
    assert not any(name.startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize("path", ["/", "/docs", "/healthz", "/nothing", "/metrics"])
def test_headers_of_every_answer(address, path):
    headers = get(f"{address}{path}").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "server" not in headers


@pytest.mark.parametrize(
    "given",
    [None, "", "Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}",
     TOKEN, "Bearer \xe4"],
)  # fmt: skip
def test_without_the_token(with_token, given):
    headers = PNG if given is None else PNG | {"Authorization": given.encode("latin-1")}
    answer = http_post(f"{with_token}/predict", content=image(1), headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "Authorization: Bearer TOKEN" in answer.json()["error"]


def test_with_the_token(with_token):
    for kind in ("Bearer", "bearer"):
        headers = PNG | {"Authorization": f"{kind} {TOKEN}", "Host": "model.example"}
        answer = http_post(f"{with_token}/predict", content=image(1), headers=headers)
        assert answer.status_code == 200


def test_what_needs_the_token(with_token):
    for path in ("/metrics", "/model", "/nothing"):
        assert get(f"{with_token}{path}").status_code == 401
    for path in ("/", "/docs", "/openapi.json", "/healthz", "/readyz"):
        answer = get(f"{with_token}{path}")
        assert answer.status_code == 200
        assert "class 3" not in answer.text


@pytest.mark.parametrize(
    "request_line",
    [
        "GET /../../etc/passwd", "GET /%2e%2e/%2e%2e/etc/passwd", "GET /docs/../metrics",
        "GET //healthz", "GET /model/x", "GET /static/../../x",
        "GET http://evil.example/metrics", "TRACE /", "CONNECT evil.example:80",
    ],
)  # fmt: skip
def test_odd_paths_lead_nowhere(address, request_line):
    answer = raw(
        address, f"{request_line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    )
    status, _ = status_of(answer)
    assert status in (400, 404, 405)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_needs_no_token(host):
    assert is_loopback(host)
    check_token(host, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])  # noqa: S104
def test_other_addresses_need_one(host):
    with pytest.raises(UsageError) as caught:
        check_token(host, None)
    assert str(caught.value).startswith(f"--host {host} lets others reach the server, so it needs")
    check_token(host, TOKEN)


@pytest.mark.parametrize(
    "token", ["", "short", "x" * 15, "with a space in it", "übungsschlüssel-lang"]
)
def test_tokens_that_are_none(token):
    with pytest.raises(UsageError, match="The token needs at least 16 characters"):
        check_token("127.0.0.1", token)
