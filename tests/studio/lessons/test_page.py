"""The lessons view in a browser: a lesson that runs, exercises by keyboard, the bench inside it."""

import pytest

from convscope.lessons.progress import read_progress
from tests.studio.browser import (
    LANGUAGES,
    SCHEMES,
    WIDTHS,
    axe_violations,
    check_enlarged,
    chromium,
    page_of,
    until,
)
from tests.studio.conftest import served_studio

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
LESSON = 9


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module", autouse=True)
def _own_folders(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONVSCOPE_USER_DATA", str(tmp_path_factory.mktemp("user")))
        patch.setenv("CONVSCOPE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def address(tmp_path_factory, _own_folders):
    with served_studio(tmp_path_factory.mktemp("runs")) as address:
        yield address


def open_lesson(page):
    """Wait until the lesson has run, which it does once for each language."""
    page.wait_for_selector(".lesson[aria-busy=false]", timeout=600_000)
    page.wait_for_selector(".exercise h3")


def test_a_lesson_by_keyboard_alone(browser, address):
    with page_of(browser, address, "/lessons?lang=en") as page:
        page.wait_for_selector(".lessons a")
        until(lambda: page.locator(".lessons a").count(), 18)
        page.locator(".lessons a").nth(LESSON - 1).focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("text=The lesson is running on this machine")
        open_lesson(page)
        assert f"lesson={LESSON}" in page.evaluate("location.href")
        until(lambda: page.locator(".lesson math").count() > 0, True)
        until(lambda: page.locator(".lesson img").count() > 0, True)
        until(lambda: page.locator(".exercise").count(), 4)
        choice = page.get_by_role("region", name="Exercise 9.2")
        choice.get_by_role("button", name="a", exact=True).focus()
        page.keyboard.press("Enter")
        choice.locator(".check.wrong").wait_for()
        assert "Hint" in choice.inner_text()
        choice.get_by_role("button", name="c", exact=True).focus()
        page.keyboard.press("Enter")
        choice.locator(".check.right").wait_for()
        numbers = page.get_by_role("region", name="Exercise 9.3")
        numbers.get_by_label("Your answer:").focus()
        page.keyboard.type("three")
        page.keyboard.press("Enter")
        numbers.get_by_text("Please write numbers only").wait_for()
        page.keyboard.press("Control+A")
        page.keyboard.type("1, 2 3")
        page.keyboard.press("Enter")
        numbers.locator(".check.wrong").wait_for()
        code = page.get_by_role("region", name="Exercise 9.1")
        assert "convscope lesson check 9" in code.inner_text()
        code.get_by_role("button", name="Hint 1 of").focus()
        page.keyboard.press("Enter")
        until(lambda: code.locator(".hints li").count(), 1)
        assert read_progress().solved == {"9.2"}
        page.get_by_role("button", name="All lessons").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("text=1 of 68 exercises are solved")


def test_the_bench_is_live_inside_a_lesson(browser, address):
    with page_of(browser, address, f"/lessons?lang=en&lesson={LESSON}") as page:
        open_lesson(page)
        page.get_by_role("button", name="Open it here").first.click()
        page.wait_for_selector(".live .input canvas")
        until(lambda: "24 high, 24 wide" in page.inner_text(".live .input .spread span"), True)
        page.wait_for_selector(".live .badge.good")
        page.get_by_role("link", name="Open the view").first.click()
        until(lambda: "/bench?image=flower" in page.evaluate("location.href"), True)
        page.wait_for_selector(".stage .output canvas")
        page.go_back()
        open_lesson(page)


def test_what_there_is_not_is_said(browser, address):
    with page_of(browser, address, "/lessons?lang=en&lesson=77") as page:
        page.wait_for_selector(".note:has-text('There is no lesson 77')")
        until(lambda: page.locator(".lessons a").count(), 18)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(browser, address, language, scheme):
    for width in WIDTHS:
        path = f"/lessons?lang={language}"
        with page_of(browser, address, path, width=width, scheme=scheme) as page:
            page.wait_for_selector(".lessons a")
            assert axe_violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            if (width, scheme) == (1280, "light"):
                check_enlarged(page)
        with page_of(browser, address, f"{path}&lesson=9", width=width, scheme=scheme) as page:
            open_lesson(page)
            page.locator(".live button").first.click()
            page.wait_for_selector(".live .badge.good")
            assert axe_violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            if (width, scheme) == (1280, "light"):
                check_enlarged(page)


def test_a_style_of_a_cell_is_left_out_and_the_policy_has_nothing_to_block(browser, address):
    with page_of(browser, address, "/lessons?lang=en") as page:
        kinds = page.evaluate(
            "async () => { const { richText } = await import('/static/lessons/rich_text.js');"
            "return richText('<style>p { color: red }</style><p>a</p><style>i{}</style>b')"
            ".map((each) => each?.type ?? each); }"
        )
    assert kinds == ["p", "b"]


def test_every_text_is_in_the_words(browser, address):
    for query in ("", f"&lesson={LESSON}"):
        with page_of(browser, address, f"/lessons?lang=pseudo{query}") as page:
            page.wait_for_selector(".lessons a, .exercise h3", timeout=600_000)
            outside = page.evaluate(
                """() => [...document.querySelectorAll('main *')]
                .filter(e => !e.closest('[translate="false"], [lang="en"], code, h1, .lessons a')
                  && (!e.closest('.lesson-cell') || e.closest('.exercise, .live')))
                .flatMap(e => [...e.childNodes]).filter(n => n.nodeType === 3)
                .map(n => n.textContent.trim())
                .filter(s => /[a-z]{3}/i.test(s) && !s.includes('⟦') && !s.includes('⟧'))"""
            )
            assert outside == []


HOSTILE = """<h2 onclick="alert(1)" style="color:red">a</h2><script>alert(2)</script>
<img src="x" onerror="alert(3)"><img src="https://example.org/a.png" alt="b">
<a href="javascript:alert(4)">c</a><a href="../other.py">d</a><iframe src="/bench"></iframe>
<svg onload="alert(5)"><text>e</text></svg><form action="/api"><input name="f"></form>
<p class="x&quot; onfocus=alert(6)">g</p><style>* { display: none }</style>
<math><mi href="javascript:alert(7)">h</mi><maction actiontype="statusline">i</maction></math>"""


def test_only_harmless_html_gets_into_the_page(browser, address):
    with page_of(browser, address, "/lessons?lang=en", blocked=True) as page:
        found = page.evaluate(
            """async text => {
                const { richText } = await import('/static/lessons/rich_text.js');
                const { render, html } = await import('/static/parts.js');
                const place = document.createElement('div');
                render(html`<div>${richText(text)}</div>`, place);
                return [...place.querySelectorAll('*')].map(e => e.outerHTML.split('>')[0]);
            }""",
            HOSTILE,
        )
        assert found == ["<div", "<h2", "<p", "<math", "<mi"]
