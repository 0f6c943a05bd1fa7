"""An exported file beside its run, asked image by image."""

import json

import numpy as np
import pytest

import convscope as cs
from convscope.errors import ConvscopeError, UsageError
from convscope.experiments import exported_files
from convscope.experiments.exported_files import ask_file, compare_export, compare_file
from convscope.look.language import use_language
from tests.experiments.results import is_chinese

pytest.importorskip("onnxruntime")


def squares(run):
    """The first forty test images, as large as the run's."""
    return cs.load("digits", "test", size=run.model().card.size).subset(np.arange(40))


@pytest.mark.slow
def test_the_file_says_what_the_run_says(good_digits_run, tmp_path):
    images = squares(good_digits_run)
    found = compare_export(good_digits_run, tmp_path, images)
    assert found.same == found.images == 40
    assert found.difference < 1e-4
    assert found.accuracy == found.run_accuracy
    assert found.points_lost == 0
    assert found.bytes == found.file.stat().st_size
    assert json.dumps(found.as_dict())
    assert "32 bits" in str(found)
    with use_language("zh"):
        assert is_chinese(str(found))
    assert ask_file(found.file, images.images).sum(axis=1) == pytest.approx(np.ones(40), abs=1e-5)
    other = cs.ImageSet(255 - images.images, images.labels, images.classes)
    assert compare_file(found.file, good_digits_run, other).difference < 1e-4


def test_eight_bits_that_are_refused_give_nothing(digits_run, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise ConvscopeError("In 8 bits this network loses 3.00 points of accuracy")

    monkeypatch.setattr(exported_files, "export", refuse)
    assert compare_export(digits_run, tmp_path, squares(digits_run), bits=8) is None
    with pytest.raises(ConvscopeError):
        compare_export(digits_run, tmp_path, squares(digits_run))


def test_other_bits_are_refused(digits_run, tmp_path):
    with pytest.raises(UsageError, match="bits is 8 or 32; given 16"):
        compare_export(digits_run, tmp_path, squares(digits_run), bits=16)
