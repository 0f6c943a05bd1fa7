"""The page of the plan view in Chromium."""

import re
from urllib.parse import quote

import pytest
from PIL import Image

import convscope as cs
from tests.studio.browser import (
    LANGUAGES,
    SCHEMES,
    WIDTHS,
    axe_violations,
    check_enlarged,
    chromium,
    english_sentences,
    page_of,
    until,
)
from tests.studio.conftest import served_studio
from tests.studio.runs.stored import copy_run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
WAIT = 120_000


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return cs.Run(copy_run(tmp_path_factory.mktemp("runs"), "first"))


@pytest.fixture(scope="module")
def address(run):
    with served_studio(run.folder.parent) as address:
        yield address


@pytest.fixture(scope="module")
def query(run):
    recipe = run.recipe
    return (
        f"network={recipe.network}&data={recipe.data}&size={recipe.size}"
        f"&batch={recipe.batch_size}&precision=float32"
    )


def test_in_chinese_no_sentence_is_english(browser, address, query):
    with page_of(browser, address, f"/plan?lang=zh&{query}") as page:
        page.wait_for_selector(".timeline .peak-words", timeout=WAIT)
        assert english_sentences(page) == []


def test_dials_move_the_forecast_by_keyboard_and_the_address_holds_them(
    browser, address, query, run
):
    with page_of(browser, address, f"/plan?lang=en&{query}") as page:
        page.wait_for_selector(".timeline .peak-words", timeout=WAIT)
        size = run.recipe.batch_size
        assert f"{size} at a time" in page.inner_text(".plan-figures")
        until(lambda: page.locator("[data-figure=step] .came").count(), 1)  # the run, on the range
        page.get_by_role("button", name="More: Batch size").focus()
        page.keyboard.press("Enter")
        until(lambda: f"{2 * size} at a time" in page.inner_text(".plan-figures"), True)
        assert page.locator("[data-figure=step] .came").count() == 0
        until(lambda: f"batch={2 * size}" in page.evaluate("location.search"), True)
        shared = page.evaluate("location.pathname + location.search")
        slider = page.get_by_role("slider")
        slider.focus()
        page.keyboard.press("Home")
        until(lambda: "Moment 1 of" in page.inner_text(".slide"), True)
        page.get_by_role("button", name="Back to the peak").click()
        commands = page.locator(".copies pre").all_inner_texts()
        assert commands[0].strip() == (
            f"convscope plan {run.recipe.network} {run.recipe.data} --batch-size {2 * size} "
            f"--size {run.recipe.size} --precision float32"
        )
        compile(commands[1], "copied", "exec")
    with page_of(browser, address, shared) as page:
        page.wait_for_selector(".timeline .peak-words", timeout=WAIT)
        assert f"{2 * size} at a time" in page.inner_text(".plan-figures")


def test_the_largest_batch_and_all_networks(browser, address, query, run):
    with page_of(browser, address, f"/plan?lang=en&{query}&limit=2") as page:
        page.wait_for_selector(".timeline .peak-words", timeout=WAIT)
        page.get_by_role("button", name="Find the largest batch").click()
        page.wait_for_selector(".largest-answer", timeout=WAIT)
        assert "Within 2 GB" in page.inner_text(".largest-answer")
        page.get_by_role("button", name="Count their operations").click()
        page.wait_for_selector(".all svg.chart", timeout=WAIT)
        until(
            lambda: page.locator(".all .network-mark").count(), 1
        )  # the only one that was trained
        page.locator(".all select").nth(1).select_option("parameters")
        until(lambda: page.locator(".all .network-mark").count() > 20, True)
        page.locator(".all details summary").click()
        row = page.locator(".all tbody tr", has_text="mlp").first
        row.get_by_role("button").click()
        until(lambda: "network=mlp" in page.evaluate("location.search"), True)
        page.wait_for_selector(".plan-figures [role=status]:has-text('Measuring')")
        page.wait_for_selector(".plan-figures[aria-busy=false]", timeout=WAIT)


def test_classes_in_the_names_of_files(browser, address, tmp_path):
    digits = cs.load("digits")
    (tmp_path / "flat").mkdir()
    for row in range(60):
        name = f"no {digits.labels[row]}_{row}.png"
        Image.fromarray(digits.images[row][0]).save(tmp_path / "flat" / name)
    asked = f"network=lenet&size=28&precision=float32&data={quote(str(tmp_path / 'flat'))}"
    with page_of(browser, address, f"/plan?lang=en&{asked}", refusals=True) as page:
        page.wait_for_selector(
            '.plan-figures .note:has-text("not in a class folder")', timeout=WAIT
        )
        page.click(".labels summary")
        page.fill("#labels-class_from", r"no (\d)_")
        page.press("#labels-class_from", "Tab")
        page.wait_for_selector("[data-figure]", timeout=WAIT)
        until(lambda: "class_from=no" in page.url, True)
        assert r"--class-from 'no (\d)_'" in page.inner_text("body")
        assert axe_violations(page) == []


def test_what_can_not_be_forecast_says_why(browser, address):
    for wrong, said in (
        ("network=nonesuch&data=digits", "nonesuch"),
        ("network=lenet&data=/no/such/folder", "/no/such/folder"),
    ):
        with page_of(browser, address, f"/plan?lang=en&{wrong}", refusals=True) as page:
            page.wait_for_selector(f'.plan-figures .note:has-text("{said}")', timeout=WAIT)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    browser, address, query, language, scheme
):
    for width in WIDTHS:
        path = f"/plan?lang={language}&{query}"
        with page_of(browser, address, path, width=width, scheme=scheme) as page:
            page.wait_for_selector(".timeline .peak-words", timeout=WAIT)
            page.locator(".all button").first.click()
            page.wait_for_selector(".all svg.chart", timeout=WAIT)
            page.locator(".all details summary").click()
            assert axe_violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            if (width, scheme) == (1280, "light"):
                check_enlarged(page)


def test_every_text_is_in_the_words(browser, address, query):
    with page_of(browser, address, f"/plan?lang=pseudo&{query}") as page:
        page.wait_for_selector(".timeline .peak-words", timeout=WAIT)
        outside = page.evaluate(
            """() => [...document.querySelectorAll('main *')]
            .filter(e => !e.closest('[translate="false"], [lang="en"], pre, svg text'))
            .flatMap(e => [...e.childNodes]).filter(n => n.nodeType === 3)
            .map(n => n.textContent.trim())
            .filter(s => /[a-z]{3}/i.test(s) && !s.includes('⟦') && !s.includes('⟧'))"""
        )
        units = r"[\d.,\s–±/%-]*((bytes|min|ms|MB|GB|kB)[\d.,\s–±/%-]*)*"
        assert [text for text in outside if not re.fullmatch(units, text)] == []
