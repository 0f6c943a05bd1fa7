"""What every result of an experiment can do, in both languages."""

import json

from matplotlib.figure import Figure

from convscope.look.language import use_language
from tests.drawn import texts


def check_result(result):
    """A result prints, shows itself, draws itself and becomes data; returns its English texts."""
    json.dumps(result.as_dict())
    with use_language("en"):
        figure = result.figure()
        assert isinstance(figure, Figure)
        english = f"{result}\n{texts(figure)}"
        assert "<" in result._repr_html_()
    with use_language("zh"):
        assert is_chinese(str(result))
        assert is_chinese(texts(result.figure()))
    assert not is_chinese(english)
    return english


def is_chinese(text):
    return any("\u4e00" <= character <= "\u9fff" for character in text)
