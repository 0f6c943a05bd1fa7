"""Who may ask Studio, and how: rebinding, other sites, no token, bodies too long.

Tests studio/guard.py, studio/app.py, studio/refusals.py, studio/static_files.py.
"""

import re

import pytest

from convscope.studio.refusals import english_words, refuse
from convscope.studio.static_files import POLICY, is_inside
from convscope.studio.views import VIEWS
from tests.studio.conftest import TOKEN

BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def cookie(studio):
    return f"convscope-studio-{studio.base_url.port}={TOKEN}"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", ""])
@pytest.mark.parametrize("path", ["/", "/static/main.js", "/api/hello"])
def test_other_names_are_refused(studio, host, path):
    answer = studio.get(path, headers={**BEARER, "Host": host})
    assert answer.status_code == 403
    assert answer.json()["error"] == (
        f"This server answers as localhost or 127.0.0.1, not as {host!r}."
    )


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"},
     {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}],
)  # fmt: skip
def test_pages_of_other_sites_are_refused(studio, cookie, headers):
    """Also reading, and also with the cookie, which browsers send to every port of a machine."""
    for answer in (
        studio.post("/api/bench/compute", json={}, headers={"Cookie": cookie} | headers),
        studio.get("/api/hello", headers={"Cookie": cookie} | headers),
    ):
        assert answer.status_code == 403
        assert answer.json()["error"] == "Requests from pages of other sites are not accepted."
        assert not any(name.startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {TOKEN}"},
     {"Cookie": f"convscope-studio-1={TOKEN}"}, {"Cookie": ";;=,"}],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/api/hello", "/api/bench/choices", "/docs", "/openapi.json"])
def test_reading_needs_the_token(studio, path, headers):
    answer = studio.get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["key"] == "refused.token"


def test_with_the_token(studio, cookie):
    for headers in (BEARER, {"Cookie": cookie}, {"Cookie": f"a=b; {cookie}; c=d"}):
        for path in ("/api/hello", "/docs", "/openapi.json"):
            assert studio.get(path, headers=headers).status_code == 200
    spoiled = {"Cookie": f"{cookie}x"}
    assert studio.get("/api/hello", headers=spoiled).status_code == 401


def test_the_token_in_the_address_becomes_a_cookie(studio, cookie):
    answer = studio.get(f"/bench?kernel=1,0&token={TOKEN}&lang=zh")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/bench?kernel=1%2C0&lang=zh"
    said = answer.headers["set-cookie"]
    assert said.startswith(f"{cookie};")
    assert "HttpOnly" in said
    assert "SameSite=strict" in said
    studio.cookies.clear()


def test_a_wrong_token_in_the_address_becomes_none(studio):
    answer = studio.get("/?token=x")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    assert "set-cookie" not in answer.headers


def test_the_swap_leads_to_no_other_machine(studio):
    answer = studio.get(f"{studio.base_url}//evil.example/?token={TOKEN}")
    assert answer.headers["location"].startswith("/evil.example")
    studio.cookies.clear()


@pytest.mark.parametrize("path", ["/", "/bench", "/static/main.js", "/static/words/en.json"])
def test_the_page_itself_is_open(studio, path):
    answer = studio.get(path)
    assert answer.status_code == 200
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_the_page_lets_only_its_own_files_run(studio):
    answer = studio.get("/bench")
    assert answer.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert not re.search(r"<script(?! type=\"module\" src=)|style=|\bon\w+=|https?://", answer.text)


@pytest.mark.parametrize(
    ("file", "kind"),
    [("main.js", "text/javascript"), ("style.css", "text/css"), ("palette.css", "text/css"),
     ("icon.svg", "image/svg+xml"), ("words/zh.json", "application/json"),
     ("vendor/preact.js", "text/javascript"), ("bench/view.js", "text/javascript")],
)  # fmt: skip
def test_files_have_types_that_browsers_insist_on(studio, file, kind):
    answer = studio.get(f"/static/{file}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)


@pytest.mark.parametrize(
    "path",
    ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "bench/../../app.py", "/etc/passwd", ".", "",
     "words", "vendor/LICENSE.htm", "..\\app.py", "main.js/", "main.js\x00.css", "C:/x.js"],
)  # fmt: skip
def test_no_path_leads_out_of_the_folder(studio, path):
    for tried in (path, path.replace("%2e", ".").replace("%2f", "/")):
        answer = studio.get(f"/static/{tried.replace(chr(0), '%00')}")
        assert answer.status_code in (401, 404), tried
        assert "def make_app" not in answer.text


def test_only_plain_names_are_inside():
    assert is_inside("bench/view.js")
    for path in ("..", "a/../b", "/a", "a//b", "a\\b", ".a", "a/.b", "ä", ""):
        assert not is_inside(path)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_no_form_is_accepted(studio, kind):
    headers = BEARER | {"Content-Type": kind}
    answer = studio.post("/api/bench/compute", content=b"{}", headers=headers)
    assert answer.status_code == 415
    assert answer.json()["key"] == "refused.kind"


def test_a_body_that_is_too_long(studio):
    headers = BEARER | {"Content-Type": "application/json"}
    answer = studio.post("/api/bench/compute", content=b" " * ((20 << 20) + 1), headers=headers)
    assert answer.status_code == 413
    assert answer.json()["error"] == "The request has more than 20 MiB. Send a smaller image."


def test_what_does_not_exist(studio):
    answer = studio.get("/nothing")
    assert answer.status_code == 404
    assert answer.json()["error"].startswith("There is no view of this name; there are: bench")
    assert studio.get("/api/nothing", headers=BEARER).status_code == 404
    assert studio.post("/api/hello", json={}, headers=BEARER).status_code == 405


def test_the_interface_is_described(studio):
    described = studio.get("/openapi.json", headers=BEARER).json()["paths"]
    page = studio.get("/docs", headers=BEARER)
    assert "unsafe" not in page.headers["content-security-policy"]
    for path in ("/api/hello", "/api/bench/compute", "/api/bench/teach"):
        assert path in described
        assert path in page.text


def test_refusals_have_the_words_of_the_page():
    refused = refuse("refused.bench.stride", given=0, most=128)
    assert refused.reason == "The stride must be a whole number from 1 to 128; given 0."
    assert refused.details["values"] == {"given": 0, "most": 128}
    assert english_words()["refused.token"]


def test_the_page_knows_the_views_that_there_are():
    from convscope.studio.static_files import ROOT

    text = (ROOT / "views.js").read_text(encoding="utf-8")
    assert re.findall(r"name: '(\w+)'", text) == list(VIEWS)
