"""The pages: whole in themselves, escaped, and usable in a browser."""

import re
from pathlib import Path

import pytest

from convscope.runs.model_file import ModelCard
from convscope.shipping.server.pages import docs_page, upload_page
from tests.shipping.server.serving import ByBrightness, get, image, served, until

CHROMIUM = Path("/usr/bin/chromium")
HOSTILE = "<script>document.title='owned'</script>"


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_nothing_is_loaded_from_elsewhere(path):
    with served(ByBrightness()) as (address, _):
        page = get(f"{address}{path}").text
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page)
    assert "@import" not in page
    assert "url(" not in page


def test_the_policy_lets_the_own_script_run_and_nothing_else():
    policy = upload_page().policy
    assert policy.count("'sha256-") == 2
    assert "unsafe" not in policy
    assert "connect-src 'self'" in policy


def test_names_are_escaped_on_the_page_for_programs():
    html = docs_page(
        {
            "info": {"description": HOSTILE},
            "paths": {f"/{HOSTILE}": {"get": {"summary": HOSTILE, "responses": {
                "200": {"description": HOSTILE}}}}},
            "components": {"schemas": {HOSTILE: {"properties": {HOSTILE: {"type": HOSTILE}}}}},
        },
        HOSTILE,
        HOSTILE,
    ).html  # fmt: skip
    assert HOSTILE not in html
    assert html.count("&lt;script&gt;") >= 8


@pytest.fixture
def browser():
    if not CHROMIUM.exists():
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.mark.slow
def test_a_person_drops_images(browser, tmp_path):
    hostile = ("a", HOSTILE, *(f"class {n}" for n in range(2, 256)))
    card = ModelCard(network="lenet", classes=hostile, channels=1, size=4, mean=(0,), std=(1,))
    (tmp_path / f"{HOSTILE.replace('/', '_')}.png").write_bytes(image(1))
    (tmp_path / "stranger.png").write_bytes(image(252))
    (tmp_path / "broken.png").write_bytes(b"no image")
    (tmp_path / "notes.txt").write_bytes(b"no image either")
    with served(ByBrightness(), card=card) as (address, _):
        page = browser.new_page()
        troubles = []
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(address)
        page.wait_for_selector("#about:has-text('lenet')")
        page.set_input_files("#files", sorted(tmp_path.iterdir()))
        until(lambda: page.locator("article.bad").count() == 2)
        until(lambda: page.locator("article ul").count() == 2)
        text = page.inner_text("#answers")
        assert HOSTILE in text
        assert "50.0 %" in text
        assert "I don't know" in text
        assert "looks like nothing the model was trained on" in text
        assert text.count("The image can't be used: not a readable JPEG") == 2
        assert page.title() == "Convscope: what is on this image?"
        # The browser itself remarks on the status 422, and on nothing else.
        assert [each for each in troubles if "422" not in each] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("locale", "path"), [("zh-CN", "/"), ("en-GB", "/?lang=zh")], ids=["browser", "address"]
)
def test_the_page_is_chinese_where_that_is_wished(browser, tmp_path, locale, path):
    (tmp_path / "stranger.png").write_bytes(image(252))
    names = tuple(str(n) for n in range(256))  # so that what is left of Latin letters is the page's
    card = ModelCard(network="lenet", classes=names, channels=1, size=4, mean=(0,), std=(1,))
    with served(ByBrightness(), card=card) as (address, _):
        page = browser.new_context(locale=locale).new_page()
        page.goto(f"{address}{path}")
        page.wait_for_selector("#about:has-text('另有 244 类')")
        page.set_input_files("#files", tmp_path / "stranger.png")
        page.wait_for_selector("article.unknown ul")
        seen = set(re.findall("[A-Za-z]+", page.inner_text("main")))
        assert seen == {"lenet", "stranger", "png"}
        assert "我不认识" in page.inner_text("article")
        assert page.title() == "Convscope：这张图像上是什么？"
        assert page.evaluate("document.documentElement.lang") == "zh-CN"
        page.goto(f"{address}/?lang=en")
        page.wait_for_selector("#about:has-text('and 244 more')")
        assert page.inner_text("h1") == "What is on this image?"


@pytest.mark.slow
def test_the_page_asks_for_the_token(browser, tmp_path):
    (tmp_path / "x.png").write_bytes(image(7))
    token = "a-token-that-nobody-guesses"  # noqa: S105
    with served(ByBrightness(), token=token) as (address, _):
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("#token")
        page.fill("#token", token)
        page.press("#token", "Enter")
        page.wait_for_selector("#about:has-text('lenet')")
        page.set_input_files("#files", tmp_path / "x.png")
        page.wait_for_selector("article ul")
        assert "class 7" in page.inner_text("#answers")
