"""A lesson's cells, its run, and what it becomes: terminal, notebook and page.

Tests lessons/cells.py, lessons/play.py, lessons/session.py, lessons/screens.py, lessons/showing.py,
lessons/claims.py, lessons/notebook.py, lessons/page.py, lessons/contents_table.py.
"""

import json
import runpy

import pytest

import convscope as cs
from convscope.errors import ConvscopeError, UsageError
from convscope.lessons.cells import Cell, fill, read_cells
from convscope.lessons.contents_table import find_claim, find_lesson
from convscope.lessons.notebook import show_text, write_notebook
from convscope.lessons.page import keep_together, lesson_page, only_claims
from convscope.lessons.play import PlayedCell, PlayedLesson, play_lesson
from convscope.lessons.screens import CollectingScreen
from convscope.lessons.session import shown_on
from convscope.look.language import current_language

SHARE = 0.5


def test_texts_are_filled_with_names_items_and_attributes_only():
    values = {"share": 0.256, "rows": [{"loss": 2}], "lesson": Cell("code", "x")}
    assert fill("{{share:.1%}} and {{ rows[0][loss] }}", values) == "25.6 % and 2"
    assert (
        fill("{{lesson.kind}}, $\\frac{a}{b}$, {share}", values) == "code, $\\frac{a}{b}$, {share}"
    )
    assert fill("{{share()}} {{1+1}} {{}}", values) == "{{share()}} {{1+1}} {{}}"


@pytest.mark.parametrize("text", ["{{other}}", "{{share:d}}", "{{share.x}}", "{{share[0]}}"])
def test_what_cannot_be_filled_in_is_named(text):
    with pytest.raises(ConvscopeError, match="can't be filled in.*cells above it must have run"):
        fill(text, {"share": 0.5})


def test_a_text_has_a_hash_that_does_not_mind_line_breaks():
    assert Cell("markdown", "one two").digest() == Cell("markdown", "one\n two").digest()
    assert Cell("markdown", "one two").digest() != Cell("markdown", "one three").digest()


def test_lines_of_chinese_are_joined_without_a_blank(tmp_path):
    file = tmp_path / "text.py"
    file.write_text(
        "# %% [markdown]\n# # 标题\n# 一段话，\n# 分成\n# *几*行。\n# $a$ 和\n"
        "# LeNet，\n# 24 轮，\n# *两次*：\n# 1. 甲；\n# 12. 乙，\n# - 一项、\n#   两行\n# - 两项\n",
        encoding="utf-8",
    )
    assert read_cells(file)[0].source == (
        "# 标题\n一段话，分成*几*行。$a$ 和\nLeNet，24 轮，*两次*：\n1. 甲；\n12. 乙，\n"
        "- 一项、两行\n- 两项"
    )


def test_a_lesson_is_played(sample):
    seen = []
    played = play_lesson(99, after_cell=seen.append)
    assert [cell.kind for cell in played.cells] == [
        "markdown",
        *["code"] * 2,
        "markdown",
        *["code"] * 3,
    ]
    assert tuple(seen) == played.cells
    assert played.cells[3].source == "For A sample the total was 2.0; $\\frac{a}{b}$ stays."
    assert [(claim.id, claim.holds) for claim in played.claims] == [
        ("99.sum", True),
        ("99.open", None),
    ]
    assert played.claims[0].sentence == "One and one are 2."
    printed, trace = played.cells[2].shown
    assert printed.text == "printed 2"
    assert "conv1" in trace.text
    assert trace.png.startswith(b"\x89PNG")
    assert [shown.text for shown in played.cells[5].shown] == [
        "· Exercise 99.1: not answered yet",
        "· Exercise 99.2: not answered yet",
    ]
    assert "1 of 1 claims held, 1 not decided" in played.cells[6].shown[0].text


def test_it_is_played_in_chinese(sample):
    played = play_lesson(99, "zh")
    assert played.cells[3].source.startswith("《样例》中的和是 2.0")
    assert [claim.sentence for claim in played.claims] == ["一加一等于 2。", "无人知晓。"]
    assert "（未定）" in played.cells[4].shown[1].text
    assert current_language() == "en"


def test_the_script_runs_by_itself_in_the_language_of_its_folder(sample, capsys, tmp_path):
    runpy.run_path(str(find_lesson(99).source("zh")), run_name="__main__")
    shown = capsys.readouterr().out
    assert "✓ 一加一等于 2。" in shown
    figure = tmp_path / "lesson-figures" / "99" / "01.png"
    assert "图：lesson-figures/99/01.png" in shown
    assert figure.read_bytes().startswith(b"\x89PNG")
    runpy.run_path(str(find_lesson(99).source("en")), run_name="__main__")
    assert "figure: lesson-figures/99/01.png (replaced)" in capsys.readouterr().out


