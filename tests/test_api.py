"""The public interface: what every result promises, and that docs/api.md tells the truth.

The results come from small real runs on images whose files, classes and folders have names that are
HTML, for whatever a person names so must never reach a notebook as HTML.
"""

import ast
import inspect
import json
import re
import shutil
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image

import convscope as cs
from convscope.look.html import escape
from convscope.runs.fold_group import open_fold_group
from convscope.runs.model_file import ModelCard, save_model
from convscope.tuning.study import Retest, TriedRecipe, write_study
from tests.conftest import slow

API = Path(__file__).parents[1] / "docs" / "api.md"
HOSTILE = "<script>alert(1)"
CLASSES = (HOSTILE, "<img src=x onerror='alert(2)'>", "plain \"&amp;'")
VOID = {"br", "img", "meta"}


class Balanced(HTMLParser):
    """Collects tags and text, and complains of tags that aren't closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text = [], set(), ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        assert not any(name.startswith("on") for name, _ in attributes)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of images, sixteen of each class, that a network can tell apart."""
    root = tmp_path_factory.mktemp("api") / f"{HOSTILE}images"
    random = np.random.default_rng(0)
    for number, name in enumerate(CLASSES):
        (root / name).mkdir(parents=True)
        for place in range(16):
            pixels = random.integers(0, 60, (28, 28)) + 80 * number
            Image.fromarray(pixels.astype(np.uint8)).save(root / name / f"{HOSTILE}{place}.png")
    return root


@pytest.fixture(scope="module")
def seeds(folder):
    settings = {"epochs": 1, "size": 28, "precision": "float32", "threads": 1, "batch_size": 8}
    out = folder.with_name(f"{HOSTILE}seeds")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("curves_figure", "confusion_figure", "mistakes_figure"):
            patch.setattr(f"convscope.evaluation.report.{name}", lambda *_: None)
        return cs.train_seeds("lenet", folder, "fast", seeds=2, out=out, quiet=True, **settings)


@pytest.fixture(scope="module")
def run(seeds):
    return seeds.runs[0]


@pytest.fixture(scope="module")
def image(folder):
    return folder / CLASSES[0] / f"{HOSTILE}3.png"


def torchvision_weights(folder, path):
    """Weights are written under torchvision's names only for networks that it has, too."""
    card = ModelCard(
        network="resnet18", classes=CLASSES, channels=3, size=32, mean=(0.5,) * 3, std=(0.5,) * 3
    )
    torch.manual_seed(0)
    save_model(folder / "resnet.safetensors", cs.build("resnet18", 3, len(CLASSES)), card)
    return cs.export(folder / "resnet.safetensors", path)


def folds_of(run, folder):
    """A group with one fold done, as if the run were it."""
    folder /= f"{HOSTILE}folds"
    group = open_fold_group(folder, run.recipe, 2)
    shutil.copytree(run.folder, group.run_folder(1))
    return group


def study_of(run, folder):
    """A search with one trial that was measured and trained with new seeds, on hostile names."""
    trial = TriedRecipe(0, "measured", "", {"learning_rate": 0.1}, (0.5, 0.75), 3.0)
    failed = TriedRecipe(1, "failed", HOSTILE, {"learning_rate": 0.2}, (), 1.0)
    again = Retest(0, (0.5, 0.75), (0.5, 0.5), "test", "seeds")
    recipe = run.recipe.replace(network="stack")
    rows = [trial, failed], [again]
    (folder / f"{HOSTILE}search").mkdir(parents=True)
    place = folder / f"{HOSTILE}search"
    return write_study(place, HOSTILE, "sqlite:///s.db", recipe, ["learning_rate=0.1..0.2"], *rows)


@cache
def plan_of(run):
    """One plan for all that it is asked, since what it has measured is kept."""
    return cs.plan(run)


