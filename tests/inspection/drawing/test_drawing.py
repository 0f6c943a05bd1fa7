"""Drawings of the catalog's networks and of modules that are not ours.

Tests inspection/drawing/svg.py, inspection/drawing/png.py, inspection/drawing/letters.py,
inspection/drawing/legend.py, inspection/drawing/cells.py, inspection/drawing/units.py,
inspection/drawing/scale.py, inspection/drawing/shapes.py.
"""

import functools
import re
from collections import Counter
from itertools import pairwise
from xml.etree import ElementTree as Xml

import pytest
import torch
from PIL import Image
from torch import nn

from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.graph.folding import list_layers
from convscope.graph.operations.table import describe
from convscope.inspection.drawing.drawing import draw, draw_graph
from convscope.inspection.drawing.letters import SIZE, text_width, wrap
from convscope.inspection.drawing.page import SLIDE
from convscope.inspection.open.network import open_for_shape
from convscope.look.canvas import font_families
from convscope.look.language import use_language
from convscope.look.palette import KINDS
from tests.conftest import slow
from tests.inspection import odd_networks, peculiar
from tests.inspection.drawing.geometry import assert_readable, texts

CATALOG = [
    "lenet",
    "alexnet",
    "vgg16",
    "nin",
    "googlenet",
    "resnet18",
    "resnet50",
    "resnet9",
    "densenet",
    "densenet121",
    "mobilenet-v1",
    "mobilenet-v2",
    "softmax-regression",
]
ODD = {
    odd_networks.Recurrent: (1, 28, 28),
    odd_networks.Shuffled: (3, 32, 32),
    odd_networks.Tied: (1, 8, 8),
    odd_networks.Written: (1, 12, 12),
    peculiar.Attention: (1, 12, 12),
    peculiar.EndsInFunctions: (1, 12, 12),
    peculiar.Busy: (1, 12, 12),
    nn.Identity: (3, 8, 8),
}
SVG = "{http://www.w3.org/2000/svg}"
SLIDE_WIDTH = 960  # points


@functools.cache
def graph_of(name):
    return capture(*open_for_shape(name))


@functools.cache
def page(name, expand=False):
    return draw_graph(graph_of(name), expand=expand).page


def said(page):
    """All that is written, in the order in which it is drawn."""
    return " ".join(text.text for text in texts(page))


@pytest.mark.slow
@pytest.mark.parametrize("name", CATALOG)
def test_the_catalog_is_readable_on_a_slide(name):
    drawn = page(name)
    assert_readable(drawn)
    assert abs(drawn.width / drawn.height - SLIDE) < 0.01
    assert min(text.size for text in texts(drawn)) * SLIDE_WIDTH / drawn.width > 6.5


@pytest.mark.parametrize("name", ["resnet18", *slow("googlenet", "densenet")])
def test_every_block_of_it_is_readable(name):
    assert_readable(page(name, expand=True))
    assert len(page(name, expand=True).boxes) > len(page(name).boxes)


@pytest.mark.parametrize("kind", ODD, ids=lambda kind: kind.__name__)
def test_modules_that_are_not_ours(kind):
    graph = capture(kind(), ODD[kind])
    drawn = draw_graph(graph, expand=True).page
    assert_readable(drawn)
    assert_says_every_layer(said(drawn), graph)


@pytest.mark.parametrize("name", ["lenet", "googlenet", "resnet18", "densenet", "mobilenet-v2"])
def test_every_layer_is_named(name):
    assert_says_every_layer(said(page(name, expand=True)), graph_of(name))


def assert_says_every_layer(text, graph):
    drawn = [node for node in list_layers(graph) if node.depends_on_images]
    wanted = Counter(describe(node).removeprefix("other: ") for node in drawn)
    for words, times in wanted.items():
        assert text.count(words) >= times, f"{words} is there {text.count(words)} of {times} times"


def test_a_drawing_in_chinese_is_readable_and_has_no_english_words():
    if "Noto Sans CJK SC" not in font_families():
        pytest.skip("no font for Chinese is installed (Debian: fonts-noto-cjk)")
    english = draw_graph(graph_of("lenet"))
    with use_language("zh"):
        chinese = draw_graph(graph_of("lenet"))
    assert_readable(chinese.page)
    text = said(chinese.page)
    assert "图像 1×28×28，61,706 个参数" in text
    assert "平均汇聚 2×2，步幅 2" in text
    assert {*re.findall(r"[A-Za-z]\w*", text)} == {"lenet", "sigmoid", "softmax", "logits"}
    assert chinese.as_dict() == english.as_dict(), "data is the same in every language"


