"""Search in Chinese pages without a dictionary: each pair of neighbouring characters is a term.

A dictionary that cuts 感受野 one way in the page and another way in the query finds nothing. Pairs
are cut the same everywhere, and a page must hold all pairs of what was asked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import snowballstemmer
from sphinx.search import SearchLanguage, languages
from sphinx.search._stopwords.en import ENGLISH_STOPWORDS

if TYPE_CHECKING:
    from sphinx.application import Sphinx

WORDS = re.compile(r"[\u3400-\u9fff]+|[a-zA-Z0-9_À-ɏ]+")
SPLIT_QUERY = """
var splitQuery = (query) => {
  const terms = [];
  for (const word of query.match(/[\\u3400-\\u9fff]+|[a-zA-Z0-9_À-ɏ]+/g) || []) {
    if (!/[\\u3400-\\u9fff]/.test(word) || word.length === 1) terms.push(word);
    else for (let i = 0; i + 1 < word.length; i++) terms.push(word.slice(i, i + 2));
  }
  return terms;
};
"""


class ChineseSearch(SearchLanguage):
    """Pairs and single characters of Chinese, stems of English."""

    lang = "zh"
    language_name = "English"  # of the stemmer: Sphinx makes its name in JavaScript from this
    js_stemmer_rawcode = "english-stemmer.js"
    stopwords = ENGLISH_STOPWORDS
    js_splitter_code = SPLIT_QUERY

    def __init__(self, options: dict[str, str]) -> None:
        super().__init__(options)
        self._stemmer = snowballstemmer.stemmer("english")

    def split(self, text: str) -> list[str]:
        """The terms of a text."""
        return [term for word in WORDS.findall(text) for term in _terms(word)]

    def stem(self, word: str) -> str:
        """A term as it stands in the index."""
        return self._stemmer.stemWord(word.lower())

    def word_filter(self, stemmed_word: str) -> bool:
        """Whether a term is worth keeping."""
        return bool(stemmed_word) and stemmed_word not in self.stopwords


def _terms(word: str) -> list[str]:
    if not "\u3400" <= word[0] <= "\u9fff":
        return [word]
    return [*word, *(word[place : place + 2] for place in range(len(word) - 1))]


def setup(app: Sphinx) -> dict[str, bool]:
    """Take the place of Sphinx's own search in Chinese."""
    languages["zh"] = ChineseSearch
    return {"parallel_read_safe": True}
