"""The train view in a browser: start, watch, leave, come back, kill, resume; what goes wrong."""

import contextlib
import os
import re
import shutil
import signal
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest

import convscope as cs
from convscope.runs.metrics_file import read_rows
from convscope.studio.train import trainings as trainings_file
from convscope.studio.train.trainings import TrainingList
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
from tests.studio.train.made import made_command, write_rows

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture
def runs(tmp_path):
    """A folder of runs; what still goes on at the end is ended."""
    folder = tmp_path / "runs"
    yield folder
    for each in TrainingList(folder).all():
        if each.is_going_on:
            os.kill(each.number, signal.SIGKILL)
            until(lambda each=each: each.is_going_on, wanted=False)


@pytest.fixture
def made(runs, monkeypatch):
    """Trainings are a small program that writes a run; sets what it does."""
    options = {"steps": 20, "pause": 0.0, "fault": "none"}

    def newest(folder):
        return max((int(file.stem[5:]) for file in folder.glob("checkpoints/*.json")), default=0)

    monkeypatch.setattr(trainings_file, "train_command", lambda _, f: made_command(f, **options))
    monkeypatch.setattr(
        trainings_file, "resume_command", lambda f: made_command(f, **options, start=newest(f))
    )
    return options


def state(page):
    badge = page.locator(".status .badge")
    return badge.get_attribute("data-state") if badge.count() else None


def run_of(page):
    query = page.evaluate("location.search")  # page.url may be an earlier one
    return parse_qs(query[1:]).get("run", [""])[0]


def shown_steps(page, name="loss"):
    """The steps of a curve as the page has them."""
    return page.evaluate(
        "async name => { const { curves } = await import('/static/train/follow.js');"
        "return [...(curves.get(name)?.steps ?? [])]; }",
        name,
    )


def steps_on_disk(runs, run):
    rows, _ = read_rows(runs / run / "metrics.jsonl")
    return [row["step"] for row in rows if "loss" in row]


def start(page):
    page.get_by_role("button", name="Start training").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".status .badge")
    until(lambda: run_of(page) != "")  # the address is written a moment later
    return run_of(page)


def test_a_training_is_started_watched_left_and_found_again(browser, runs):
    query = "network=lenet&data=digits&recipe=fast&epochs=2000&precision=float32"
    with served_studio(runs) as address:
        with page_of(browser, address, f"/train?lang=en&{query}") as page:
            run = start(page)
            page.wait_for_selector(".curve-box", timeout=120_000)
            until(lambda: len(shown_steps(page)) > 3, seconds=120)
        count = len(steps_on_disk(runs, run))
        until(lambda: len(steps_on_disk(runs, run)) > count + 20, seconds=120)
        with page_of(browser, address, f"/train?lang=en&run={run}") as page:
            until(lambda: state(page), "running", seconds=60)
            page.wait_for_selector(".learned canvas", timeout=120_000)
            until(lambda: page.locator(".learned .tiles canvas").count(), 12)
            page.wait_for_selector(".against .expected")
            page.get_by_role("button", name="Pause").focus()
            page.keyboard.press("Enter")
            until(lambda: state(page), "paused", seconds=60)
            # Each row once, none left out.
            until(lambda: shown_steps(page), steps_on_disk(runs, run))
            before = len(shown_steps(page))
            page.wait_for_selector(".said:has-text('Loss of single steps')")
            page.get_by_role("button", name="Resume").click()
            until(lambda: state(page), "running", seconds=120)
            until(lambda: len(shown_steps(page)) > before + 5, seconds=120)
            page.get_by_role("button", name="Stop for good").click()
            page.wait_for_selector(".setup", timeout=60_000)
            assert page.locator(".started").count() == 0
    steps = steps_on_disk(runs, run)
    assert steps == sorted(set(steps))
    assert (runs / run / "model.safetensors").is_file()


def test_the_forecast_moves_with_the_dials(browser, runs):
    answers = []
    with served_studio(runs) as address:
        path = "/train?lang=en&network=lenet&data=digits&recipe=fast&epochs=4&precision=float32"
        with page_of(browser, address, path, refusals=True) as page:
            page.on(
                "response",
                lambda r: r.url.endswith("/forecast") and r.ok and answers.append(r.json()),
            )
            page.wait_for_selector(".expected", timeout=120_000)
            page.locator("#dial-epochs").fill("400")
            page.wait_for_selector("p:has-text('400 epochs of')", timeout=60_000)
            page.get_by_role("button", name="More: Batch size").click()
            page.wait_for_selector("p:has-text('128 at a time')", timeout=60_000)
            asked = answers[-1]["forecast"]
            assert (asked["batch_size"], asked["time"]["epochs"]) == (128, 400)
            shown = page.inner_text(".expected[data-kind=time] strong")
            minutes = re.search(r"(\d+) min|(\d[\d.]*) s|(\d+) h", shown)
            assert minutes, shown
            seconds = asked["time"]["run_seconds"]
            assert {"s": seconds < 60, "min": 60 <= seconds < 3600, "h": seconds >= 3600}[
                "min" if "min" in shown else "h" if "h" in shown else "s"
            ]
            until(lambda: "epochs=400&batch=128" in page.evaluate("location.search"))
            assert "--epochs 400 --batch-size 128 --precision float32" in page.inner_text(".copies")
            page.locator("#dial-size").fill("1")
            page.wait_for_selector(".note:has-text('too small for lenet')", timeout=60_000)


