"""The network view in a browser: its numbers, its deeds, its refusals."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from convscope.graph.capture import capture
from convscope.inspection.open.image import open_image
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
from tests.studio.network.stored import HOSTILE, built_image, stored_runs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return stored_runs(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def address(runs):
    with served_studio(runs) as address:
        yield address


def asked_number(page):
    """The unit that the page explains, and its value."""
    text = page.inner_text(".asked")
    name, _, value = text.partition(" = ")
    return name, float(value.replace("−", "-"))


@pytest.mark.parametrize(
    ("name", "given"), [("catalog:lenet", "lenet"), ("catalog:resnet18", "resnet18")]
)
def test_numbers_on_the_page_are_the_networks(browser, address, name, given):
    opened = open_image(given, built_image("digit-3"))
    graph = capture(opened.network, opened.pixels)
    random = np.random.default_rng(0)
    nodes = [node for node in graph if len(node.unit_shape) == 3 and node is not graph.input]
    with page_of(browser, address, f"/network?lang=en&network={name}&image=digit-3") as page:
        page.wait_for_selector(".unit .badge.good")
        for _ in range(3):
            node = nodes[random.integers(len(nodes))]
            index = tuple(int(i) for i in random.integers(0, node.unit_shape))
            unit = ",".join(map(str, index))
            page.evaluate(
                "query => { history.pushState(null, '', `/network?lang=en&${query}`);"
                "dispatchEvent(new PopStateEvent('popstate')); }",
                f"network={name}&image=digit-3&layer={node.name}&channel={index[0]}&unit={unit}",
            )
            label = f"{node.name}[{unit.replace(',', ', ')}]"
            until(lambda: asked_number(page)[0], label)
            value, most = float(node.value[(0, *index)]), float(node.value.abs().max())
            # The rounding of float32 depends on the number of threads.
            assert asked_number(page)[1] == pytest.approx(value, rel=1e-3, abs=1e-3 * most)
            assert page.locator(".unit .badge.bad").count() == 0


def test_a_unit_by_keyboard_alone_backwards_and_on_to_its_inputs(browser, address):
    path = "/network?lang=en&network=stored:first&layer=features.pool1"
    with page_of(browser, address, path) as page:
        page.wait_for_selector(".unit .badge.good")
        page.focus(".large canvas")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
        until(lambda: asked_number(page)[0], "features.pool1[0, 8, 8]")
        until(lambda: page.inner_text("#image-words").startswith("It sees 6 × 6 pixels"), True)
        first_cell = page.locator(".unit .cells .cell").first
        first_cell.focus()
        page.keyboard.press("Enter")
        until(lambda: asked_number(page)[0], "features.sigmoid1[0, 16, 16]")
        until(lambda: page.locator(".crumbs li").count(), 2)
        until(lambda: "trail=features.pool1:0,8,8" in page.evaluate("location.href"), True)
        page.locator(".crumbs button").first.focus()
        page.keyboard.press("Enter")
        until(lambda: asked_number(page)[0], "features.pool1[0, 8, 8]")
        page.get_by_role("button", name="Backwards").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("text=The gradient in this number")
        until(lambda: page.locator(".unit .badge.good").count() >= 2, True)
        page.get_by_role("button", name="Effective field").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("text=of what matters lies in")


def test_the_address_holds_everything(browser, address):
    query = (
        "network=stored:first&image=drawing&layer=features.conv2&channel=5&unit=5,2,3"
        "&way=backward&label=7&field=effective"
    )
    with page_of(browser, address, f"/network?lang=en&{query}") as page:
        until(lambda: asked_number(page)[0], "features.conv2[5, 2, 3]")
        page.wait_for_selector(".unit select")
        assert page.locator(".unit select").input_value() == "7"
        assert page.get_by_role("button", name="Effective field").get_attribute("aria-pressed")
        until(lambda: page.locator(".sketch canvas").count(), 1)
        before = asked_number(page)
        here = re.sub(r"[?&]token=[^&]*", "", page.evaluate("location.href"))
        for part in query.split("&"):
            assert part in here
        page.reload()
        page.wait_for_selector(".unit .badge.good")
        until(lambda: asked_number(page), before)


def test_the_python_text_gives_the_pages_number(browser, address, runs, monkeypatch, capsys):
    path = "/network?lang=en&network=stored:first&image=digit-7&layer=features.conv2&unit=3,4,5"
    with page_of(browser, address, f"{path}&channel=3&way=backward&label=2") as page:
        until(lambda: asked_number(page)[0], "features.conv2[3, 4, 5]")
        _, value = asked_number(page)
        text = page.inner_text(".copy pre >> nth=-1")
    exec(text.replace('"runs/first"', repr(str(runs / "first"))), {})  # noqa: S102
    printed = capsys.readouterr().out
    found = re.search(r"features\.conv2\[3, 4, 5\] = (\S+)", printed)
    assert float(found[1].replace("−", "-")) == pytest.approx(value, rel=1e-3)
    assert "class 2" in printed or "∂L" in printed


def test_what_can_not_be_shown_says_why(browser, address):
    refused = [
        ("network=stored:gone", "There is no network “stored:gone” here"),
        ("network=stored:unfinished", "“unfinished” can't be opened"),
        ("network=stored:broken.safetensors", "“broken.safetensors” can't be opened"),
        ("network=catalog:lenet&layer=nowhere", "This layer can't be shown"),
        ("network=catalog:lenet&layer=features.conv1&unit=9,9,99", "can't be explained"),
    ]
    for query, sentence in refused:
        with page_of(browser, address, f"/network?lang=en&{query}", refusals=True) as page:
            page.wait_for_selector(f'.note:has-text("{sentence}")')


def test_hostile_names_are_text(browser, address):
    with page_of(browser, address, "/network?lang=en&network=catalog:lenet") as page:
        page.wait_for_selector(".unit .badge.good")
        page.locator(".picker select").first.select_option(f"stored:{HOSTILE[0]}")
        until(lambda: page.locator("main img").count(), 0)
        page.wait_for_selector("text=Probabilities by softmax")
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_a_file_of_ones_own(browser, address):
    content = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(content, "PNG")
    with page_of(browser, address, "/network?lang=en&network=catalog:resnet9") as page:
        page.wait_for_selector(".unit .badge.good")
        page.set_input_files(
            "input[type=file]",
            {"name": "a.png", "mimeType": "image/png", "buffer": content.getvalue()},
        )
        until(lambda: page.locator(".picker select").last.input_value(), "file")
        page.wait_for_selector(".unit .badge.good")
    with page_of(browser, address, "/network?lang=en&image=file") as page:
        page.wait_for_selector(".note:has-text('The image that this address meant')")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(browser, address, language, scheme):
    for width in WIDTHS:
        for query in (
            "network=catalog:resnet18&layer=layer1.0.conv1",
            "network=stored:first&way=backward",
        ):
            path = f"/network?lang={language}&{query}"
            with page_of(browser, address, path, width=width, scheme=scheme) as page:
                page.wait_for_selector(".unit .badge.good")
                assert axe_violations(page) == []
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                if (width, scheme) == (1280, "light"):
                    check_enlarged(page)


def test_every_text_is_in_the_words(browser, address):
    """Whatever is outside the marks of the pseudo-language is a number, a name or a formula."""
    path = "/network?lang=pseudo&network=catalog:lenet&way=backward"
    with page_of(browser, address, path) as page:
        page.wait_for_selector(".unit .badge.good")
        outside = page.evaluate(
            """() => [...document.querySelectorAll('main *')]
            .filter(e => !e.closest('[translate="false"], [lang="en"], pre, option, table'))
            .flatMap(e => [...e.childNodes]).filter(n => n.nodeType === 3)
            .map(n => n.textContent.trim())
            .filter(s => /[a-z]{3}/i.test(s) && !s.includes('⟦') && !s.includes('⟧'))"""
        )
        assert [text for text in outside if not re.match(r"[\w.]+\[|log p|L = ", text)] == []