def test_lines_end_between_chinese_characters_but_not_before_a_mark():
    text = "虚线：网络输出的是预测（logits），由损失计算。"
    for widest in (1, 20, 40, 80):
        lines = wrap(text, widest)
        assert "".join(lines) == text
        assert not any(line[0] in "，。：）" or line[-1] == "（" for line in lines)
        assert len(lines) == 1 or widest < text_width(text)
    assert wrap("卷积 5×5，\u00a0步幅\u00a02", 1) == ["卷", "积", "5×5， 步幅 2"]


def test_shapes_are_those_of_the_network():
    assert said(page("lenet")).startswith("lenet image 1×28×28, 61,706 parameters")
    shapes = [step.shape_label for step in page("lenet").boxes]
    assert shapes == [
        "1×28×28",
        "6×28×28",
        "6×14×14",
        "16×10×10",
        "16×5×5",
        "400",
        "120",
        "84",
        "10",
        "10",
    ]
    for shape in shapes:
        assert shape in said(page("lenet"))


def test_the_five_parts_are_named_in_their_colours():
    drawn = page("lenet")
    colours = {text.text: text.colour for text in texts(drawn) if text.bold}
    for words, part in {
        "input": "input",
        "convolution 5×5": "convolution",
        "average pooling": "pooling",
        "dense": "dense",
        "softmax": "softmax",
    }.items():
        assert colours[words] == KINDS[part].edge
    assert "The five parts: input convolution pooling dense softmax" in said(drawn)
    assert [step.part for step in drawn.boxes] == (
        [
            "input",
            "convolution",
            "pooling",
            "convolution",
            "pooling",
            "other",
            "dense",
            "dense",
            "dense",
            "softmax",
        ]
    )


def test_a_part_that_is_missing_is_said_to_be():
    assert "dense (none)" in said(page("nin"))
    assert "(none)" not in said(page("lenet"))


def test_the_softmax_is_the_networks_own_or_dashed():
    assert "Dashed: the network returns logits" in said(page("lenet"))
    own = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.Softmax(dim=1))
    drawn = draw_graph(capture(own, (1, 2, 2))).page
    assert [step.part for step in drawn.boxes] == ["input", "other", "dense", "softmax"]
    assert "Dashed" not in said(drawn)


@pytest.mark.slow
def test_repeats_are_drawn_once_with_their_number():
    assert "inception4a – 4e · Inception ×5" in said(page("googlenet"))
    assert "features.denseblock3 · DenseLayer ×24" in said(page("densenet121"))
    assert "288–1024×6×6" in said(page("densenet121"))
    blocks = said(page("resnet50"))
    assert [f"×{n} " in blocks for n in (2, 3, 4, 5)] == [True, True, False, True]
    assert "×N" not in said(page("googlenet", expand=True))


def test_branches_stand_side_by_side_and_are_joined():
    boxes = page("googlenet").boxes
    joined = next(step for step in boxes if step.part == "concatenation")
    assert len(joined.inputs) == 4
    rows = sorted(boxes[step].bottom for step in joined.inputs)
    assert all(below - above > SIZE for above, below in pairwise(rows))
    assert all(boxes[step].right < boxes[joined].left for step in joined.inputs)


def test_a_shortcut_goes_around():
    assert "shortcut" in said(page("resnet18"))
    assert "shortcut" not in said(page("lenet"))


def test_blocks_are_to_scale():
    boxes = page("vgg16").boxes
    high = {}
    for step, box in boxes.items():
        if step.part == "convolution":
            front = box.bottom - box.top
            high[step.shape[1]] = front
    assert high[224] / high[56] == pytest.approx(2.0)
    assert high[112] / high[28] == pytest.approx(2.0)