def test_who_comes_without_a_wish_meets_what_learns_fast(browser, runs):
    with served_studio(runs) as address, page_of(browser, address, "/train?lang=en") as page:
        page.wait_for_selector(".setup")
        until(lambda: "recipe=fast" in page.evaluate("location.search"))
        page.get_by_label("First weights").select_option("published")
        until(lambda: "--from published" in page.inner_text(".copies"))
        until(lambda: "source=published" in page.evaluate("location.search"))


def test_a_training_begins_with_what_another_run_learned(browser, runs):
    cs.train("lenet", "digits", recipe="fast", epochs=2, out=runs / "teacher", quiet=True)
    forecasts = []
    with served_studio(runs) as address:
        path = "/train?lang=zh&network=lenet&data=digits&recipe=transfer&epochs=2&precision=float32"
        with page_of(browser, address, path, refusals=True) as page:
            page.on(
                "response", lambda r: r.url.endswith("/forecast") and r.ok and forecasts.append(1)
            )
            page.get_by_label("初始权重").select_option("teacher")
            page.wait_for_selector(".expected", timeout=120_000)
            until(lambda: bool(forecasts))
            page.locator("#dial-epochs").fill("3")
            page.wait_for_selector("p:has-text('3 轮')", timeout=60_000)
            assert "--from runs/teacher" in page.inner_text(".copies")
            assert english_sentences(page) == []
            page.get_by_role("button", name="开始训练").click()
            page.wait_for_selector(".status .badge")
            until(lambda: run_of(page) != "")
            until(lambda: state(page), "ended", seconds=300)
            run = cs.Run(runs / run_of(page))
            assert f"{100 * run.read_evaluation()['accuracy']:.1f} %" in page.inner_text(".status")
            until(lambda: shown_steps(page), steps_on_disk(runs, run.folder.name))
            assert english_sentences(page) == []
    assert Path(run.recipe.from_).name == "teacher"
    assert (run.recipe.network, run.recipe.epochs) == ("lenet", 3)


def test_a_killed_training_is_said_and_goes_on(browser, runs, made):
    made |= {"steps": 2000, "pause": 0.05}
    with served_studio(runs) as address, page_of(browser, address, "/train?lang=en") as page:
        run = start(page)
        until(lambda: len(shown_steps(page)) > 12)
        os.kill(TrainingList(runs).find(run).number, signal.SIGKILL)
        until(lambda: state(page), "killed")
        page.wait_for_selector(".note:has-text('ended without a word')")
        made["pause"] = 0.0
        page.get_by_role("button", name="Resume").click()
        until(lambda: state(page), "ended")
        until(
            lambda: page.locator(".copies pre").first.inner_text(), f"convscope evaluate runs/{run}"
        )
        until(lambda: shown_steps(page)[-1], 1999)


def test_the_page_finds_a_studio_that_was_started_again(browser, runs, made):
    made |= {"steps": 300, "pause": 0.05}
    with contextlib.ExitStack() as stack:
        with served_studio(runs) as address:
            # While nobody answers, the browser says so on the console.
            page = stack.enter_context(page_of(browser, address, "/train?lang=en", gone=True))
            run = start(page)
            until(lambda: len(shown_steps(page)) > 5)
        page.wait_for_selector(".note[role=alert]")
        count = len(steps_on_disk(runs, run))
        until(lambda: len(steps_on_disk(runs, run)) > count)  # the training goes on by itself
        with served_studio(runs, urlparse(address).port):
            until(lambda: state(page), "ended", seconds=60)
            until(lambda: shown_steps(page), steps_on_disk(runs, run))
            until(lambda: page.locator(".note[role=alert]").count(), 0)


