"""One glossary for both languages: texts in Chinese keep to it."""

import re
from pathlib import Path

import pytest
import tomllib

ROOT = Path(__file__).parents[1]
TERMS = tomllib.loads((ROOT / "docs" / "glossary.toml").read_text(encoding="utf-8"))["term"]
CHINESE = [
    *sorted(ROOT.glob("lessons/zh/*.py")),
    *sorted(ROOT.glob("docs/zh/**/*.md")),
    *sorted(ROOT.glob("src/convscope/lessons/contents/*.toml")),
    *sorted(ROOT.glob("src/convscope/lessons/exercises/*.py")),
    *sorted(ROOT.glob("src/convscope/experiments/*.py")),
    *sorted(ROOT.glob("src/convscope/studio/**/zh.json")),
    ROOT / "README.zh-CN.md",
]
# What a lesson and a text explain once, short texts of a page can't: they say it in one way.
SHORT = [file for file in CHINESE if file.suffix == ".json"]
# A lesson may say once that a word is also called otherwise: 卷积核（也称过滤器）.
ALSO_CALLED = re.compile(r"（(?:也称|也叫|又称|或称)[^）]*）|「[^」]*」|“[^”]*”")


@pytest.mark.parametrize("file", CHINESE, ids=lambda file: file.name)
def test_avoided_variants_are_not_used(file):
    text = ALSO_CALLED.sub("", file.read_text(encoding="utf-8"))
    used = [
        f"{word} (say {term['zh']})"
        for term in TERMS
        for word in term.get("avoid", [])
        if word in text
    ]
    assert not used


def test_each_word_stands_for_one_thing():
    for key in ("en", "zh"):
        words = [term[key] for term in TERMS]
        assert len(words) == len(set(words))


def test_the_other_name_may_be_mentioned():
    assert "过滤器" not in ALSO_CALLED.sub("", "卷积核（也称过滤器）")


@pytest.mark.parametrize("file", SHORT, ids=lambda file: file.name)
def test_short_texts_say_one_word_for_pooling(file):
    assert "池化" not in file.read_text(encoding="utf-8").replace("汇聚（池化）", "")