def test_a_copy_that_fails_goes_on(sample, tmp_path):
    copy = tmp_path / "copy.py"
    copy.write_text("# %%\n1 / 0\n\n# %%\nprint('on')\n")
    played = play_lesson(99, file=copy)
    assert played.cells[0].error == "ZeroDivisionError: division by zero"
    assert played.cells[1].shown[0].text == "on"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("no.py", None, "can't be read: No such file"),
        ("bad.ipynb", b"{", "is no notebook"),
        ("image.ipynb", b"\x89PNG", "is no notebook"),
        ("README.md", b"# Words", "is a .ipynb or a .py; given"),
    ],
)
def test_a_copy_that_cannot_be_read_is_named(sample, tmp_path, name, text, message):
    if text:
        (tmp_path / name).write_bytes(text)
    with pytest.raises(UsageError, match=message):
        play_lesson(99, file=tmp_path / name)


def test_a_notebook_has_the_cells_and_fills_its_texts(sample, tmp_path):
    file = tmp_path / "lesson.ipynb"
    write_notebook(find_lesson(99), "en", file)
    cells = json.loads(file.read_text())["cells"]
    assert [cell["cell_type"] for cell in cells] == ["markdown", *["code"] * 6]
    assert "**Time**: 10 minutes" in cells[0]["source"]
    filled = cells[3]
    assert filled["metadata"]["jupyter"]["source_hidden"] is True
    screen = CollectingScreen()
    values = {"cs": cs, "lesson": find_lesson(99), "total": 2}
    with shown_on(screen, "en"):
        exec(filled["source"], values)  # noqa: S102
    assert screen.shown[0].text == "For A sample the total was 2.0; $\\frac{a}{b}$ stays."
    assert screen.shown[0].kind == "markdown"
    assert next(cell.source for cell in read_cells(file)) == cells[0]["source"]


def test_a_text_is_filled_from_the_caller():
    screen = CollectingScreen()
    with shown_on(screen, "en"):
        show_text("{{SHARE:.0%}}")
    assert screen.shown[0].text == "50 %"


@pytest.mark.parametrize(("language", "html"), [("en", 'lang="en"'), ("zh", 'lang="zh-CN"')])
def test_a_page_holds_all_and_loads_nothing(sample, language, html):
    page = lesson_page(play_lesson(99, language))
    assert html in page
    assert "data:image/png;base64," in page
    assert "<math" in page
    assert "$" not in page.split("<details")[0]
    assert "<script" not in page
    assert "http://" not in page.replace("http://www.w3.org/1998/Math/MathML", "")
    assert 'class="claim holds"' in page
    assert 'class="claim open"' in page


def test_cells_that_only_claim_are_folded(sample):
    page = lesson_page(play_lesson(99))
    assert page.count('<details class="code" open>') == 3
    assert page.count('<details class="code">') == 2
    assert only_claims("cs.lessons.claim('a', x)\ncs.lessons.end()")
    assert not only_claims("x = 1\ncs.lessons.claim('a', x)")
    assert not only_claims("1 + 1")


def test_a_page_keeps_numbers_and_signs_on_one_line():
    assert keep_together("<p>64 % of 3 × 3, x % y</p>") == "<p>64\xa0% of 3\xa0×\xa03, x % y</p>"


def test_a_page_leaves_out_what_is_said_to_the_formatter(sample):
    cell = PlayedCell("code", "x = [1,2]  # fmt: skip\ny = 2  # two\nz = 7 % 3  # noqa: S102")
    page = lesson_page(PlayedLesson(find_lesson(99), "en", (cell,), (), 0.0))
    assert "<code>x = [1,2]\ny = 2  # two\nz = 7 % 3</code>" in page


def test_code_in_a_claim_is_code_on_a_page():
    screen = CollectingScreen()
    with shown_on(screen, "en"):
        cs.lessons.claim("2.own", True, difference=0)
    assert "<code>Sequential</code>" in screen.shown[0].html
    assert "`Sequential`" in screen.shown[0].text


def test_what_a_lesson_cannot_show_is_said():
    with pytest.raises(UsageError, match="what is one of both, text, figure; given 'all'"):
        cs.lessons.show(1, "all")
    with pytest.raises(UsageError, match="A int has no figure"):
        cs.lessons.show(1, "figure")


def test_a_figure_alone_is_shown(sample):
    screen = CollectingScreen()
    with shown_on(screen, "en"):
        cs.lessons.show(cs.trace("lenet").figure())
        cs.lessons.show(cs.trace("lenet"), "text")
    assert [(bool(shown.text), bool(shown.png)) for shown in screen.shown] == [
        (False, True),
        (True, False),
    ]


def test_claims_and_lessons_that_do_not_exist_are_refused(sample):
    with pytest.raises(UsageError, match="There is no lesson 5. There are: 99."):
        cs.lessons.begin(5)
    for wrong in ("99.other", "sum", "5.sum"):
        with pytest.raises(UsageError):
            find_claim(wrong)
    with pytest.raises(UsageError, match="can't be written with the figures"):
        cs.lessons.claim("99.sum", True, sum=2)