def test_without_a_stream_the_page_asks_again_and_again(browser, runs, made):
    made |= {"steps": 60, "pause": 0.05}
    with served_studio(runs) as address, page_of(browser, address, "/train?lang=en") as page:
        page.route("**/api/train/events*", lambda route: route.fulfill(status=204))
        run = start(page)
        until(lambda: state(page), "ended", seconds=60)
        until(lambda: shown_steps(page), steps_on_disk(runs, run))
        # The curve as a table, and by arrow keys.
        page.get_by_text("Loss as a table").click()
        until(
            lambda: page.locator("table.grid tbody th").all_inner_texts(),
            [str(step) for step in range(10, 61, 10)],
        )
        page.locator(".curve-box").first.focus()
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")
        until(lambda: "At step 2: loss of single steps 1" in page.inner_text(".curves .here"))


def test_what_goes_wrong_is_said(browser, runs, made):
    made["fault"] = "nan"
    with served_studio(runs) as address, page_of(browser, address, "/train?lang=en") as page:
        run = start(page)
        until(lambda: state(page), "ended")
        page.wait_for_selector(".said:has-text('1 value is no finite number')")
        file = runs / run / "metrics.jsonl"
        file.write_bytes(file.read_bytes()[:-7])
        write_rows(file, [21, 22])
        page.wait_for_selector(".note:has-text('1 lines of its metrics are damaged')")
        until(lambda: shown_steps(page), steps_on_disk(runs, run))
        shutil.rmtree(runs / run)
        until(lambda: state(page), "deleted")
        page.wait_for_selector('.note:has-text("isn\'t there any more")')
        made["fault"] = "error"
        page.get_by_role("button", name="Set up another").last.click()
        start(page)
        until(lambda: state(page), "failed")
        page.wait_for_selector(".note:has-text('The loss became nan')")
        page.get_by_role("button", name="Take off the list").click()
        page.wait_for_selector(".setup")


def test_eight_tabs_see_the_same(browser, runs, made):
    made |= {"steps": 400, "pause": 0.02}
    with served_studio(runs) as address, page_of(browser, address, "/train?lang=en") as page:
        run = start(page)
        # All of them are seen, so that none closes its stream.
        tabs = [page.context.new_page() for _ in range(7)]
        for tab in tabs:
            tab.goto(f"{address}/train?lang=en&run={run}")
        for tab in (page, *tabs):
            tab.bring_to_front()
            until(lambda tab=tab: state(tab), "ended", seconds=60)
            until(lambda tab=tab: shown_steps(tab), steps_on_disk(runs, run))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_and_nothing_is_wider(browser, runs, made, language, scheme):
    made["fault"] = "error" if language == "zh" else "none"
    with served_studio(runs) as address:
        for width in WIDTHS:
            path = f"/train?lang={language}&network=lenet&data=digits&precision=float32"
            with page_of(browser, address, path, width=width, scheme=scheme) as page:
                page.wait_for_selector(".expected", timeout=120_000)
                assert axe_violations(page) == []
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                if (width, scheme) == (1280, "light"):
                    check_enlarged(page)
                page.locator(".start").click()
                page.wait_for_selector(".status .badge")
                until(lambda page=page: state(page) in ("ended", "failed"))
                page.wait_for_selector(".said")
                assert axe_violations(page) == []
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                if (width, scheme) == (1280, "light"):
                    check_enlarged(page)


def test_every_text_is_in_the_words(browser, runs, made):
    path = "/train?lang=pseudo&precision=float32"
    with served_studio(runs) as address, page_of(browser, address, path) as page:
        page.wait_for_selector(".expected", timeout=120_000)
        setup = outside(page)
        page.locator(".start").click()
        until(lambda: state(page), "ended")
        page.wait_for_selector(".said")
        assert setup + outside(page) == []


def outside(page):
    """Whatever isn't marked as one of the words."""
    return page.evaluate(
        """() => [...document.querySelectorAll('main *')]
        .filter(e => !e.closest('[translate="false"], [lang="en"], pre, option, bdi, table'))
        .flatMap(e => [...e.childNodes]).filter(n => n.nodeType === 3)
        .map(n => n.textContent.trim())
        .filter(s => /[a-z]{4}/i.test(s) && !s.includes('⟦') && !s.includes('⟧'))"""
    )


def test_hostile_names_are_text(browser, runs, made, tmp_path):
    folder = tmp_path / "<img src=x onerror=alert(1)> 😀"
    folder.mkdir()
    with served_studio(runs) as address, page_of(browser, address, "/train?lang=en") as page:
        page.locator(".setup select").nth(1).select_option("")
        page.locator(".setup input[type=text]").first.fill(str(folder))
        page.locator(".setup input[type=text]").first.blur()
        run = start(page)
        assert run == f"lenet-{folder.name}-1"
        until(lambda: state(page), "ended")
        assert page.locator("main img").count() == 0
        page.wait_for_selector(".said")
