"""The documentation as a site: both languages alike, and found by searching in a real browser."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDES = sorted(ROOT.glob("docs/guides/*.md"))
EXAMPLE = re.compile(r"^```\{(?:convscope|python)\}$.*?^```$", re.MULTILINE | re.DOTALL)
ENGLISH = [
    "kernel",
    "stride",
    "padding",
    "receptive",
    "unit",
    "gradient",
    "forecast",
    "memory",
    "recipe",
    "seeds",
    "resume",
    "accuracy",
    "confusion",
    "unknown",
    "export",
    "onnx",
    "server",
    "safetensors",
    "glossary",
    "epochs",
]
CHINESE = [
    "感受野",
    "步幅",
    "汇聚",
    "填充",
    "卷积核",
    "通道",
    "特征图",
    "梯度",
    "学习率",
    "批量规范化",
    "全连接层",
    "权重",
    "损失",
    "过拟合",
    "测试集",
    "配方",
    "阈值",
    "预测",
    "随机种子",
    "平移等变性",
]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_guides_have_the_same_examples_in_both_languages(guide):
    english = guide.read_text(encoding="utf-8")
    chinese = (ROOT / "docs" / "zh" / "guides" / guide.name).read_text(encoding="utf-8")
    assert EXAMPLE.findall(english) == EXAMPLE.findall(chinese)
    assert english.count("\n## ") == chinese.count("\n## ")


def test_queries_in_chinese_are_cut_as_the_pages_are():
    sys.path.insert(0, str(ROOT / "docs" / "extensions"))
    try:
        from chinese_search import ChineseSearch
    finally:
        sys.path.pop(0)
    search = ChineseSearch({})
    assert search.split("感受野 of ReLU") == ["感", "受", "野", "感受", "受野", "of", "ReLU"]
    assert search.stem("Kernels") == "kernel"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site with one lesson, made with warnings as errors."""
    out = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "build_site.py", "--lessons", "7", "--out", out],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def browser():
    if importlib.util.find_spec("playwright") is None or not Path("/usr/bin/chromium").exists():
        pytest.skip("needs playwright and Debian's chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield opened
        opened.close()


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("language", "words"), [("en", ENGLISH), ("zh", CHINESE)])
def test_words_are_found_from_the_file_system(site, browser, language, words):
    assert len(words) == 20
    page = browser.new_page()
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    missing = []
    for word in words:
        page.goto(f"{(site / language / 'search.html').as_uri()}?q={word}")
        page.wait_for_selector(
            "#search-results p.search-summary, #search-results li", timeout=20000
        )
        page.wait_for_timeout(300)
        if not page.locator("#search-results li a").count():
            missing.append(word)
    page.close()
    assert not missing
    assert all(url.startswith(("file:", "data:")) for url in requests)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_pages_hold_real_output_and_no_broken_image(site, browser, language):
    start = (site / language / "guides" / "start.html").read_text(encoding="utf-8")
    assert "accuracy" in start
    page = browser.new_page()
    for name in ("guides/see", "guides/start", "lessons/07_convolution"):
        page.goto((site / language / f"{name}.html").as_uri())
        broken = "images => images.filter(i => !i.complete || !i.naturalWidth).map(i => i.src)"
        assert page.eval_on_selector_all("img", broken) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.close()
