"""The convolution bench in a browser: its numbers, its deeds, its refusals."""

import io
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from convscope.definitions.convolution import convolution
from convscope.definitions.cross_correlation import cross_correlation
from convscope.definitions.pooling import average_pool, max_pool
from convscope.studio.images import DRAWN
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

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
FAKE_CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
SOBEL = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])


@pytest.fixture(scope="module")
def browser():
    with chromium(*FAKE_CAMERA) as opened:
        yield opened


@pytest.fixture
def bench(browser, studio_address):
    """The bench with a small image; the page must have behaved at the end."""
    with page_of(browser, studio_address, "/bench?lang=en&image=letter") as page:
        page.wait_for_selector(".arithmetic")
        yield page


def visit(page, query):
    """Show another address without loading the page anew, as going back does."""
    page.evaluate(
        "query => { history.pushState(null, '', `/bench?lang=en&${query}`);"
        "dispatchEvent(new PopStateEvent('popstate')); }",
        query,
    )


def address_of(page):
    """What the address bar holds; Playwright's own `url` lags behind."""
    return page.evaluate("location.href")


def shown(value):
    """A number as the page writes it, read back: four digits."""
    return float(f"{value:.4g}") if abs(value) >= 1e-4 else float(f"{value:.1e}")


def output_table(page):
    """The output as the page's own table has it: what it shows, up to 12 × 12."""
    page.evaluate("document.querySelector('.numbers').open = true")
    page.wait_for_selector(".numbers table")
    rows = page.eval_on_selector_all(
        ".numbers table:last-of-type",
        "all => [...all.at(-1).rows].slice(1).map(row => [...row.cells].slice(1)"
        ".map(cell => cell.textContent))",
    )
    return [[float(text.replace("−", "-")) for text in row] for row in rows]


