"""The network view's numbers against the Python API, and what it refuses.

Tests studio/network/arithmetic.py, studio/network/choose.py, studio/network/overview.py,
studio/network/planes.py, studio/network/routes.py, studio/network/subject.py,
studio/network/unit.py.
"""

import json

import numpy as np
import pytest
import torch

import convscope as cs
from convscope.graph.capture import capture
from convscope.inspection.open.image import open_image
from convscope.inspection.unit.unit import explain_unit
from convscope.runs.model_file import ModelCard, save_model
from convscope.studio.network.choose import list_stored
from convscope.studio.network.subject import InspectedSubjects, SubjectRequest
from convscope.studio.run_images import EvaluatedImages
from convscope.web.failures import Refused
from tests.studio.conftest import received, sent, served_studio
from tests.studio.network.stored import built_image, stored_runs

CASES = {  # network, and the size that its test image gets
    "catalog:lenet": 28,
    "catalog:resnet18": 64,
    "catalog:mobilenet-v2": 64,
    "stored:first": 28,
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return stored_runs(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def address(runs):
    with served_studio(runs) as address:
        yield address


@pytest.fixture
def ask_network(address):
    """Ask with the token, as the page does."""
    import httpx

    from tests.studio.conftest import TOKEN

    with httpx.Client(base_url=address, verify=False, timeout=120) as client:  # noqa: S501

        def send(path, body=None, status=200):
            headers = {"Authorization": f"Bearer {TOKEN}"}
            url = f"/api/network/{path}"
            answer = (
                client.get(url, headers=headers)
                if body is None
                else client.post(url, json=body, headers=headers)
            )
            assert answer.status_code == status, answer.text[:500]
            return answer.json()

        yield send


def test_choices_name_catalog_runs_and_weights(ask_network):
    found = ask_network("choices")
    assert [each["name"] for each in found["catalog"]] == [
        f"catalog:{name}" for name in cs.list_networks()
    ]
    assert {"stored:first", "stored:alone.safetensors"} <= set(found["stored"])
    assert "digit-3" in found["images"]


@pytest.mark.parametrize("name", CASES)
def test_layers_maps_and_units_are_those_of_the_python_api(ask_network, runs, name):
    size = CASES[name]
    random = np.random.default_rng(len(name))
    image = random.integers(0, 256, (3, size, size), np.uint8)
    subject = {"network": name, "pixels": sent(image), "size": size}
    kind, _, rest = name.partition(":")
    opened = open_image(rest if kind == "catalog" else runs / rest, image, size=size)
    graph = capture(opened.network, opened.pixels)
    found = ask_network("open", subject)
    assert found["parameters"] == sum(p.numel() for p in opened.network.parameters())
    assert (received(found["image"]) == opened.image).all()
    shares = (graph.output.value[0].double() / opened.temperature).softmax(0)
    for each in found["answer"]["classes"]:
        assert each["probability"] == pytest.approx(float(shares[each["number"]]), rel=1e-4)
    leaves = [row for row in flat(found["blocks"]) if not row["parts"] and not row["reason"]]
    for row in random.choice(leaves, 3, replace=False):
        node = graph[row["name"]]
        assert row["shape"] == list(node.unit_shape)
        index = tuple(int(i) for i in random.integers(0, node.unit_shape))
        if len(index) == 3:
            plane = ask_network("plane", {**subject, "layer": node.name, "channel": index[0]})
            assert_near(received(plane["plane"])[0], node.value[0, index[0]].numpy())
        unit = f"{node.name}:{','.join(map(str, index))}"
        backward = explain_unit(opened, unit, backward=True)
        told = ask_network("unit", {**subject, "unit": unit, "backward": True})
        assert_near(told["value"], backward.value, float(node.value.abs().max()))
        assert told["agrees"]
        for step, wanted in zip(told["steps"], backward.steps, strict=True):
            assert_near(step["explained"]["value"], wanted.form.result, wanted.form.magnitude)
            assert step["difference"]["value"] == abs(step["explained"]["value"] - step["value"])
            own = step["explained"]["value"]
            assert is_near(added_up(step["arithmetic"]), own, wanted.form.magnitude)
        gradients = backward.backward
        for part, wanted in (
            ("unit", gradients.number), ("weight", gradients.weight), ("input", gradients.source)
        ):  # fmt: skip
            assert (told["backward"][part] is None) == (wanted is None)
            # Of weights whose gradients are alike, rounding may choose another.
            if wanted is not None and told["backward"][part]["index"] == list(wanted.index):
                found = told["backward"][part]
                assert_near(found["value"], wanted.value, wanted.form.magnitude)
                own = found["explained"]["value"]
                assert is_near(added_up(found["arithmetic"]), own, wanted.form.magnitude)


def assert_near(found, wanted, scale=None):
    """Equal but for the rounding of float32, which depends on the number of threads."""
    wanted = np.asarray(wanted)
    scale = max(float(np.abs(wanted).max()) if scale is None else scale, 1e-6)
    assert np.abs(np.asarray(found) - wanted).max() <= 1e-3 * scale


def flat(rows):
    """All rows, folded ones too."""
    return [each for row in rows for each in (row, *flat(row["parts"]))]


def is_near(found, result, magnitude):
    """Whether the parts that are sent add up to the result that is sent beside them."""
    return found is None or abs(found - result) <= 1e-9 * max(1, magnitude)


def added_up(form):
    """The result by what is shown alone: the parts and the rest."""
    if form["form"] == "sum":
        bias = 0.0 if form["bias"] is None else form["bias"]["value"]
        total = bias
        for term in form["terms"]:
            total += sum(received(window["products"]).sum() for window in term["windows"])
            total += sum(each["left"]["value"] * each["right"]["value"] for each in term["listed"])
            total += 0.0 if term["rest"] is None else term["rest"]["value"]
        return total
    if form["form"] in ("largest", "smallest"):
        return form["winner"]["value"]
    if form["form"] == "copy":
        return form["given"]["value"]
    if form["form"] == "softmax":
        [own] = [row for row in form["rows"] if row["own"]]
        return own["power"]["value"] / form["powers"]["value"]
    given = {each["symbol"]: each["value"] for each in form["given"]}
    if {"x", "mean", "variance", "γ", "β"} <= given.keys():
        return (given["x"] - given["mean"]) / np.sqrt(given["variance"] + 1e-5) * given[
            "γ"
        ] + given["β"]
    return None  # the library's own tests know each formula


def test_thumbnails_of_large_maps_are_means_and_say_so(ask_network):
    subject = {"network": "catalog:resnet18", "image": "china", "size": 224}
    found = ask_network("planes", {**subject, "layer": "conv1"})
    assert (found["reduced"], found["count"], found["shape"]) == (True, 64, [64, 112, 112])
    small = received(found["thumbnails"])
    whole = received(ask_network("plane", {**subject, "layer": "conv1", "channel": 5})["plane"])
    assert small.shape == (64, 48, 48)
    wanted = torch.nn.functional.adaptive_avg_pool2d(torch.from_numpy(whole.copy()), (48, 48))
    assert np.allclose(small[5], wanted[0].numpy(), rtol=1e-12, atol=1e-12)


def test_the_field_is_that_of_the_python_api(ask_network):
    image = built_image("digit-3")
    found = ask_network(
        "field", {"network": "catalog:lenet", "image": "digit-3", "unit": "features.pool1:2,3,3"}
    )
    opened = open_image("lenet", image)
    wanted = cs.receptive_field(opened.network, "features.pool1:2,3,3", image=opened.pixels[0])
    assert_near(received(found["field"])[0], wanted.effective)
    assert abs(found["pixels"] - wanted.pixels_that_matter) <= 2


@pytest.mark.parametrize(
    ("path", "asked", "key"),
    [
        ("open", {"network": "catalog:../../etc/passwd"}, "name"),
        ("open", {"network": "stored:../first"}, "name"),
        ("open", {"network": "stored:/etc"}, "name"),
        ("open", {"network": "/etc/passwd"}, "name"),
        ("open", {"network": "stored:<img src=y onerror=alert(2)>"}, "name"),
        ("open", {"network": "stored:unfinished"}, "open"),
        ("open", {"network": "stored:broken.safetensors"}, "open"),
        ("open", {"size": 4}, "size"),
        ("open", {"image": "", "pixels": {"shape": [2, 3, 3], "type": "uint8",
                                          "data": "AAAAAAAAAAAAAAAAAAAAAAAA"}}, "pixels"),
        ("planes", {"layer": "no-such"}, "layer"),
        ("plane", {"layer": "features.conv1", "channel": 99}, "channel"),
        ("unit", {"unit": "features.conv1:0,99,0"}, "unit"),
        ("unit", {"unit": "nonsense"}, "unit"),
        ("unit", {"unit": "features.conv1:0,0,0", "backward": True, "label": 77}, "unit"),
        ("field", {"unit": "features.conv1:a,b"}, "unit"),
    ],
)  # fmt: skip
def test_what_is_not_possible_is_refused_in_words(ask_network, path, asked, key):
    found = ask_network(path, {"network": "catalog:lenet", "image": "digit-3", **asked}, 422)
    assert found["key"] == f"refused.network.{key}"
    assert len(found["error"]) > 30
    assert "Traceback" not in found["error"]


def test_a_module_of_ones_own_is_refused_with_what_to_do(tmp_path):
    file = tmp_path / "own net.safetensors"
    card = ModelCard(
        network="", classes=("dark", "light"), channels=1, size=12, mean=(0.5,), std=(0.2,)
    )
    save_model(file, torch.nn.Linear(2, 2), card)
    asked = {"network": "stored:own net.safetensors", "image": "digit-3"}
    with pytest.raises(Refused) as refused:
        InspectedSubjects(tmp_path, EvaluatedImages(tmp_path)).open(SubjectRequest(**asked))
    assert refused.value.details["key"] == "refused.network.own"
    assert f"convscope show '{file}' --network FILE.py:NAME" in str(refused.value)


def test_hostile_names_of_runs_open_as_any_other(ask_network, runs):
    names = [name for name in list_stored(runs) if name.startswith(("<img", "a‮", "😀"))]
    assert len(names) == 3
    for name in names:
        subject = {"network": f"stored:{name}", "image": "digit-3"}
        assert ask_network("open", subject)["name"] == f"stored:{name}"


def test_only_the_last_subject_is_kept(tmp_path):
    subjects = InspectedSubjects(tmp_path, EvaluatedImages(tmp_path))
    first = SubjectRequest(network="catalog:lenet", image="digit-3")
    one = subjects.open(first)
    assert subjects.open(first) is one
    other = subjects.open(SubjectRequest(network="catalog:lenet", image="digit-4"))
    assert subjects.open(first) is not one
    assert other is not one


def test_numbers_that_are_not_finite_are_null_with_a_flag(runs):
    from convscope.studio.network.arithmetic import send_number

    assert send_number(float("nan")) == {"value": None, "is": "NaN"}
    assert send_number(float("-inf")) == {"value": None, "is": "−∞"}
    json.dumps(send_number(float("inf")), allow_nan=False)
