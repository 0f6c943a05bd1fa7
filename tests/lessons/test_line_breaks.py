import io

from rich.cells import cell_len

from convscope.lessons.line_breaks import mark_line_breaks, remove_marks, wrap_markdown
from convscope.look.terminal import Console

TEXT = "卷积网络由输入、卷积、**汇聚**（池化）和 softmax 组成。Convscope 能把任何模型画出来。" * 3


def test_lines_are_full_and_none_begins_with_closing_punctuation():
    shown = io.StringIO()
    console = Console(file=shown, width=40)
    console.print(wrap_markdown(TEXT, console.options))
    lines = [line.rstrip() for line in shown.getvalue().splitlines()]
    assert "".join(lines).replace(" ", "") == TEXT.replace(" ", "").replace("*", "")
    assert all(28 <= cell_len(line) <= 40 for line in lines[:-1])  # "softmax" is 7 wide
    assert not any(line.startswith(tuple("，。；：！？、）”》")) for line in lines)
    assert not any(line.endswith(tuple("（“《")) for line in lines)


def test_other_text_stays_as_it_is():
    text = "A convolution, of `3×3` taps.\n\n- one\n- two"
    assert mark_line_breaks(text) == text
    assert remove_marks(mark_line_breaks(TEXT)) == TEXT