def random_setting(seed):
    """(query, output): a possible setting, and what the definitions make of it."""
    random = np.random.default_rng(seed)
    name = str(random.choice(list(DRAWN)))
    image = DRAWN[name][0]()[None, None].astype(float)
    operation = str(random.choice(["cross-correlation", "convolution", "max", "average"]))
    kernel = random.integers(-9, 10, random.integers(1, 8, 2)).astype(float)
    stride = int(random.integers(1, 4))
    text = ";".join(",".join(f"{value:g}" for value in row) for row in kernel)
    query = f"image={name}&kernel={text}&op={operation}&stride={stride}"
    if operation in ("max", "average"):
        pool = max_pool if operation == "max" else average_pool
        padding = int(random.integers(0, min(kernel.shape) // 2 + 1))
        output = pool(image, kernel.shape, padding=padding, stride=stride)
        return f"{query}&padding={padding}", output[0, 0]
    padding = int(random.integers(0, 4))
    mode = str(random.choice(["zeros", "reflect", "replicate", "circular"]))
    dilation = 2 if max(kernel.shape) <= 4 and random.random() < 0.5 else 1
    slide = convolution if operation == "convolution" else cross_correlation
    output = slide(
        image, kernel[None, None], stride=stride, padding=padding, padding_mode=mode,
        dilation=dilation,
    )  # fmt: skip
    return f"{query}&padding={padding}&mode={mode}&dilation={dilation}", output[0, 0]


def test_the_output_on_the_page_is_that_of_the_definitions(bench):
    for seed in range(50):
        query, output = random_setting(seed)
        visit(bench, query)
        wanted = [[shown(value) for value in row[:12]] for row in output[:12]]
        if max(output.shape) > 12:  # the table shows the part around the window
            bench.focus(".output canvas")
            for _ in range(3):
                bench.keyboard.press("Home")
                bench.keyboard.press("PageUp")
        until(lambda: output_table(bench), wanted)
        formulas = bench.eval_on_selector_all(
            "[data-formula]", "all => all.map(m => m.dataset.formula)"
        )
        sizes = [int(formula.rpartition("= ")[2]) for formula in formulas]
        assert sizes == list(dict.fromkeys(output.shape)) or sizes == list(output.shape)
        bench.wait_for_selector(".badge.good")


def here(page):
    return page.inner_text(".here [aria-hidden]")


def test_the_window_follows_the_pointer_in_both_planes(bench):
    visit(bench, "image=letter&kernel=-1,0,1;-2,0,2;-1,0,1")
    image = DRAWN["letter"][0]().astype(float)
    output = cross_correlation(image[None, None], SOBEL[None, None])[0, 0]

    def point(plane, row, column):
        canvas = bench.locator(f"{plane} canvas").first
        box = canvas.bounding_box()
        rows, columns = (int(canvas.get_attribute(f"data-{name}")) for name in ("rows", "columns"))
        bench.mouse.move(
            box["x"] + (column + 0.5) * box["width"] / columns,
            box["y"] + (row + 0.5) * box["height"] / rows,
        )

    until(lambda: bench.locator(".output .spread span").inner_text(), "6 high, 7 wide")
    point(".output", 2, 4)
    until(lambda: here(bench), f"Row 3, column 5: {output[2, 4]:g}".replace("-", "−"))
    pixels = bench.eval_on_selector_all(
        ".arithmetic table:first-of-type td", "all => all.slice(0, 9).map(c => c.textContent)"
    )
    assert pixels == [f"{value:g}" for value in image[2:5, 4:7].ravel()]
    assert bench.locator(".arithmetic .total").inner_text() == f"{output[2, 4]:g}".replace("-", "−")
    point(".input", 2, 1)  # the middle of the window
    until(lambda: here(bench), f"Row 2, column 1: {output[1, 0]:g}".replace("-", "−"))
    until(lambda: "row=1&col=0" in address_of(bench), True)


def test_by_keyboard_alone(bench):
    """Move the window, change a number of the kernel, flip it: with Tab, arrows and typing."""
    for _ in range(60):
        bench.keyboard.press("Tab")
        if bench.evaluate("document.activeElement.matches('.output canvas')"):
            break
    assert bench.evaluate("document.activeElement.matches(':focus-visible')")
    before = here(bench)
    bench.keyboard.press("Home")
    bench.keyboard.press("ArrowRight")
    assert here(bench) != before
    assert ", column 2: " in here(bench)
    until(lambda: bench.inner_text(".here [role=status]"), here(bench))  # it is announced
    for _ in range(60):
        bench.keyboard.press("Tab")
        if bench.evaluate("document.activeElement.matches('.editor input')"):
            break
    bench.keyboard.type("1/4")
    until(lambda: "kernel=0.25,0,1" in address_of(bench), True)
    for _ in range(60):
        bench.keyboard.press("Tab")
        if "Turn the kernel" in bench.evaluate("document.activeElement.textContent"):
            break
    bench.keyboard.press("Enter")
    until(lambda: "op=convolution" in address_of(bench), True)
    bench.wait_for_selector("button:has-text('Turn it back')")


def test_the_skip_link_leads_to_the_content(bench):
    bench.keyboard.press("Tab")
    assert bench.evaluate("document.activeElement.className") == "skip"
    bench.keyboard.press("Enter")
    assert bench.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("Stride", "0", "The stride must be a whole number from 1 to 128; given 0."),
        ("Stride", "200", "The stride must be a whole number from 1 to 128; given 200."),
        ("Stride", "1.5", "Stride, dilation and padding are whole numbers; given 1.5."),
        ("Dilation", "5", "A window that spans 11 pixels doesn't fit into 8 pixels"),
    ],
)
def test_what_is_impossible_is_said_and_the_last_state_stays(
    browser, studio_address, field, value, sentence
):
    with page_of(browser, studio_address, "/bench?lang=en&image=letter", refusals=True) as page:
        page.wait_for_selector(".badge.good")
        shown_before = here(page)
        page.get_by_label(field, exact=False).first.fill(value)
        page.wait_for_selector(".refusal .note")
        assert sentence in page.inner_text(".refusal")
        assert here(page) == shown_before
        page.get_by_label(field, exact=False).first.fill("1")
        page.wait_for_selector(".refusal .note", state="detached")


def test_hostile_names_are_text(browser, studio_address):
    name = "%3Cimg%20src=x%20onerror=document.title=1%3E"
    path = f"/bench?lang=en&image={name}&wanted={name}&mode={name}&kernel={name}"
    with page_of(browser, studio_address, path, refusals=True) as page:
        page.wait_for_selector(".refusal .note")
        assert (
            "There is no image called “<img src=x onerror=document.title=1>”."
            in page.inner_text(".refusal")
        )
        assert page.locator("main img").count() == 0
        assert page.title() == "Bench · Convscope"


