"""Studio in Debian's Chromium: pages that fail on whatever they should not do."""

import contextlib
import shutil
import time

import pytest

from tests.studio.conftest import TOKEN

WIDTHS = (1280, 390)
LANGUAGES = ("en", "zh")
SCHEMES = ("light", "dark")


def until(look, wanted=True, seconds=120.0):
    """Wait until something is as wanted: a page draws itself in its own time."""
    deadline = time.monotonic() + seconds
    while (seen := look()) != wanted:
        assert time.monotonic() < deadline, f"{seen!r} instead of {wanted!r}"
        time.sleep(0.02)


@contextlib.contextmanager
def chromium(*arguments):
    """The browser; what can't be had skips the test, with the reason."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    installed = shutil.which("chromium") or shutil.which("google-chrome")
    if installed is None:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=installed, args=["--no-sandbox", *arguments]
        )
        try:
            yield opened
        finally:
            opened.close()


@contextlib.contextmanager
def page_of(
    browser,
    address,
    path,
    *,
    width=1280,
    scheme="light",
    refusals=False,
    gone=False,
    blocked=False,
    **options,
):
    """A page of the studio, opened with the token; at the end it must have behaved.

    It fails where the page asks another machine for anything, where a script complains, and where
    an answer says that something went wrong.

    Args:
        browser: From `chromium`.
        address: Of the studio.
        path: Of the view, with its query.
        width: Of the window.
        scheme: "light" or "dark".
        refusals: Whether answers of 422 are meant to come.
        gone: Whether the studio is meant to be gone for a while.
        blocked: Whether scripts and styles are meant to be blocked by the page's policy.
        **options: Of the browser's context, as in reduced_motion="reduce".
    """
    size = {"width": width, "height": 900}
    context = browser.new_context(viewport=size, color_scheme=scheme, **options)
    context.set_default_timeout(90_000)  # of a machine that does much besides
    page = context.new_page()
    troubles = []
    own = (f"{address}/", "data:", f"blob:{address}")
    page.on("request", lambda request: request.url.startswith(own) or troubles.append(request.url))
    page.on("pageerror", lambda error: troubles.append(str(error)))

    def heard(message):
        # The browser itself remarks on every answer of 422, and on what a policy blocks.
        expected = (
            (refusals and "422" in message.text)
            or (gone and "ERR_" in message.text)
            or (blocked and "Content Security Policy" in message.text)
        )
        if not expected:
            troubles.append(message.text)

    page.on("console", heard)
    page.goto(f"{address}{path}{'&' if '?' in path else '?'}token={TOKEN}")
    page.wait_for_selector("html[data-ready] h1")
    try:
        yield page
        assert troubles == [], troubles
    finally:
        context.close()


def axe_violations(page):
    """What axe finds wrong with the page as it stands, in words."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe")
    # The page's own policy would keep the tests' script from running.
    found = axe.Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {each['help']}: {node['html'][:200]}"
        for each in found for node in each["nodes"]
    ]  # fmt: skip


CUT = """() => {
  const found = [];
  const more = document.documentElement.scrollWidth - innerWidth;
  if (more > 0) found.push(`the page is ${more} pixels too wide`);
  const style = (e, name) => getComputedStyle(e)[name];
  const scrolls = (e) => e && (['auto', 'scroll'].includes(style(e, 'overflowX')) || scrolls(e.parentElement));
  const pen = document.createElement('canvas').getContext('2d');
  for (const e of document.querySelectorAll('body *')) {
    if (!e.checkVisibility() || e.closest('.unseen, .skip, svg, math')) continue;
    const says = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!says && !['INPUT', 'SELECT', 'CANVAS', 'IMG'].includes(e.tagName)) continue;
    const box = e.getBoundingClientRect();
    const name = `${e.tagName} ${e.className} ${e.textContent.trim().slice(0, 40)}`;
    if ((box.right > innerWidth + 1 || box.left < -1) && !scrolls(e.parentElement)) found.push(`outside: ${name}`);
    if (style(e, 'textOverflow') === 'ellipsis') continue;
    if (['hidden', 'clip'].includes(style(e, 'overflowX')) && e.scrollWidth > e.clientWidth + 1) found.push(`cut: ${name}`);
    if (e.tagName !== 'SELECT' || e.selectedIndex < 0) continue;
    pen.font = style(e, 'font');
    const room = e.clientWidth - parseFloat(style(e, 'paddingLeft')) - parseFloat(style(e, 'paddingRight'));
    const text = e.options[e.selectedIndex].text;
    if (pen.measureText(text).width > room) found.push(`cut: ${text}`);
  }
  return found;
}"""  # noqa: E501


ENGLISH = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const parent = node.parentElement;
    if (parent.closest('script, style, code, pre') || (parent.closest('[translate=no]') && !parent.closest('.said'))) continue;
    if (/[A-Za-z][a-z'’]*(?:,? +[A-Za-z][a-z'’]*){3}/.test(node.textContent)) found.push(node.textContent.trim());
  }
  return found;
}"""  # noqa: E501


def english_sentences(page):
    """Four English words in a row, but in names, code and what a program printed.

    Args:
        page: In another language, with what it hides opened as well.
    """
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    return page.evaluate(ENGLISH)


def check_enlarged(page):
    """At 200 % in a window of 1280 × 900 nothing of the page is outside, and no text is cut.

    Args:
        page: Has it as it was at the end.
    """
    devtools = page.context.new_cdp_session(page)
    size = {"width": 640, "height": 450, "deviceScaleFactor": 2, "mobile": False}
    devtools.send("Emulation.setDeviceMetricsOverride", size)
    until(lambda: page.evaluate("[innerWidth, devicePixelRatio]"), [640, 2])
    until(lambda: page.evaluate(CUT), [])
    devtools.send("Emulation.clearDeviceMetricsOverride")
    devtools.detach()
