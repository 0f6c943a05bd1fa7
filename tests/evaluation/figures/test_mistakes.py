import numpy as np
import pytest
from PIL import Image

from convscope.evaluation.figures import mistakes
from convscope.evaluation.figures.mistakes import mistakes_figure
from tests.evaluation.made_evaluations import evaluation_of, pixels_of


def test_captions_say_what_it_was_taken_for_what_it_is_and_where(tmp_path, monkeypatch):
    evaluation = evaluation_of([0, 1, 1], [0, 0, 1], ["cat", "dog"])
    drawn = {}

    def remember(path, images, captions, title):
        drawn.update(path=path, images=images, captions=captions, title=title)

    monkeypatch.setattr(mistakes, "image_grid", remember)
    mistakes_figure(evaluation, tmp_path / "m.png")
    assert drawn["captions"] == ["90 % cat\nis dog\narrays[1]"]
    assert drawn["title"] == "Mistakes among 3 test images"
    np.testing.assert_array_equal(drawn["images"], evaluation.images.images[[1]])


@pytest.mark.parametrize("count", [1, 2, 40, 60])
def test_sheets_of_every_size(tmp_path, count):
    evaluation = evaluation_of([0] * count, [1] * count, ["cat", "dog"])
    mistakes_figure(evaluation, tmp_path / "m.png")
    with Image.open(tmp_path / "m.png") as image:
        assert image.width > 100


def test_no_mistakes(tmp_path):
    mistakes_figure(evaluation_of([0, 1], [0, 1], ["cat", "dog"]), tmp_path / "m.png")
    assert (pixels_of(tmp_path / "m.png") < 100).any()