def test_a_kernel_is_taught(bench):
    visit(bench, "image=ramp&kernel=0,0,0;0,0,0;0,0,0&rate=0.1")
    bench.wait_for_selector(".badge.good")
    bench.click("text=Start at random")
    bench.click("text=Run 150 steps")
    bench.wait_for_selector(".teach svg")
    bench.wait_for_selector("text=/In 150 steps the loss went from/", timeout=60000)
    said = bench.inner_text(".teach [role=status]")
    first, last = (
        float(each.replace("−", "-")) for each in re.search(r"from (\S+) to (\S+)\.", said).groups()
    )
    assert last < first
    bench.get_by_label("Learning rate").fill("1000")
    bench.click("text=Run 150 steps")
    bench.wait_for_selector("text=/The loss ran away/", timeout=60000)


def test_a_kernel_that_knows_all_begins_at_random(bench):
    visit(bench, "image=ramp")  # the kernel is the wanted one
    bench.wait_for_selector(".badge.good")
    bench.click("text=Run 150 steps")
    bench.wait_for_selector("text=/In 150 steps the loss went from/", timeout=60000)


def test_a_wanted_output_is_drawn_by_keys(bench):
    visit(bench, "image=letter&wanted=drawn")
    canvas = bench.locator(".wanted canvas")
    until(lambda: canvas.get_attribute("data-columns"), "7")
    canvas.focus()
    for key in ("ArrowDown", "ArrowRight", "Space", "ArrowRight", "Space"):
        bench.keyboard.press(key)
    until(lambda: "marks=00c00000000" in address_of(bench), True)
    bench.click("text=Run 150 steps")
    bench.wait_for_selector("text=/No kernel of this size comes below/", timeout=60000)
    bench.get_by_role("button", name="Clear").click()
    until(lambda: "marks=" in address_of(bench), False)


def test_a_drawing_is_in_the_address(bench):
    bench.get_by_role("button", name="Draw").click()
    bench.wait_for_selector("button:has-text('Clear')")
    bench.get_by_role("button", name="Clear").click()
    canvas = bench.locator(".input .plane canvas")
    until(lambda: canvas.get_attribute("data-rows"), "12")
    box = canvas.bounding_box()
    bench.mouse.move(box["x"] + box["width"] / 24, box["y"] + box["height"] / 24)
    bench.mouse.down()
    bench.mouse.move(box["x"] + box["width"] * 7 / 24, box["y"] + box["height"] / 24, steps=12)
    bench.mouse.up()
    until(lambda: "pixels=f" + "0" * 35 in address_of(bench), True)
    canvas.focus()
    bench.keyboard.press("Space")
    until(lambda: "pixels=f" + "0" * 35 in address_of(bench), False)
    address = address_of(bench)
    bench.reload()
    bench.wait_for_selector(".badge.good")
    assert address_of(bench) == address


def test_an_image_of_ones_own(bench, tmp_path):
    buffer = io.BytesIO()
    Image.new("RGB", (100, 60), (10, 200, 90)).save(buffer, "PNG")
    path = tmp_path / "<b>x.png"
    path.write_bytes(buffer.getvalue())
    bench.set_input_files("input[type=file]", path)
    until(lambda: bench.inner_text(".input .spread span"), "Your image, 48 high, 48 wide")
    bench.get_by_label("In colour").check()
    bench.wait_for_selector(".channels .line >> nth=2")
    bench.locator(".picker label:has-text('Size') select").select_option("16")
    until(lambda: bench.inner_text(".input .spread span"), "Your image, 16 high, 16 wide")
    until(lambda: bench.locator(".arithmetic .products").count(), 3)


@pytest.mark.parametrize(
    ("query", "size"),
    [("image=china&side=16&colour=1&padding=1&mode=reflect&bias=2&relu=1", "16 high, 16 wide"),
     ("image=letter&op=convolution&kernel=1,2;3,4&padding=same", "8 high, 9 wide"),
     ("image=digit-5&op=max&stride=2", "3 high, 3 wide")],
)  # fmt: skip
def test_the_python_to_copy_gives_the_output(bench, query, size):
    visit(bench, query)
    until(lambda: bench.inner_text(".output .spread span"), size)
    bench.wait_for_selector(".badge.good")
    code = bench.locator(".copies pre").last.inner_text()
    code += "\nprint(output[0].tolist())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    output = np.array(eval(done.stdout.splitlines()[-1], {"__builtins__": {}}))  # noqa: S307
    seen = output_table(bench) if len(output) <= 12 else None
    if seen is not None:
        assert seen == [[shown(value) for value in row] for row in output]
    assert size == "{} high, {} wide".format(*output.shape)


