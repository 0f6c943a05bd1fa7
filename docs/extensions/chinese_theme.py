"""The theme's own words in Chinese, which Sphinx's catalogue of translations lacks."""

from __future__ import annotations

from gettext import NullTranslations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

WORDS = {
    "Next": "下一页",
    "Previous": "上一页",
    "Home": "首页",
    "Search": "搜索",
    "On this page": "本页内容",
    "Back to top": "回到顶部",
    "Copyright &#169; %(copyright)s": "版权 &#169; %(copyright)s",
    "Made with": "制作工具：",
    '<a href="https://www.sphinx-doc.org/">Sphinx</a> and': (
        '<a href="https://www.sphinx-doc.org/">Sphinx</a> 与 '
    ),
}


class ThemeWords(NullTranslations):
    """Asked for what the catalogue does not have."""

    def gettext(self, message: str) -> str:
        """The Chinese words; what is not listed stays as it is."""
        return WORDS.get(message.strip(), message)


def add_words(app: Sphinx) -> None:
    """Let the templates ask for these words in the Chinese site."""
    if app.config.language == "zh_CN":
        app.translator.add_fallback(ThemeWords())


def setup(app: Sphinx) -> dict[str, bool]:
    """What Sphinx calls."""
    app.connect("builder-inited", add_words)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
