"""The page of the runs view in Chromium."""

import csv
import json
import re
import shutil
from urllib.parse import quote

import pytest

import convscope as cs
from convscope.runs.checked_json import write_checked
from convscope.runs.claim import claimed
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
from tests.studio.runs.stored import HOSTILE, all_kinds, copy_run, long_run, many_classes

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser():
    with chromium("--force-color-profile=srgb") as opened:
        yield opened


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = all_kinds(tmp_path_factory.mktemp("runs"))
    cs.evaluate(folder / "first", quiet=True).report(robustness=False, quiet=True)
    return folder


@pytest.fixture(scope="module")
def address(runs):
    with served_studio(runs) as address:
        yield address


@pytest.fixture(scope="module")
def cell(runs):
    """The query of a cell with images."""
    mistake = cs.evaluate(runs / "first", quiet=True, out_of_distribution=()).mistakes[0]
    return f"run=first&label={mistake.label}&predicted={mistake.predicted}"


def names(page):
    return page.locator(".runs tbody th").all_inner_texts()


def test_the_table_sorts_and_filters_by_keyboard_and_the_address_holds_it(browser, address):
    with page_of(browser, address, "/runs?lang=en") as page:
        page.wait_for_selector(".runs tbody tr")
        assert len(names(page)) == 12
        heading = page.locator(".runs thead button", has_text="Name")
        heading.focus()
        page.keyboard.press("Enter")
        until(lambda: names(page)[0], HOSTILE[0])
        page.keyboard.press("Enter")
        until(lambda: names(page)[-1], HOSTILE[0])
        page.locator(".runs input[type=text]").fill("damaged")
        until(lambda: len(names(page)), 4)
        until(lambda: "find=damaged" in page.evaluate("location.search"), True)
        shared = page.evaluate("location.pathname + location.search")
    with page_of(browser, address, shared) as page:
        page.wait_for_selector(".runs tbody tr")
        assert len(names(page)) == 4
        page.locator(".runs select").select_option("failed")
        until(lambda: len(names(page)), 0)
        page.locator(".runs input[type=text]").fill("")
        until(lambda: names(page), ["failed"])


def test_in_chinese_no_sentence_is_english(browser, address, runs):
    made = copy_run(runs, "noted")
    file = made / "evaluation.json"
    found = json.loads(file.read_text(encoding="utf-8"))
    found["notes"] = [
        "There are no images of cat, so nothing is said of this class; an image may still be "
        "taken for one."
    ]
    found.pop("check", None)
    write_checked(file, found)
    with page_of(browser, address, "/runs?lang=zh&run=noted") as page:
        page.wait_for_selector(".came-to .note")
        page.wait_for_selector(".matrix")
        assert page.inner_text(".came-to .note").startswith("没有 cat 的图像")
        assert english_sentences(page) == []
    shutil.rmtree(made)


def test_chosen_runs_are_drawn_together(browser, address):
    with page_of(browser, address, "/runs?lang=en") as page:
        box = page.get_by_role("checkbox", name="Draw the curves of first")
        box.focus()
        page.keyboard.press("Space")
        page.wait_for_selector(".together .curve-box")
        page.get_by_role("checkbox", name=HOSTILE[0]).check()
        until(lambda: page.locator(".together .legend li").count(), 2)
        said = page.locator(".together .said").first.inner_text()
        assert said.startswith("first: Validation accuracy")
        until(lambda: "%7C" in page.evaluate("location.search"), True)
        shared = page.evaluate("location.pathname + location.search")
    with page_of(browser, address, shared) as page:
        until(lambda: page.locator(".together .legend li").count(), 2)
        assert page.locator("main img").count() == 0


