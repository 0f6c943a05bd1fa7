"""Kernels, attribution, the fields in between, side by side, and folded drawings, as programs ask.

Tests studio/network/attribution.py, studio/network/beside.py, studio/network/between.py,
studio/network/drawing.py, studio/network/kernels.py, inspection/attribution/attribute.py.
"""

import numpy as np
import pytest

import convscope as cs
from convscope.graph.capture import capture
from convscope.graph.operations.table import KINDS
from convscope.inspection.attribution.methods import METHODS
from convscope.inspection.drawing.drawing import draw
from convscope.inspection.open.image import open_image
from convscope.inspection.receptive_field.fields_between import fields_between
from convscope.studio.network.unit import REASONS, WAYS
from convscope.studio.refusals import english_words
from tests.studio.conftest import received, sent, served_studio
from tests.studio.network.stored import built_image, stored_runs

LENET = {"network": "catalog:lenet", "image": "digit-3"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return stored_runs(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def ask_more(runs):
    import httpx

    from tests.studio.conftest import TOKEN

    with (
        served_studio(runs) as address,
        httpx.Client(base_url=address, verify=False, timeout=120) as client,  # noqa: S501
    ):

        def send(path, body=None, status=200):
            headers = {"Authorization": f"Bearer {TOKEN}"}
            url = f"/api/network/{path}"
            if body is None:
                answer = client.get(url, headers=headers)
            else:
                answer = client.post(url, json=body, headers=headers)
            assert answer.status_code == status, answer.text[:500]
            return answer if path.startswith("drawing") and status == 200 else answer.json()

        yield send


@pytest.mark.parametrize("method", METHODS)
def test_attribution_is_that_of_explain(ask_more, method):
    found = ask_more("attribution", {**LENET, "method": method, "label": 3})
    wanted = cs.explain("lenet", built_image("digit-3"), method=method, label=3).attributions[0]
    heat = received(found["heat"])[0]
    assert heat.shape == wanted.heat.shape == (28, 28)
    # The rounding of float32 depends on the number of threads.
    np.testing.assert_allclose(heat, wanted.heat, rtol=1e-3, atol=1e-3 * abs(wanted.heat).max())
    assert (found["signed"], found["label"]) == (wanted.signed, 3)
    assert found["facts"].keys() == wanted.facts.keys()


def test_without_a_class_the_predicted_one_is_explained(ask_more):
    best = ask_more("open", LENET)["answer"]["classes"][0]["number"]
    assert ask_more("attribution", {**LENET, "method": "saliency"})["label"] == best


def test_kernels_are_the_weights(ask_more):
    opened = open_image("lenet", built_image("digit-3"))
    first = opened.network.get_parameter("features.conv1.weight").detach().double().numpy()
    found = ask_more("kernels", {**LENET, "layer": "features.conv1"})
    assert (found["shows"], found["count"], found["size"]) == ("kernels", 6, [5, 5])
    assert (received(found["planes"]) == first[:, 0]).all()
    second = opened.network.get_parameter("features.conv2.weight").detach().double().numpy()
    found = ask_more("kernels", {**LENET, "layer": "features.conv2", "channel": 7})
    assert (found["shows"], found["kernel"], found["channels"]) == ("slices", 7, 6)
    assert (received(found["planes"]) == second[7]).all()


def test_a_layer_without_kernels_says_so(ask_more):
    found = ask_more("kernels", {**LENET, "layer": "features.pool1"})
    assert found == {"layer": "features.pool1", "kind": "average pooling", "none": "none"}


def test_kernels_that_meet_colours_are_images_in_colours(ask_more):
    image = np.random.default_rng(0).integers(0, 256, (3, 64, 64), np.uint8)
    subject = {"network": "catalog:mobilenet-v2", "pixels": sent(image), "size": 64}
    layers = [each for block in ask_more("open", subject)["blocks"] for each in flat(block)]
    [first, *_] = [each["name"] for each in layers if each["description"].startswith("convol")]
    opened = open_image("mobilenet-v2", image, size=64)
    graph = capture(opened.network, opened.pixels)
    weights = graph.weights[graph[first].parameters["weight"]].detach().double().numpy()
    found = ask_more("kernels", {**subject, "layer": first, "channel": 2})
    assert weights.shape[1] == 3
    assert found["shows"] == "colours"
    colours = received(found["images"])
    assert colours.dtype == np.uint8
    largest = abs(weights).max()
    assert abs(colours - (127.5 + 127.5 * weights / largest)).max() <= 0.5
    assert (received(found["planes"]) == weights[2]).all()


def flat(row):
    """A layer, or all those of a block."""
    return [row] if not row["parts"] else [each for part in row["parts"] for each in flat(part)]


def test_fields_between_are_those_of_the_library(ask_more):
    found = ask_more("between", {**LENET, "unit": "features.conv2:5,4,4"})
    opened = open_image("lenet", built_image("digit-3"))
    wanted = fields_between(opened.network, opened.pixels, "features.conv2", (5, 4, 4))
    assert [each["layer"] for each in found["layers"]] == [each.layer for each in wanted]
    for told, own in zip(found["layers"], wanted, strict=True):
        rows, columns = np.flatnonzero(own.rows), np.flatnonzero(own.columns)
        assert told["box"] == {
            "top": rows[0], "bottom": rows[-1], "left": columns[0], "right": columns[-1]
        }  # fmt: skip
        image = received(told["image"])[0]
        assert image.max() == 255
        assert abs(image - 255 * own.effective / own.effective.max()).max() <= 1.5
        assert abs(told["places"] - np.searchsorted(
            np.sort(own.effective, axis=None)[::-1].cumsum(), 0.9 * own.effective.sum()
        )) <= 3  # fmt: skip


def test_two_images_side_by_side(ask_more):
    other = {"network": "catalog:lenet", "image": "digit-8"}
    asked = {**LENET, "other": other, "layer": "features.conv1", "channel": 4}
    found = ask_more("beside", asked)
    planes = [received(each["plane"]) for each in found["sides"]]
    for plane, subject in zip(planes, (LENET, other), strict=True):
        alone = ask_more("plane", {**subject, "layer": "features.conv1", "channel": 4})
        assert (plane == received(alone["plane"])).all()
    assert found["lowest"] == min(plane.min() for plane in planes)
    assert found["highest"] == max(plane.max() for plane in planes)
    assert found["difference"]["value"] >= abs(planes[0] - planes[1]).max() > 0
    assert found["sides"][1]["answer"] == ask_more("open", other)["answer"]


def test_a_checkpoint_beside_its_run(ask_more, runs):
    names = ask_more("choices")["checkpoints"]
    assert names
    assert all(name.startswith("stored:first@step-") for name in names)
    run = {"network": "stored:first", "image": "digit-3"}
    found = ask_more(
        "beside",
        {**run, "other": {**run, "network": names[0]}, "layer": "features.conv1", "channel": 0},
    )
    # One epoch was trained: its checkpoint holds the weights that were kept.
    assert found["difference"]["value"] == 0
    assert [each["name"] for each in found["sides"]] == ["stored:first", names[0]]
    file = runs / "first" / "checkpoints" / f"{names[0].partition('@')[2]}.safetensors"
    whole = file.read_bytes()
    try:
        file.write_bytes(whole[:-4])
        refused = ask_more("open", {**run, "image": "digit-4", "network": names[0]}, 422)
        assert "wrong checksum" in refused["error"]
    finally:
        file.write_bytes(whole)


def test_blocks_fold_in_the_drawing(ask_more):
    blocks = ask_more("blocks?network=catalog:resnet9")["blocks"]
    assert [each["name"] for each in blocks] == ["features.3", "features.8"]
    plain = ask_more("drawing?network=catalog:resnet9").text
    assert plain == draw("resnet9").svg()
    folded = ask_more("drawing?network=catalog:resnet9&folded=features.3|features.8").text
    assert folded.count("7 layers") == 2
    assert ask_more("blocks?network=catalog:lenet")["blocks"] == []


@pytest.mark.parametrize(
    ("path", "asked", "key"),
    [
        ("kernels", {"layer": "no-such"}, "layer"),
        ("kernels", {"layer": "features.conv1", "channel": 99}, "channel"),
        ("attribution", {"method": "guessing"}, "method"),
        ("attribution", {"method": "saliency", "label": 10}, "label"),
        ("attribution", {"method": "grad-cam", "network": "catalog:mlp"}, "attribution"),
        ("between", {"unit": "features.conv1:0,99,0"}, "unit"),
        ("between", {"unit": "features.conv1:x"}, "unit"),
        ("beside", {"layer": "features.conv1", "other": {"network": "stored:gone"}}, "name"),
        ("beside", {"layer": "features.conv1", "other": {"network": "catalog:mlp",
                                                         "image": "digit-3"}}, "layer"),
        ("open", {"network": "stored:first@step-00000099"}, "name"),
        ("open", {"network": "stored:first@../../first/model"}, "name"),
    ],
)  # fmt: skip
def test_what_can_not_be_shown_is_refused_in_words(ask_more, path, asked, key):
    found = ask_more(path, {**LENET, **asked}, 422)
    assert found["key"] == f"refused.network.{key}"
    assert len(found["error"]) > 30


def test_the_page_has_words_for_every_way_a_gradient_flows_back():
    ways = {kind.way for kind in KINDS.values() if kind.backward is not None}
    assert ways <= WAYS.keys()
    words = english_words()
    assert all(f"network.way.{key}" in words for key in WAYS.values())
    assert all(f"network.why.{key}" in words for key in (*REASONS.values(), "unused"))


def test_ways_are_sent_with_their_layers(ask_more):
    found = ask_more("unit", {**LENET, "unit": "features.pool1:2,3,3", "backward": True})
    [way] = found["backward"]["unit"]["ways"]
    assert (way["way"], way["layers"]) == ("windows", ["features.conv2"])
    output = ask_more("open", LENET)["output"]
    last = ask_more("unit", {**LENET, "unit": f"{output}:4", "backward": True, "label": 4})
    assert last["backward"]["unit"]["why"] == "label"
    assert last["backward"]["weight"]["ways"][0]["way"] == "met"
