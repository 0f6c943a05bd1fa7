"""Texts in two languages: which one is wanted, and that figures never show boxes."""

import pytest

from convscope.errors import UsageError
from convscope.look import canvas
from convscope.look.language import Words, current_language, pick, set_language, use_language


@pytest.fixture(autouse=True)
def _nothing_chosen(monkeypatch):
    monkeypatch.delenv("CONVSCOPE_LANG", raising=False)
    set_language(None)
    yield
    set_language(None)


def test_english_unless_something_asks_for_chinese(monkeypatch):
    assert pick("Shift", "平移") == "Shift"
    monkeypatch.setenv("CONVSCOPE_LANG", "zh_CN.UTF-8")
    assert pick("Shift", "平移") == "平移"
    set_language("en")
    assert pick("Shift", "平移") == "Shift"
    with use_language("zh"):
        assert str(Words("Shift", "平移")) == "平移"
    assert current_language() == "en"


def test_another_language_is_refused_with_those_there_are(monkeypatch):
    with pytest.raises(UsageError, match="language is en .English. or zh .简体中文.; given 'fr'"):
        set_language("fr")
    monkeypatch.setenv("CONVSCOPE_LANG", "fr")
    with pytest.raises(UsageError, match="CONVSCOPE_LANG is en"):
        current_language()


@pytest.mark.parametrize("fonts", [["DejaVu Sans"], None])
def test_a_figure_is_in_chinese_only_where_a_font_can_draw_it(monkeypatch, fonts):
    has_font = fonts is None and any("CJK" in name for name in canvas.font_families())
    if fonts is None and not has_font:
        pytest.skip("no font for Chinese is installed (Debian: fonts-noto-cjk)")
    if fonts:
        monkeypatch.setattr(canvas, "font_families", lambda: tuple(fonts))
    canvas._drawable_characters.cache_clear()
    try:
        with use_language("zh"), canvas.drawing(None, 3, 2):
            assert pick("Shift", "平移") == ("平移" if has_font else "Shift")
        assert current_language() == "en"
    finally:
        canvas._drawable_characters.cache_clear()
