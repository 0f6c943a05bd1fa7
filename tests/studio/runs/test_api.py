"""The runs view's numbers against the Python API, and what it refuses.

Tests studio/run_images.py, studio/runs/cells.py, studio/runs/curves.py, studio/runs/downloads.py,
studio/runs/facts.py, studio/runs/result.py, studio/runs/routes.py.
"""

import csv
import io
import json
import shutil

import httpx
import numpy as np
import pytest

import convscope as cs
from convscope.runs.metric_curves import metric_curves
from convscope.runs.run import Run
from tests.studio.conftest import TOKEN, received, served_studio
from tests.studio.runs.stored import GOLDEN, HOSTILE, all_kinds, copy_run, long_run


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return all_kinds(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def client(runs):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with (
        served_studio(runs) as address,
        httpx.Client(base_url=address, verify=False, timeout=60, headers=headers) as client,  # noqa: S501
    ):
        yield client


@pytest.fixture
def ask_runs(client):
    def send(path, body=None, status=200, **query):
        url = f"/api/runs/{path}"
        answer = client.get(url, params=query) if body is None else client.post(url, json=body)
        assert answer.status_code == status, answer.text[:500]
        return answer

    return send


def test_the_table_and_its_csv_say_the_same(ask_runs, runs):
    found = ask_runs("table").json()
    assert found["folder"] == str(runs)
    rows = {row["name"]: row for row in found["runs"]}
    assert len(rows) == len(found["runs"]) == 12
    assert rows["first"]["accuracy"] == cs.Run(runs / "first").summary()["accuracy"]
    table = list(csv.DictReader(io.StringIO(ask_runs("table.csv").text)))
    assert [row["name"].removeprefix("'") for row in table] == list(rows)
    for row in table:
        told = rows[row["name"].removeprefix("'")]
        assert row["state"] == told["state"]
        assert float(row["accuracy"] or -1) == (
            -1 if told["accuracy"] is None else told["accuracy"]
        )


def test_a_run_is_shown_with_what_its_files_say(ask_runs, runs):
    found = ask_runs("one", {"run": "first"}).json()
    kept = json.loads((GOLDEN / "evaluation.json").read_text(encoding="utf-8"))
    for name in ("accuracy", "confusion", "classes", "calibration", "reliability", "loss"):
        assert found["result"][name] == kept[name]
    assert found["result"]["rejection"]["unknown"] == kept["rejection"]["unknown"]
    assert found["recipe"] == str(Run(GOLDEN).recipe)
    assert [row["what"] for row in found["forecast"]] == ["run time", "step time", "peak memory"]
    assert (found["has_model"], found["has_report"]) == (True, False)
    assert found["problems"] == []
    assert found["size"] == Run(GOLDEN).recipe.size


def test_the_size_of_images_is_known_where_the_recipe_leaves_it_to_the_data(ask_runs, runs):
    made = copy_run(runs, "own size")
    recipe = made / "recipe.toml"
    lines = recipe.read_text(encoding="utf-8").splitlines(keepends=True)
    recipe.write_text("".join(each for each in lines if not each.startswith("size")), "utf-8")
    found = ask_runs("one", {"run": "own size"}).json()
    assert (found["summary"]["size"], found["size"]) == (None, 16)
    for content in (b"no model", None):
        (made / "model.safetensors").unlink()
        if content:
            (made / "model.safetensors").write_bytes(content)
        assert ask_runs("one", {"run": "own size"}).json()["size"] is None
    shutil.rmtree(made)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("damaged line", "Line 2 of"),
        ("damaged evaluation", "evaluation.json"),
        ("damaged forecast", "forecast.json"),
        ("damaged recipe", "can't be read as TOML"),
    ],
)
def test_what_is_damaged_is_said_and_the_rest_shown(ask_runs, name, said):
    found = ask_runs("one", {"run": name}).json()
    assert said in " ".join(found["problems"])
    assert (found["recipe"] is None) == (name == "damaged recipe")
    assert (found["result"] is None) == (name in ("damaged evaluation", "damaged recipe"))
    assert ask_runs("curves", {"runs": [name]}).json()["runs"][0]["name"] == name