def test_from_a_mistake_to_the_network_on_that_image_by_keyboard(browser, address, runs):
    with page_of(browser, address, "/runs?lang=en") as page:
        page.get_by_role("button", name="first", exact=True).focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".matrix")
        matrix = cs.Run(runs / "first").summary()
        page.locator(".matrix button[tabindex='0']").focus()
        count = "0"
        while count in ("·", "0") or page.evaluate(
            "document.activeElement.closest('tr').rowIndex - 1 ==="
            " document.activeElement.closest('td').cellIndex - 1"
        ):
            page.keyboard.press("ArrowRight")
            count = page.evaluate("document.activeElement.textContent")
        page.keyboard.press("Enter")
        page.wait_for_selector(".pictures canvas")
        until(lambda: page.locator(".pictures li").count(), min(24, int(count)))
        name = page.locator(".pictures .path").first.inner_text()
        page.locator(".pictures a").first.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".unit .badge.good", timeout=60000)
        assert "image=evaluated:" in page.url
        chosen = page.evaluate("""() => [...document.querySelectorAll('.picker select')]
            .map(each => each.selectedOptions[0].textContent)""")
        assert chosen[0] == "first"
        with (runs / "first" / "predictions.csv").open(encoding="utf-8", newline="") as file:
            place = [row["path"] for row in csv.DictReader(file)].index(name)
        assert chosen[2] == f"Image {place} of run first"
        page.go_back()
        page.wait_for_selector(".pictures canvas")
        assert matrix["run"].endswith("first")


def test_the_figures_are_those_of_the_run(browser, address, runs):
    facts = cs.Run(runs / "first").summary()
    with page_of(browser, address, "/runs?lang=en&run=first") as page:
        page.wait_for_selector(".matrix")
        assert f"{100 * facts['accuracy']:.2f} %" in page.inner_text(".came-to")
        shown = [
            [0 if text == "·" else int(text) for text in row.locator("button").all_inner_texts()]
            for row in page.locator(".matrix tbody tr").all()
        ]
        evaluation = cs.evaluate(runs / "first", quiet=True, out_of_distribution=())
        assert shown == evaluation.confusion.tolist()
        until(lambda: page.locator(".came-to a", has_text="Report").count(), 1)
        commands = page.locator(".copies pre").all_inner_texts()
        assert commands[0].strip() == f"convscope evaluate {runs / 'first'}"
        compile(commands[1], "copied", "exec")


def test_what_is_damaged_or_missing_says_so(browser, address, runs):
    for name, said in (
        ("damaged line", "Line 2 of"),
        ("damaged evaluation", "Evaluate the run again"),
        ("damaged recipe", "can't be read as TOML"),
        ("failed", "The loss became NaN."),
        ("stopped", "convscope resume"),
        ("older", "never says “unknown”"),
    ):
        with page_of(browser, address, f"/runs?lang=en&run={name}") as page:
            page.wait_for_selector(f'.note:has-text("{said}")')
    with page_of(browser, address, "/runs?lang=en&run=older&label=0&predicted=0",
                 refusals=True) as page:  # fmt: skip
        page.wait_for_selector(".cell-images p:not(.faint)")


def test_hostile_names_of_runs_and_classes_are_text(browser, address):
    name = quote(HOSTILE[0])
    with page_of(browser, address, f"/runs?lang=en&run={name}", refusals=True) as page:
        page.wait_for_selector(".matrix")
        assert HOSTILE[0] in page.locator(".matrix thead").inner_text()
        assert page.inner_text(".run-name") == HOSTILE[0]
        page.locator(".matrix tbody tr").nth(3).locator("button").nth(3).click()
        until(lambda: HOSTILE[0] in page.inner_text("#cell-title"), True)
        assert page.locator("main img").count() == 0


def test_many_classes_are_listed_by_their_commonest_mistakes(browser, address, runs):
    made = many_classes(runs)
    try:
        with page_of(browser, address, "/runs?lang=en&run=many classes", refusals=True) as page:
            page.wait_for_selector(".confusion tbody tr")
            until(lambda: page.locator(".confusion tbody tr").count(), 25)
            page.locator(".confusion tbody button").first.click()
            until(lambda: page.inner_text(".pictures .path"), "0.png")
            page.get_by_label("True class").select_option("class 7")
            page.get_by_label("Class given").select_option("class 7")
            page.wait_for_selector(".cell-images .note:has-text('convscope evaluate')")
    finally:
        shutil.rmtree(made)


