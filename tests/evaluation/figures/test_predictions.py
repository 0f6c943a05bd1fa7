import numpy as np
import pytest
from PIL import Image

import convscope as cs
from convscope.evaluation.figures.predictions import predictions_figure


@pytest.mark.slow
def test_predictions_are_drawn_printed_and_shown(digits_run, tmp_path):
    for number in range(50):
        pixels = np.full((20, 30, 3), 5 * number, np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"<{number:02}>.png")
    (tmp_path / "notes.txt").write_text("no image")
    found = cs.predict(digits_run, tmp_path, top=1)
    figure = predictions_figure(found, tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")
    assert [text.get_text() for text in figure.texts] == ["Predictions for 40 of 50 images"]
    captions = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert len(captions) == 40
    assert "<49>.png" in captions[-1]
    assert len([image for axes in found.figure().axes for image in axes.images]) == 40
    lines = str(found).splitlines()
    first = found.predictions[0]
    shown = f"{first.top[0].label} {100 * first.top[0].probability:.1f} %"
    assert lines[0].startswith(f"{first.path}: ")
    assert shown in lines[0]
    assert lines[-1].startswith("Left out ")
    html = found._repr_html_()
    assert "&lt;00&gt;.png" in html
    assert "<00>" not in html