def test_older_evaluations_lack_parts_and_are_shown(ask_runs):
    result = ask_runs("one", {"run": "older"}).json()["result"]
    assert result["accuracy"] > 0
    assert (result["reliability"], result["rejection"], result["calibration"]) == (None,) * 3


def test_curves_are_those_of_the_metrics(ask_runs, runs):
    asked = {"runs": ["first", "gone", HOSTILE[0]]}
    first, gone, hostile = ask_runs("curves", asked).json()["runs"]
    curves = metric_curves(Run(runs / "first").metrics())
    assert [each["name"] for each in first["curves"]] == list(curves)
    for each in first["curves"]:
        curve = curves[each["name"]]
        assert (each["steps"], each["values"]) == (list(curve.steps), list(curve.values))
        assert each["sentence"]["en"] == curve.in_words().en
    assert gone["gone"]["key"] == "refused.runs.name"
    assert hostile["curves"] == first["curves"]


def test_long_curves_are_reduced_and_keep_their_extremes(ask_runs, runs):
    made = long_run(runs, 20_000)
    try:
        found = ask_runs("curves", {"runs": ["long"], "most": 500}).json()["runs"][0]["curves"]
        loss = next(each for each in found if each["name"] == "loss")
        assert loss["count"] == 20_000
        assert 100 < len(loss["steps"]) <= 500
        assert (loss["steps"][0], loss["steps"][-1]) == (1, 20_000)
        near = ask_runs("curves", {"runs": ["long"], "first": 99.5, "last": 200}).json()
        near = next(each for each in near["runs"][0]["curves"] if each["name"] == "loss")
        assert near["steps"] == list(range(100, 201))
    finally:
        shutil.rmtree(made)


def test_metrics_as_csv_hold_every_line(ask_runs, runs):
    table = list(csv.DictReader(io.StringIO(ask_runs("metrics.csv", name="first").text)))
    lines = Run(runs / "first").metrics()
    assert len(table) == len(lines)
    for row, line in zip(table, lines, strict=True):
        told = {name: text for name, text in row.items() if text}
        assert told == {name: str(value) for name, value in line.items() if value is not None}


def test_a_cell_holds_the_images_that_are_in_it(ask_runs, runs):
    evaluation = cs.evaluate(runs / "first", quiet=True, out_of_distribution=())
    row, column = np.argwhere(
        (evaluation.confusion > 0) & ~np.eye(len(evaluation.classes), dtype=bool)
    )[0]
    label, predicted = evaluation.classes[row], evaluation.classes[column]
    asked = {"run": "first", "label": label, "predicted": predicted}
    found = ask_runs("cell", asked).json()
    wanted = [each for each in evaluation.mistakes if (each.label, each.predicted) == (
        label, predicted)]  # fmt: skip
    assert found["count"] == len(wanted) == evaluation.confusion[row, column]
    assert [each["path"] for each in found["images"]] == [each.path for each in wanted][:24]
    shares = [each["probability"] for each in found["images"]]
    assert shares == sorted(shares, reverse=True)
    places = [each["index"] for each in found["images"][:3]]
    sent = ask_runs("images", {"run": "first", "places": places}).json()["images"]
    for place, image in zip(places, sent, strict=True):
        assert (received(image["image"]) == evaluation.images.images[place]).all()
        assert (image["path"], image["label"]) == (evaluation.images.paths[place], label)


