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
