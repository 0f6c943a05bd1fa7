"""Text never becomes HTML, and tables hold what they are given."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from convscope.look.html import escape, table


class Read(HTMLParser):
    """Tags and text of a page, and the cells of its tables."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.cells = [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        assert not attributes
        if tag in ("td", "th", "caption"):
            self.cells.append("")

    def handle_data(self, data):
        if self.cells:
            self.cells[-1] += data


@given(st.text())
def test_any_text_comes_back_as_text(text):
    read = Read(f"<td>{escape(text)}</td>")
    assert read.tags == ["td"]
    shown = "".join(read.cells)
    assert len(shown) == len(text)
    assert all(a == b or a == "\ufffd" for a, b in zip(shown, text, strict=True))


def test_what_has_no_shape_is_marked():
    assert escape("a\x00b\udc80\x1b[0m") == "a\ufffdb\ufffd\ufffd[0m"
    assert escape('<a href="x">') == "&lt;a href=&quot;x&quot;&gt;"
    assert escape("'&'") == "&#x27;&amp;&#x27;"


def test_a_table_holds_its_cells_in_order():
    page = table([("cat", 1, 0.5), ("<b>", 2, None)], ("class", "images", "share"), caption="A & B")
    read = Read(page)
    assert read.cells[:4] == ["A & B", "class", "images", "share"]
    assert read.cells[4:] == ["cat", "1", "0.5", "<b>", "2", "None"]
    assert read.tags.count("tr") == 3
    assert "b" not in read.tags


def test_a_table_without_headings_and_caption():
    assert table([("a", 1)]) == "<table><tbody><tr><th>a</th><td>1</td></tr></tbody></table>"