def test_svg_is_xml_that_names_every_layer(tmp_path):
    draw("resnet18", (3, 64, 64), expand=True, path=tmp_path / "resnet18.svg")
    root = Xml.parse(tmp_path / "resnet18.svg").getroot()  # noqa: S314 - our own file
    assert root.tag == f"{SVG}svg"
    titles = {line for title in root.iter(f"{SVG}title") for line in title.text.splitlines()}
    graph = capture(*open_for_shape("resnet18", (3, 64, 64)))
    assert {node.name for node in list_layers(graph)} <= titles
    written = " ".join(text.text for text in root.iter(f"{SVG}text"))
    assert written == said(draw_graph(graph, expand=True).page)


def test_names_that_xml_and_tex_would_read_as_their_own(tmp_path):
    odd = type('A<b>&"$x^2$', (nn.Module,), {"forward": lambda self, x: x * 2})
    for file in ("odd.svg", "odd.png"):
        draw(odd(), (1, 4, 4), path=tmp_path / file)
    root = Xml.parse(tmp_path / "odd.svg").getroot()  # noqa: S314 - our own file
    assert next(root.iter(f"{SVG}text")).text == 'A<b>&"$x^2$'


@pytest.mark.parametrize("file", ["same.svg", "same.png"])
def test_drawn_again_it_is_the_same(file, tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        draw("resnet9", path=tmp_path / folder / file)
    assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_png_is_a_slide_and_not_empty(tmp_path):
    draw("lenet", path=tmp_path / "lenet.png")
    with Image.open(tmp_path / "lenet.png") as image:
        assert image.size == (2560, 1440)
        colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 24)}
    for part in ("input", "convolution", "pooling", "dense"):
        face = KINDS[part].face
        assert tuple(bytes.fromhex(face[1:])) in colours


@pytest.mark.slow
def test_a_network_too_long_for_a_slide_gets_more_pixels(tmp_path):
    many = nn.Sequential(*[nn.Conv2d(1, 1, 1) for _ in range(200)])
    draw(many, (1, 4, 4), path=tmp_path / "many.png")
    with Image.open(tmp_path / "many.png") as image:
        assert image.width > 2560


def test_the_random_generator_and_the_network_are_left_alone(tmp_path):
    network = odd_networks.Recurrent().train()
    before = torch.get_rng_state()
    draw(network, (1, 28, 28), path=tmp_path / "a.svg")
    assert torch.equal(torch.get_rng_state(), before)
    assert network.training
    assert network.calls == 0


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("lenet.pdf", "A drawing is written as .svg or .png, not as 'lenet.pdf'. Name it, for "),
        ("none/lenet.svg", "none' to draw 'lenet.svg' in. Make it first."),
    ],
)
def test_mistakes(file, words, tmp_path):
    with pytest.raises(UsageError) as raised:
        draw("lenet", path=tmp_path / file)
    assert words in str(raised.value)
    assert not [*tmp_path.iterdir()]


def test_a_drawing_tells_itself_in_text_data_and_html(digits_run):
    found = draw(digits_run)  # a run knows the size of its images
    lines = str(found).splitlines()
    assert lines[0] == "lenet, drawn for an image of 1×28×28"
    assert lines[1] == "  input: 1×28×28"
    assert lines[-1] == "  softmax: 10"
    assert len(lines) == 1 + len(found.steps)
    data = found.as_dict()
    assert [step["inputs"] for step in data["steps"]] == [
        [],
        *([n] for n in range(len(found.steps) - 1)),
    ]
    assert data["steps"][-2]["output_shapes"] == [[10]]
    root = Xml.fromstring(found._repr_html_())  # noqa: S314 - our own text
    assert root.tag == f"{SVG}svg"


def test_repeated_blocks_are_counted_in_text_and_data():
    found = draw("resnet18", (3, 64, 64))
    whole = draw("resnet18", (3, 64, 64), expand=True)
    counts = [step["times"] for step in found.as_dict()["steps"]]
    assert sum(counts) == len(whole.steps)
    assert set(counts) == {1, 2}
    assert str(found).count("(×2)") == counts.count(2)
    assert "(×" not in str(whole)


def test_a_figure_is_given_and_written_on_demand(tmp_path):
    found = draw("lenet")
    figure = found.figure()
    assert {"lenet", "input"} <= {text.get_text() for text in figure.axes[0].texts}
    assert not [*tmp_path.iterdir()]
    found.figure(tmp_path / "a.svg")
    found.figure(tmp_path / "a.png")
    draw("lenet", path=tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == found.svg()