def test_an_empty_folder_says_how_to_begin(browser, studio_address):
    with page_of(browser, studio_address, "/runs?lang=en") as page:
        page.wait_for_selector("text=There are no runs in")
        assert "convscope train" in page.inner_text("main pre")


def test_a_run_that_goes_away_while_it_is_open_is_said(browser, address, runs):
    made = copy_run(runs, "going")
    (made / "evaluation.json").unlink()
    with page_of(browser, address, "/runs?lang=en", refusals=True) as page, claimed(made):
        page.get_by_role("button", name="going", exact=True).click()
        page.wait_for_selector('.badge:has-text("Running")')
        page.wait_for_selector(".curve-box")
        shutil.rmtree(made)
        page.wait_for_selector('.note:has-text("There is no run “going”")', timeout=20000)


def test_a_run_that_goes_on_is_followed(browser, address, runs):
    made = copy_run(runs, "live")
    (made / "evaluation.json").unlink()
    try:
        with claimed(made), page_of(browser, address, "/runs?lang=en&run=live") as page:
            page.wait_for_selector('.badge:has-text("Running")')
            box = page.locator(".curve-box").first
            box.wait_for()
            before = int(box.get_attribute("data-last"))
            with (made / "metrics.jsonl").open("a", encoding="utf-8") as file:
                file.write(f'{{"kind": "step", "step": {before + 5}, "loss": 1.5}}\n')
            until(lambda: int(box.get_attribute("data-last")), before + 5)
    finally:
        shutil.rmtree(made)


def test_a_closer_look_at_a_long_curve_shows_its_points(browser, address, runs):
    made = long_run(runs, 50_000)
    try:
        with page_of(browser, address, "/runs?lang=en&run=long") as page:
            box = page.locator(".curve-box").first
            box.wait_for()
            before = int(box.get_attribute("data-points"))
            assert before <= 2001
            box.scroll_into_view_if_needed()
            canvas = box.locator(".u-over").bounding_box()
            middle = canvas["y"] + canvas["height"] / 2
            page.mouse.move(canvas["x"] + 0.50 * canvas["width"], middle)
            page.mouse.down()
            page.mouse.move(canvas["x"] + 0.52 * canvas["width"], middle, steps=4)
            page.mouse.up()
            until(lambda: int(box.get_attribute("data-points")) > before, True)
    finally:
        shutil.rmtree(made)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    browser, address, cell, language, scheme
):
    for width in WIDTHS:
        for query, there in (
            ("chosen=first|failed", ".curve-box"),
            (cell, ".pictures canvas"),
            ("run=damaged line", ".note"),
        ):
            path = f"/runs?lang={language}&{query}"
            with page_of(browser, address, path, width=width, scheme=scheme) as page:
                page.wait_for_selector(there)
                assert axe_violations(page) == []
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                if (width, scheme) == (1280, "light"):
                    check_enlarged(page)


def test_every_text_is_in_the_words(browser, address, cell):
    for query, there in (("chosen=first", ".curve-box"), (cell, ".pictures canvas")):
        with page_of(browser, address, f"/runs?lang=pseudo&{query}") as page:
            page.wait_for_selector(there)
            outside = page.evaluate(
                """() => [...document.querySelectorAll('main *')]
                .filter(e => !e.closest('[translate="false"], [lang="en"], pre, svg text, .u-wrap'))
                .flatMap(e => [...e.childNodes]).filter(n => n.nodeType === 3)
                .map(n => n.textContent.trim())
                .filter(s => /[a-z]{3}/i.test(s) && !s.includes('⟦') && !s.includes('⟧'))"""
            )
            units = r"[\d.,\s–±/%-]*((bytes|min|ms|MB|GB|kB)[\d.,\s–±/%-]*)*"
            assert [text for text in outside if not re.fullmatch(units, text)] == []
