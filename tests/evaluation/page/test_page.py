"""The page of a run: everything is there, its numbers are those of the data, nothing runs wild.

Tests evaluation/report.py, evaluation/analysis.py, evaluation/page/tables.py,
evaluation/page/charts.py, evaluation/page/sections/classes.py,
evaluation/page/sections/confidence.py, evaluation/page/sections/cost.py,
evaluation/page/sections/headline.py, evaluation/page/sections/mistakes.py,
evaluation/page/sections/robustness.py, evaluation/page/sections/settings.py,
evaluation/page/sections/training.py.
"""

import csv
import json
import shutil

import numpy as np
import pytest

from convscope.data.image_set import ImageSet
from convscope.evaluation.analysis import analyse
from convscope.evaluation.evaluate import evaluate
from convscope.evaluation.out_of_distribution import OutOfDistribution
from convscope.evaluation.page.sections.confidence import unknown
from convscope.evaluation.page.sections.headline import _in_words
from convscope.evaluation.report import write_report
from convscope.evaluation.unknown import KnownImages
from convscope.runs.run import Run
from tests.evaluation.made_evaluations import evaluation_of
from tests.evaluation.page.markup import Page, check, undefined_variables

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def reported(digits_run):
    """The page that training left, and its data."""
    page = Page(digits_run.report_file.read_text(encoding="utf-8"))
    return page, json.loads(digits_run.evaluation_file.read_text(encoding="utf-8"))


def percent(share, digits=1):
    return f"{100 * share:.{digits}f} %"


def test_the_page_is_well_formed_and_closed(reported):
    check(reported[0])


def test_every_colour_is_defined(digits_run):
    text = digits_run.report_file.read_text(encoding="utf-8")
    assert undefined_variables(text) == set()
    in_print = "p { color: var(--ink) } @media print { :root { --ink: #000 } }"
    assert undefined_variables(in_print) == {"ink"}


def test_every_section_is_there(reported):
    page, _ = reported
    sections = [attributes["id"] for attributes in page.all("section")]
    assert sections[:6] == [
        "training",
        "classes",
        "confusion",
        "mistakes",
        "calibration",
        "selective",
    ]
    assert {"unknown", "robustness", "cost", "recipe", "environment"} <= set(sections)
    links = [attributes["href"] for attributes in page.all("a") if "data-label" not in attributes]
    assert links == [f"#{name}" for name in sections]


def test_the_headline_is_that_of_the_data(reported):
    page, data = reported
    (value,) = page.all("data")
    assert float(value["value"]) == data["accuracy"]
    low, high = data["interval"]
    assert page.shown.count("lenet on digits") == 2  # title and heading
    assert (
        f"{percent(data['accuracy'], 2)} of {data['images']} test images right; "
        f"95 % interval {percent(low, 2)} to {percent(high, 2)}"
    ) in page.shown
    assert f"{data['loss']:.4g}".rstrip("0") in page.shown
    assert f"{len(data['mistakes'])} of {data['images']}" in page.shown


def test_numbers_are_those_of_the_data(reported):
    page, data = reported
    for score in data["per_class"]:
        if score["recall"] is not None:
            assert percent(score["recall"]) in page.shown
    for curve in data["robustness"]["curves"]:
        for level in curve["levels"]:
            assert percent(level["accuracy"]) in page.shown
    assert f"{100 * data['calibration']['ece_before']:.1f} percentage points" in page.shown
    assert f"{data['selective']['area_under_risk_coverage']:.4g}" in page.shown
    assert data["out_of_distribution"]
    for each in data["out_of_distribution"]:
        assert f"{each['auroc']:.3f}{percent(each['false_acceptance'])}" in page.shown
    assert percent(data["rejection"]["unknown"]) in page.shown
    assert f"{data['cost']['parameters']:,}" in page.shown
    assert data["cost"]["device"] in page.shown