def test_it_slides_by_itself_and_stops(bench):
    before = here(bench)
    bench.click("text=Slide by itself")
    until(lambda: here(bench) != before, True)
    bench.click("text=Stop sliding")
    resting = here(bench)
    bench.wait_for_timeout(800)
    assert here(bench) == resting


def test_both_languages_and_themes_at_a_click(bench):
    bench.click("text=中文")
    bench.wait_for_selector("h1:has-text('卷积台')")
    assert bench.get_attribute("html", "lang") == "zh-CN"
    assert "lang=zh" in address_of(bench)
    ground = "getComputedStyle(document.body).backgroundColor"
    light = bench.evaluate(ground)
    bench.click("button[aria-label^=配色]")
    bench.click("button[aria-label^=配色]")
    assert bench.evaluate(ground) != light


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing(browser, studio_address, language, scheme, width):
    path = f"/bench?lang={language}&image=china&side=16&colour=1&padding=1&stride=2"
    with page_of(browser, studio_address, path, width=width, scheme=scheme) as page:
        page.wait_for_selector(".badge.good")
        page.evaluate("document.querySelector('.numbers').open = true")
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        if (width, scheme) == (1280, "light"):
            check_enlarged(page)


@pytest.mark.parametrize("width", [320, 640, 1024])
def test_nothing_is_cut_with_larger_letters(browser, studio_address, width):
    """640 is 1280 at 200 %; texts of the marked language are 40 % longer."""
    path = "/bench?lang=pseudo&image=letter&op=convolution&padding=same"
    with page_of(browser, studio_address, path, width=width) as page:
        page.wait_for_selector(".badge.good")
        assert page.evaluate("document.documentElement.scrollWidth") == width


OUTSIDE_OF_WORDS = """() => {
  const apart = '[translate=no], math, pre, .cells td, .grid td, .grid th, .course, .sign';
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.textContent;
    const parent = walk.currentNode.parentElement;
    if (parent.closest(apart)) continue;
    if (/\\p{L}{2}/u.test(text.replace(/⟦[^⟧]*⟧/gu, ''))) found.push(text);
  }
  for (const part of document.querySelectorAll('[aria-label], [title]')) {
    for (const text of [part.getAttribute('aria-label'), part.getAttribute('title')]) {
      if (text && /\\p{L}{2}/u.test(text.replace(/⟦.*⟧/gu, ''))) found.push(text);
    }
  }
  return found;
}"""


@pytest.mark.parametrize("query", ["image=china&colour=1&side=16", "image=digit-1&op=max"])
def test_no_text_stands_outside_of_the_words(browser, studio_address, query):
    with page_of(browser, studio_address, f"/bench?lang=pseudo&{query}") as page:
        page.wait_for_selector(".badge.good")
        assert page.evaluate(OUTSIDE_OF_WORDS) == []
        page.evaluate("document.body.append('not a word')")
        assert page.evaluate(OUTSIDE_OF_WORDS) == ["not a word"]


def test_without_the_token_the_page_says_what_to_do(browser, studio_address):
    page = browser.new_page()
    page.goto(f"{studio_address}/bench?lang=en")
    page.wait_for_selector("[role=alert]:has-text('Open the address that')")
    assert page.locator("canvas").count() == 0
    page.close()


def test_an_image_that_no_address_can_hold_is_told_of(browser, studio_address):
    with page_of(browser, studio_address, "/bench?lang=en&image=file") as page:
        page.wait_for_selector(".note:has-text('The image that this address meant')")
        until(lambda: page.inner_text(".input .spread span"), "Letter F, 8 high, 9 wide")


def test_the_camera_gives_frames_and_goes_off(browser, studio_address):
    path, options = "/bench?lang=en", {"permissions": ["camera"]}
    with page_of(browser, studio_address, path, **options) as page:
        page.get_by_role("button", name="Camera").click()
        until(lambda: page.inner_text(".input .spread span"), "Camera, 48 high, 48 wide")
        page.get_by_role("button", name="Camera").click()
        page.wait_for_selector("button[aria-pressed=false]:has-text('Camera')")


@pytest.mark.parametrize("typed", ["-0.05", "0.025", "-1/8", "1e-2", ".5"])
def test_numbers_can_be_typed_letter_by_letter(bench, typed):
    wanted = {"-1/8": -0.125}.get(typed) or float(typed)
    bench.get_by_label("Bias").focus()
    bench.keyboard.type(typed, delay=30)
    until(lambda: f"bias={wanted:g}" in address_of(bench), True)
