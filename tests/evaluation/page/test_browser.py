"""The page in a browser: it loads nothing, complains of nothing, fits a phone, and sorts."""

import json
import shutil

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        installed = shutil.which("chromium") or shutil.which("google-chrome")
        try:
            opened = playwright.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        except sync_api.Error as error:
            pytest.skip(f"needs chromium: {str(error).splitlines()[0]}")
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def page(browser, digits_run):
    """The page of a run at the width of a phone; what it said and asked for is in `.heard`."""
    opened = browser.new_page(viewport={"width": 360, "height": 800})
    opened.heard = []
    opened.on("console", lambda message: opened.heard.append(message.text))
    opened.on("pageerror", lambda error: opened.heard.append(str(error)))
    opened.on("request", lambda request: opened.heard.append(request.url))
    opened.goto(digits_run.report_file.resolve().as_uri())
    yield opened
    opened.close()


@pytest.fixture
def data(digits_run):
    return json.loads(digits_run.evaluation_file.read_text(encoding="utf-8"))


def rows(page):
    """The table of mistakes, as a person sees it."""
    return page.eval_on_selector_all(
        "#mistake-table tbody tr", "all => all.map(row => [...row.cells].map(c => c.textContent))"
    )


def test_it_asks_for_nothing_and_complains_of_nothing(page, digits_run):
    outside = [url for url in page.heard if not url.startswith("data:")]
    assert outside == [digits_run.report_file.resolve().as_uri()]


@pytest.mark.parametrize("width", [360, 768, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits(page, width, scheme):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == width
    behind, ink = page.evaluate(
        "(style => [style.backgroundColor, style.color])(getComputedStyle(document.body))"
    )
    assert (brightness(behind) > brightness(ink)) == (scheme == "light")


def brightness(colour):
    return sum(map(int, colour.removeprefix("rgb(").removesuffix(")").split(",")))


def test_mistakes_are_paged_sorted_and_filtered(page, data):
    mistakes = data["mistakes"]
    assert len(mistakes) > 100
    assert [row[0] for row in rows(page)] == [each["path"] for each in mistakes[:50]]
    page.click("#next")
    assert [row[0] for row in rows(page)] == [each["path"] for each in mistakes[50:100]]
    page.click("#mistake-table th:nth-child(4) button")  # the least confident first
    least = min(each["probability"] for each in mistakes)
    assert rows(page)[0][3] == f"{100 * least:.1f}\u00a0%"
    heading = page.get_attribute("#mistake-table th:nth-child(4)", "aria-sort")
    assert heading == "ascending"
    path = mistakes[7]["path"]
    page.fill("[name=path]", path)
    assert path in [row[0] for row in rows(page)]
    assert len(rows(page)) < 50
    page.fill("[name=path]", "nothing is called this")
    assert rows(page) == []
    assert page.inner_text("#mistake-count") == "none"
    page.click("#mistake-reset")
    assert page.inner_text("#mistake-count").endswith(f" of {len(mistakes)}")


def test_a_cell_of_the_confusion_matrix_leads_to_its_mistakes(page, data):
    cell = page.locator("a[data-label]").first
    label, predicted = (int(cell.get_attribute(f"data-{name}")) for name in ("label", "predicted"))
    count = int(cell.inner_text())
    cell.click()
    names = data["classes"][label], data["classes"][predicted]
    assert {tuple(row[1:3]) for row in rows(page)} == {names}
    assert page.inner_text("#mistake-count").endswith(f" of {count}")
    page.click("#mistake-reset")


def test_classes_are_sorted_by_a_click(page, data):
    page.click("#classes th:nth-child(3) button")  # recall, the best first
    first = page.inner_text("#classes tbody tr:first-child td:nth-child(3)")
    best = max(score["recall"] for score in data["per_class"])
    assert first == f"{100 * best:.1f}\u00a0%"
    page.click("#classes th:nth-child(3) button")
    last = page.inner_text("#classes tbody tr:last-child td:nth-child(3)")
    assert last == first


@pytest.mark.slow
def test_without_scripts_there_is_still_a_list(browser, digits_run, data):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(digits_run.report_file.resolve().as_uri())
    assert page.locator("#mistake-table tbody tr").count() == 50
    assert data["mistakes"][0]["path"] in page.inner_text("#mistake-table")
    assert not page.is_visible("#mistake-controls")
    assert "mistakes.csv beside it lists all" in page.inner_text("noscript")
    context.close()


@pytest.mark.slow
def test_an_injected_script_does_not_run(browser, digits_run, tmp_path):
    """Even if a name were not escaped, the page's policy would keep its script from running."""
    text = digits_run.report_file.read_text(encoding="utf-8")
    spoiled = tmp_path / "spoiled.html"
    spoiled.write_text(text.replace("<main>", "<main><script>document.title='owned'</script>"))
    page = browser.new_page()
    page.goto(spoiled.as_uri())
    assert page.title() == "lenet on digits"
    page.close()