RESULTS = {
    "recipe": lambda run, image, folder: run.recipe,
    "train": lambda run, image, folder: run,
    "train_seeds": lambda run, image, folder: cs.SeedGroup(run.folder.parent),
    "train_folds": lambda run, image, folder: folds_of(run, folder),
    "tune": lambda run, image, folder: study_of(run, folder),
    "evaluate": lambda run, image, folder: cs.evaluate(run, quiet=True),
    "predict": lambda run, image, folder: cs.predict(run, image.parent, quiet=True),
    "compare": lambda run, image, folder: cs.compare([*cs.SeedGroup(run.folder.parent).runs]),
    "plan": lambda run, image, folder: plan_of(run),
    "forecast": lambda run, image, folder: plan_of(run).forecast(4),
    "alternatives": lambda run, image, folder: plan_of(run).alternatives(quiet=True),
    "elsewhere": lambda run, image, folder: plan_of(run).elsewhere("a100"),
    "largest_batch": lambda run, image, folder: plan_of(run).largest_batch(2 * 10**9),
    "plan_all": lambda run, image, folder: cs.plan_all(
        image.parents[1], size=28, runs=folder, quiet=True
    ),
    "diagnose": lambda run, image, folder: cs.diagnose(run, quiet=True),
    "export": lambda run, image, folder: cs.export(run, folder / "<b>.onnx", quiet=True),
    "export_weights": lambda run, image, folder: torchvision_weights(
        folder, folder / "<b>.safetensors"
    ),
    "trace": lambda run, image, folder: cs.trace(run),
    "draw": lambda run, image, folder: cs.draw(run),
    "unit": lambda run, image, folder: cs.unit(run, image, "features.conv1:1,2,3", backward=True),
    "receptive_field": lambda run, image, folder: cs.receptive_field(
        run, "features.conv2:1,2,3", image=image
    ),
    "explain": lambda run, image, folder: cs.explain(run, image),
    "feature_maps": lambda run, image, folder: cs.feature_maps(run, image, "features.conv1"),
    "first_kernels": lambda run, image, folder: cs.first_kernels(run),
    "filter_image": lambda run, image, folder: cs.filter_image(image, "sobel-vertical"),
    "find_exciting_images": lambda run, image, folder: cs.find_exciting_images(
        run, image.parents[1], "features.conv1", [0, 2], quiet=True
    ),
    "compare_initializations": lambda run, image, folder: cs.compare_initializations(
        run, image.parents[1]
    ),
    "describe_parameters": lambda run, image, folder: cs.describe_parameters(run, image.parents[1]),
}
LONG = {"diagnose", "export", "plan", "alternatives", "unit"}
WITHOUT_FIGURE = {
    "recipe", "forecast", "alternatives", "elsewhere", "largest_batch", "export", "export_weights"
}  # fmt: skip


@pytest.mark.parametrize("name", [*sorted(RESULTS.keys() - LONG), *slow(*sorted(LONG))])
def test_what_every_result_promises(name, run, image, tmp_path, monkeypatch):
    monkeypatch.setattr("convscope.planning.overview.list_networks", lambda: ["lenet", "mlp"])
    written = tmp_path / "written"
    written.mkdir()
    result = RESULTS[name](run, image, tmp_path)
    text = str(result)
    assert text.strip()
    for wrong in ("\x1b", "array(", "tensor(", " object at 0x", type(result).__name__ + "("):
        assert wrong not in text
    html = result._repr_html_()
    page = Balanced(html)
    assert page.tags & {"table", "svg", "div", "p", "pre"}
    assert not page.tags & {"script", "img"}
    assert len(html) < 1_000_000
    data = result.as_dict()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert hasattr(result, "figure") is (name not in WITHOUT_FIGURE)
    if name not in WITHOUT_FIGURE:
        assert isinstance(result.figure(), Figure)
        assert not [*written.iterdir()]  # nothing is written unasked
        assert isinstance(result.figure(written / "f.png"), Figure)
        assert [path.name for path in written.iterdir()] == ["f.png"]


