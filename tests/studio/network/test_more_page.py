"""What else the network view shows, in a browser: its panels, the camera, the folding drawing."""

import pytest

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
from tests.studio.network.stored import stored_runs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
PANELS = {  # what is set in the address, and what shows that it is there
    "panel=kernels&layer=features.conv2&channel=3": ".panel .kernels .tile canvas",
    "panel=attribution&method=integrated-gradients&opacity=30": ".panel .plane canvas",
    "panel=between&layer=features.conv2": ".panel .between .thumbnail canvas",
    "panel=beside&other=network": ".panel .both .plane canvas",
}


@pytest.fixture(scope="module")
def browser():
    with chromium("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream") as opened:
        yield opened


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with served_studio(stored_runs(tmp_path_factory.mktemp("runs"))) as address:
        yield address


def drawn(page, selector):
    """What a canvas shows."""
    return page.eval_on_selector(selector, "canvas => canvas.toDataURL()")


def test_the_panels_by_keyboard_alone(browser, address):
    with page_of(browser, address, "/network?lang=en&network=stored:first") as page:
        page.wait_for_selector(".panel .kernels button")
        until(lambda: page.locator(".panel .kernels button").count(), 6)
        page.locator(".panel .kernels button").nth(2).focus()
        page.keyboard.press("Enter")
        until(lambda: page.inner_text("#map-title"), "Map 2")
        page.get_by_role("button", name="Attribution").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".panel .plane canvas")
        page.wait_for_selector("text=the last with a height and a width")
        before = drawn(page, ".panel .plane canvas")
        page.focus(".panel input[type=range]")
        for _ in range(4):
            page.keyboard.press("ArrowRight")
        until(lambda: "opacity=80" in page.evaluate("location.href"), True)
        assert drawn(page, ".panel .plane canvas") != before
        page.get_by_role("button", name="Fields in between").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".between li")
        until(lambda: page.inner_text(".between li >> nth=0 >> .link"), "image")
        page.get_by_role("button", name="Side by side").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("text=The two differ by at most")
        page.get_by_role("button", name="Two networks or checkpoints").focus()
        page.keyboard.press("Enter")
        until(lambda: page.inner_text(".both h3 >> nth=1").startswith("first@step-"), True)
        until(lambda: "The two differ by at most 0." in page.inner_text(".panel"), True)


def test_what_has_no_kernels_or_nothing_beside_it_says_why(browser, address):
    path = "/network?lang=en&network=stored:first&layer=features.pool1"
    with page_of(browser, address, path, refusals=True) as page:
        page.wait_for_selector(".more .note:has-text('is no convolution over images')")
    path = "/network?lang=zh&network=catalog:mlp&panel=attribution"
    with page_of(browser, address, path, refusals=True) as page:
        page.wait_for_selector(".more .note:has-text('无法解释这个网络')")


def test_blocks_fold_in_the_drawing(browser, address):
    path = "/network?lang=en&network=catalog:resnet18&folded=layer2.0"
    with page_of(browser, address, path) as page:
        page.wait_for_selector(".folds button")
        folded = page.get_by_role("button", name="layer2.0")
        assert folded.get_attribute("aria-expanded") == "false"
        page.wait_for_function("document.querySelector('.drawing img').naturalWidth > 0")
        page.get_by_role("button", name="layer4.1").last.click()
        until(lambda: "folded=layer2.0%7Clayer4.1" in page.evaluate("location.href"), True)
        source = page.get_attribute(".drawing img", "src")
        assert "folded=layer2.0%7Clayer4.1" in source


def test_the_camera_is_an_image(browser, address):
    path, options = "/network?lang=en&network=catalog:lenet", {"permissions": ["camera"]}
    with page_of(browser, address, path, **options) as page:
        page.wait_for_selector(".unit .badge.good")
        page.get_by_role("button", name="Camera").click()
        until(lambda: page.locator(".picker select").last.input_value(), "camera")
        page.get_by_role("button", name="Camera").click()
        page.wait_for_selector(".unit .badge.good")
        until(
            lambda: page.get_by_role("button", name="Camera").get_attribute("aria-pressed"), "false"
        )


def test_the_way_backwards_is_said_in_chinese(browser, address):
    path = "/network?lang=zh&network=stored:first&layer=features.pool1&way=backward"
    with page_of(browser, address, path) as page:
        page.wait_for_selector("text=对它所在的各个窗口求和")
        assert page.locator(".unit .steps p[lang=en].small").count() == 0


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(browser, address, language, scheme):
    for width in WIDTHS:
        for query, shown in PANELS.items():
            path = f"/network?lang={language}&network=stored:first&folded=x&{query}"
            with page_of(browser, address, path, width=width, scheme=scheme) as page:
                page.wait_for_selector(shown)
                page.wait_for_selector(".drawing img")
                assert axe_violations(page) == []
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                if (width, scheme) == (1280, "light"):
                    check_enlarged(page)


@pytest.mark.parametrize("query", PANELS)
def test_every_text_is_in_the_words(browser, address, query):
    path = f"/network?lang=pseudo&network=stored:first&{query}"
    with page_of(browser, address, path) as page:
        page.wait_for_selector(PANELS[query])
        outside = page.evaluate(
            """() => [...document.querySelectorAll('.more *')]
            .filter(e => !e.closest('[translate="false"], [lang="en"], option, bdi'))
            .flatMap(e => [...e.childNodes]).filter(n => n.nodeType === 3)
            .map(n => n.textContent.trim())
            .filter(s => /[a-z]{3}/i.test(s) && !s.includes('⟦') && !s.includes('⟧'))"""
        )
        assert outside == []
