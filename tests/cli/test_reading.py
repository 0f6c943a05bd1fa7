import pytest

from convscope.cli.reading import reading_fields, reading_of
from convscope.data.reading import Reading
from convscope.errors import UsageError


def test_only_what_is_given_is_a_field():
    assert reading_fields(fit=None, split_folders=None, zip_encoding=None) == {}
    assert reading_fields(fit="pad", split_folders="train=A", zip_encoding="gbk") == {
        "fit": "pad", "split_folders": {"train": "A"}, "zip_encoding": "gbk",
    }  # fmt: skip
    assert reading_fields(columns="path=image_id,label=dx", class_from="([a-z]+)_") == {
        "columns": {"path": "image_id", "label": "dx"}, "class_from": "([a-z]+)_",
    }  # fmt: skip
    assert reading_of(split_folders="none") == Reading(split_folders="none")


def test_mistakes_are_named():
    with pytest.raises(UsageError, match="Unknown fit 'padd'. Did you mean 'pad'"):
        reading_of(fit="padd")
