import pytest
from PIL import Image

import convscope as cs
from convscope.comparison import figure as module
from convscope.comparison.figure import comparison_figure
from tests.comparison.runs_on_disk import write_group, write_run
from tests.evaluation.made_evaluations import pixels_of


@pytest.fixture
def headlines(monkeypatch):
    """The headlines that were drawn."""
    drawn = []
    draw = module.headline
    monkeypatch.setattr(module, "headline", lambda f, text: (drawn.append(text), draw(f, text)))
    return drawn


@pytest.mark.slow
def test_runs_and_seeds(tmp_path, headlines):
    write_run(tmp_path / "a", range(40), epochs=1)
    write_run(tmp_path / "b", range(10), epochs=60)
    write_group(tmp_path / "c", [20, 25, 22, 30])
    comparison = cs.compare([tmp_path / name for name in "abc"])
    comparison_figure(comparison, tmp_path / "c.png")
    colours = {tuple(colour) for colour in pixels_of(tmp_path / "c.png").reshape(-1, 3).tolist()}
    for colour in module.SERIES[:3]:
        assert tuple(bytes.fromhex(colour[1:])) in colours
    assert headlines == ["Too few seeds to tell b from c"]


@pytest.mark.parametrize(
    ("wrong", "split", "text"),
    [
        (50, "test", "a is better than b"),
        (11, "test", "No difference can be shown between a and b"),
        (50, "validation", "a and b can't be compared"),
    ],
)
def test_the_headline_says_what_came_of_it(tmp_path, headlines, wrong, split, text):
    write_run(tmp_path / "a", range(10))
    write_run(tmp_path / "b", range(wrong), split=split)
    comparison_figure(cs.compare([tmp_path / "a", tmp_path / "b"]), tmp_path / "c.png")
    assert headlines == [text]


def test_many_runs_and_names_that_are_hard_to_draw(tmp_path):
    names = [f"run-{number}" for number in range(14)] + ["$x_1$ \x07 你好", "long " * 30]
    for number, name in enumerate(names):
        write_run(tmp_path / name, range(number), monitor="test", epochs=1)
    comparison = cs.compare([tmp_path / name for name in names])
    comparison_figure(comparison, tmp_path / "c.png")
    pixels_of(tmp_path / "c.png")
    looks = {module._look(row) for row in range(len(names))}
    assert len(looks) == len(names)
    with Image.open(tmp_path / "c.png") as image:
        assert image.size[1] > 1200