def test_curves_are_those_of_the_metrics(reported, digits_run):
    page, _ = reported
    epochs = digits_run.metrics("epoch")
    for epoch in epochs:
        assert f"{epoch['train_loss']:.4g}".rstrip("0") in page.shown
        assert percent(epoch["validation_accuracy"]) in page.shown


def test_every_mistake_is_in_the_page(reported):
    page, data = reported
    (text,) = [text for path, text in page.texts if path[-1:] == ("script",) and text[0] == "{"]
    stored = json.loads(text)
    listed = [
        (path, stored["classes"][label], stored["classes"][predicted], share)
        for path, label, predicted, share in stored["mistakes"]
    ]
    assert listed == [
        (each["path"], each["label"], each["predicted"], round(each["probability"], 6))
        for each in data["mistakes"]
    ]
    assert len(page.all("img")) == min(48, len(listed))
    assert all(path in page.shown for path, *_ in listed[:50])  # also without scripts


def test_tables_beside_the_page(digits_run, reported):
    _, data = reported
    with (digits_run.folder / "predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == data["images"]
    assert {"path", "label", "predicted", "probability", "correct"} <= rows[0].keys()
    wrong = [place for place, row in enumerate(rows) if row["correct"] == "0"]
    assert sorted(each["index"] for each in data["mistakes"]) == wrong
    for each in data["mistakes"]:
        row = rows[each["index"]]
        assert [row["path"], row["label"], row["predicted"]] == [
            each["path"], each["label"], each["predicted"],
        ]  # fmt: skip
        assert float(row["probability"]) == pytest.approx(each["probability"], abs=1e-6)


def write(run, images, **options):
    """The page of an untrained network on these images."""
    evaluation = evaluate(run, images, quiet=True)
    analysis = analyse(evaluation, quiet=True, **options)
    return write_report(analysis)["report"].read_text(encoding="utf-8")


def test_hostile_names_stay_text(make_run):
    classes = (HOSTILE, "\"><img src=x onerror='alert(2)'>", "</style></svg>&amp;")
    pixels = np.random.default_rng(0).integers(0, 256, (12, 1, 28, 28), np.uint8)
    paths = [f"a/</script>{HOSTILE}\x00\u202e{number}.png" for number in range(12)]
    images = ImageSet(pixels, np.arange(12) % 3, classes, paths=paths, name=HOSTILE, split=HOSTILE)
    run = make_run(HOSTILE, classes=classes)
    text = write(run, images, robustness=False)
    page = Page(text)
    check(page)
    assert HOSTILE not in text.replace("\\u003c", "<")[: text.index("<main>")]
    assert text.count("<script") == 2  # the data and the page's own
    assert not any("onerror" in attributes for _, attributes in page.elements)
    for name in classes:
        assert name in page.shown
    assert HOSTILE in page.shown
    assert "\x00" not in text


def test_without_robustness_metrics_and_environment(make_run):
    """A run that knows little has a page with less on it."""
    random = np.random.default_rng(2)
    pixels = random.integers(0, 256, (9, 3, 40, 20), np.uint8)
    images = ImageSet(pixels, np.arange(9) % 3, ("cat", "dog", "emu"), split="validation")
    page = Page(write(make_run("x", channels=3), images, robustness=False))
    check(page)
    sections = [attributes["id"] for attributes in page.all("section")]
    assert not {"training", "robustness", "environment", "forecast", "unknown"} & set(sections)
    assert "Of 9 validation images, which chose the epoch that was kept" in page.shown


def test_no_mistakes(make_run):
    run = make_run("x")
    pixels = np.random.default_rng(0).integers(0, 256, (4, 1, 28, 28), np.uint8)
    images = ImageSet(pixels, [0] * 4, ("cat", "dog", "emu"))
    predicted = evaluate(run, images, quiet=True).logits.values.argmax(dim=1)
    right = ImageSet(pixels, predicted.numpy(), ("cat", "dog", "emu"))
    page = Page(write(run, right, robustness=False))
    check(page)
    assert "Mistakes There are none." in page.shown
    assert "100.00 % of 4 train images right" in page.shown


@pytest.mark.slow
def test_many_classes_have_no_matrix_but_the_largest_mistakes(make_run):
    names = tuple(f"class{number}" for number in range(80))
    pixels = np.random.default_rng(0).integers(0, 256, (160, 1, 28, 28), np.uint8)
    images = ImageSet(pixels, np.arange(160) % 80, names)
    text = write(make_run("x", classes=names), images, robustness=False)
    check(Page(text))
    assert "The matrix of 80 classes is too large to be read here" in Page(text).shown
    assert 'class="confusion"' not in text


@pytest.mark.slow
def test_thousands_of_mistakes_stay_small(make_run):
    pixels = np.random.default_rng(0).integers(0, 256, (5000, 1, 28, 28), np.uint8)
    paths = [f"some/folder/of/images/{number:05}.png" for number in range(5000)]
    images = ImageSet(pixels, np.arange(5000) % 3, ("cat", "dog", "emu"), paths=paths)
    text = write(make_run("x"), images, robustness=False)
    assert len(text) < 500_000
    page = Page(text)
    assert "Paths are those in some/folder/of/images/" in page.shown
    assert len(page.all("tr")) < 300
    assert "Without scripts the page can't show the others" in page.shown


@pytest.mark.slow
def test_forecast_beside_actual(digits_run, tmp_path):
    shutil.copytree(digits_run.folder, tmp_path / "r")
    run = Run(tmp_path / "r")
    rows = [
        {"what": "step", "unit": "s", "forecast": 0.02, "low": 0.01, "high": 0.03, "actual": 0.025},
        {"what": "run time", "unit": "s", "forecast": 100, "low": 90, "high": 110, "actual": 150},
        {"what": "peak memory", "unit": "bytes", "forecast": 2e9, "low": 1.5e9, "high": 3e9},
    ]  # fmt: skip
    (run.folder / "forecast.json").write_text(json.dumps({"rows": rows}))
    evaluation = evaluate(run, quiet=True)
    analysis = analyse(evaluation, robustness=False, quiet=True)
    page = Page(write_report(analysis)["report"].read_text(encoding="utf-8"))
    check(page)
    table = page.shown[page.shown.index("Forecast and actual The") :]
    for text in ("20 ms", "10 ms to 30 ms", "25 ms", "1.25", "yes", "2 min 30 s", "above", "2 GB"):
        assert text in table


def test_a_mistake_made_once_is_not_the_most_frequent():
    once = evaluation_of([0, 0, 1, 1], [0, 1, 1, 0], ("cat", "dog"))
    assert "most frequent mistake" not in _in_words(once)
    twice = evaluation_of([0, 0, 1, 1], [1, 1, 1, 0], ("cat", "dog"))
    assert "Its most frequent mistake: cat taken for dog (2 images)." in _in_words(twice)


def test_the_page_says_where_unknown_is_no_protection():
    known = KnownImages(unknown=0.04, accuracy=0.9, rate=0.05, score="energy")
    rows = [
        OutOfDistribution(name, 100, 0.6, share, "energy")
        for name, share in (("noise", 1.0), ("<digits>", 0.2), ("<letters>", 0.8), ("photos", 0.9))
    ]
    warning = "It gives a class to most of the noise, &lt;letters&gt; and photos images"
    assert warning in unknown(known, rows)
    assert "most of the" not in unknown(known, rows[1:2])
    assert "most of the" not in unknown(None, rows)  # it never promised to say so


def test_the_reliability_of_few_answers_is_drawn_as_uncertain(reported):
    page, data = reported
    bins = [each for each in data["reliability"]["after"] if each["count"]]
    bands = [each for each in page.all("path") if each["class"] == "band look1"]
    drawn = [each["d"].count("L") + 1 for each in bands]  # corners
    assert 2 * len(bins) in drawn


def test_an_empty_setting_is_none(reported):
    assert "{}" not in reported[0].shown