@pytest.mark.parametrize(
    "name", ["train", "train_seeds", "train_folds", "tune", "evaluate", "predict", "compare"]
)
def test_hostile_names_are_shown_as_they_are(name, run, image, tmp_path):
    result = RESULTS[name](run, image, tmp_path)
    assert escape(HOSTILE) in result._repr_html_()
    assert HOSTILE in Balanced(result._repr_html_()).text


class Shown:
    """A default as docs/api.md writes it."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text


def shown_signature(function):
    """How docs/api.md writes a signature: names and defaults, without types."""
    found = inspect.signature(function)
    parameters = []
    for each in found.parameters.values():
        default = each.default
        if isinstance(default, cs.Reading) and default == cs.Reading():
            default = Shown("Reading()")
        parameters.append(each.replace(annotation=each.empty, default=default))
    return str(found.replace(parameters=parameters, return_annotation=found.empty))


def table_rows(text):
    """The cells of every row of every table."""
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in text.splitlines()
        if line.startswith("| `")
    ]
    return [[cell.strip("| ") for cell in row] for row in rows]


@pytest.fixture(scope="module")
def page():
    return API.read_text(encoding="utf-8")


FUNCTIONS = [name for name in cs.__all__ if inspect.isfunction(getattr(cs, name))]
CLASSES_OF_RESULTS = [name for name in cs.__all__ if inspect.isclass(getattr(cs, name))]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signatures_of_the_page(name, page):
    function = getattr(cs, name)
    rows = [row for row in table_rows(page) if row[0].startswith(f"`{name}(")]
    assert len(rows) == 1, f"docs/api.md has {len(rows)} rows for {name}"
    call, returns, *_ = rows[0]
    assert call == f"`{name}{shown_signature(function)}`"
    assert set(re.findall(r"\w+", returns)) >= set(
        re.findall(r"[A-Z]\w+", str(inspect.signature(function).return_annotation))
    )


@pytest.mark.parametrize("name", CLASSES_OF_RESULTS)
def test_classes_of_the_page_can_do_what_it_says(name, page):
    rows = [row for row in table_rows(page) if row[0] == f"`{name}`"]
    assert len(rows) == 1, f"docs/api.md has {len(rows)} rows for {name}"
    known = getattr(cs, name)
    kinds = [each for each in known.__mro__ if each.__module__.startswith("convscope")]
    fields = {*dir(known)}.union(*(getattr(each, "__annotations__", {}) for each in kinds))
    documented = re.findall(r"`\.(\w+)", rows[0][-1])
    said = "\n".join(each.__doc__ or "" for each in kinds)
    attributes = re.findall(r"^ {8}(\w+): ", said, re.MULTILINE)
    for each in documented:
        assert each in fields | set(attributes), f"{name} has no {each}"
    says_figure = "figure" in documented
    if not issubclass(known, Exception):
        assert says_figure is hasattr(known, "figure")


def python_of(page):
    return "\n".join(re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))


def test_examples_name_what_exists(page):
    """Every call of `cs.` fits its signature; tests/test_docs.py runs them all."""
    used = set()
    for node in ast.walk(ast.parse(python_of(page))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if isinstance(node.func.value, ast.Name) and node.func.value.id == "cs":
            used.add(node.func.attr)
            given = {each.arg: None for each in node.keywords}
            inspect.signature(getattr(cs, node.func.attr)).bind(*node.args, **given)
    assert used >= set(FUNCTIONS)


def test_arguments_mean_the_same_everywhere():
    """What stands for a network comes first; a module to fill is `module`; options have names."""
    for name in FUNCTIONS:
        parameters = inspect.signature(getattr(cs, name)).parameters
        for place, (argument, each) in enumerate(parameters.items()):
            if argument in ("network", "run", "runs"):
                assert place == 0 or name == "plan_all", name
            if argument in ("device", "quiet", "module", "label", "force", "batch_size", "size"):
                assert each.kind is each.KEYWORD_ONLY, f"{name}: {argument}"
            if argument == "device":
                assert each.default == "auto", name
            if argument == "quiet":
                assert each.default is False, name
            if argument in ("module", "label"):
                assert each.default is None, name