def test_right_images_stand_in_the_predictions(ask_runs, runs):
    kept = json.loads((runs / "older" / "evaluation.json").read_text(encoding="utf-8"))
    count = max(kept["confusion"][i][i] for i in range(10))
    name = next(kept["classes"][i] for i in range(10) if kept["confusion"][i][i] == count)
    asked = {"run": "older", "label": name, "predicted": name}
    refused = ask_runs("cell", asked, 422).json()
    assert refused["key"] == "refused.runs.predictions"
    assert "convscope evaluate" in refused["error"]
    wrong = {each["index"]: each for each in kept["mistakes"]}
    images = sum(map(sum, kept["confusion"]))
    lines = ["path,label,predicted,probability,correct,unknown"]
    for index in range(images):
        each = wrong.get(index)
        pair = (each["label"], each["predicted"], 0.5, 0) if each else (name, name, 0.75, 1)
        lines.append(f"'=file{index},{pair[0]},{pair[1]},{pair[2]},{pair[3]},1")
    (runs / "older" / "predictions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = ask_runs("cell", {**asked, "first": 2}).json()
    assert len(found["images"]) == 24
    right = [index for index in range(images) if index not in wrong]
    assert [each["index"] for each in found["images"]] == right[2:26]
    assert found["images"][0]["path"] == f"=file{right[2]}"
    assert found["images"][0]["unknown"] is True
    assert ask_runs("predictions.csv", name="older").text.startswith("path,label")


def test_what_can_not_be_had_is_refused_in_words(ask_runs, runs):
    for path, body in (
        ("one", {"run": "../first"}),
        ("cell", {"run": "gone", "label": "0", "predicted": "1"}),
    ):
        assert ask_runs(path, body, 422).json()["key"] == "refused.runs.name"
    for path in ("metrics.csv", "report", "predictions.csv"):
        assert ask_runs(path, status=422, name="gone").json()["key"] == "refused.runs.name"
    assert ask_runs("report", status=404, name="first").json()["key"] == "refused.runs.file"
    unknown = {"run": "first", "label": "0", "predicted": "horse"}
    assert ask_runs("cell", unknown, 422).json()["key"] == "refused.runs.class"
    unevaluated = {"run": "stopped", "label": "0", "predicted": "1"}
    assert ask_runs("cell", unevaluated, 422).json()["key"] == "refused.runs.unevaluated"
    beyond = {"run": "first", "places": [100_000]}
    assert ask_runs("images", beyond, 422).json()["key"] == "refused.runs.image"
    assert ask_runs("images", {"run": "stopped", "places": [1]}, 422).json()["key"] == (
        "refused.runs.data"
    )
    ask_runs("metrics.csv", status=422, name="damaged line")
    ask_runs("curves", {"runs": ["first"], "most": 3}, 422)


def test_images_of_another_evaluation_are_not_shown(ask_runs, runs):
    made = copy_run(runs, "changed data")
    try:
        kept = json.loads((made / "evaluation.json").read_text(encoding="utf-8"))
        (made / "evaluation.json").write_text(json.dumps({**kept, "fingerprint": "0" * 32}))
        refused = ask_runs("images", {"run": "changed data", "places": [0]}, 422).json()
        assert "aren't those" in refused["error"]
    finally:
        shutil.rmtree(made)


def test_the_network_view_opens_an_evaluated_image(client, runs):
    evaluation = cs.evaluate(runs / "first", quiet=True, out_of_distribution=())
    mistake = evaluation.mistakes[0]
    asked = {"network": "stored:first", "image": f"evaluated:{mistake.index}:first"}
    found = client.post("/api/network/open", json=asked).json()
    best = max(found["answer"]["classes"], key=lambda each: each["probability"])
    assert best["name"] == mistake.predicted
    assert best["probability"] == pytest.approx(mistake.probability, rel=1e-3)
    for image in ("evaluated:x:first", "evaluated:99999:first", "evaluated:1:gone", "evaluated:"):
        refused = client.post("/api/network/open", json={**asked, "image": image})
        assert refused.status_code in (404, 422), image
        assert refused.json()["key"]


def test_a_report_is_shut_off_from_studio(client, runs):
    page = "<script>alert(1)</script>"
    (runs / "older" / "report.html").write_text(page, encoding="utf-8")
    answer = client.get("/api/runs/report", params={"name": "older"})
    assert answer.text == page
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts")
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert client.get("/api/runs/table", headers={"Authorization": ""}).status_code == 401
