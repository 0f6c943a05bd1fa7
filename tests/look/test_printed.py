import io

from rich.console import Console

from convscope.look.printed import Paragraph, Printed, SideBySide, TextTable

TABLE = TextTable("A [bold]title[/] that is longer", ("name", "n"), [("a", "1"), ("bb", "22")])


class Result(Printed):
    def shown(self):
        yield Paragraph("<head>", "bold")
        yield Paragraph("")
        yield SideBySide((TABLE, TABLE))
        yield Paragraph("word " * 40, "dim")
        yield Paragraph("command " * 20, wraps=False)


def printed(width):
    file = io.StringIO()
    Console(file=file, width=width, color_system=None).print(Result(), crop=False)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_text_is_what_a_terminal_of_its_width_shows():
    lines = str(Result()).splitlines()
    assert lines == printed(120)
    assert lines[:2] == ["<head>", ""]
    assert lines[2].count("A [bold]title[/] that is longer") == 2
    assert [line.split() for line in lines[3:6]] == [
        ["name", "n", "name", "n"],
        ["a", "1", "a", "1"],
        ["bb", "22", "bb", "22"],
    ]
    assert lines[-1] == ("command " * 20).rstrip()


def test_narrow_terminals_get_one_table_below_the_other_and_no_broken_command():
    lines = printed(40)
    assert lines.count("A [bold]title[/] that is longer") == 2
    assert max(len(line) for line in lines[:-1]) <= 40
    assert lines[-1] == ("command " * 20).rstrip()


def test_numbers_end_at_the_right_and_words_begin_at_the_left():
    lines = printed(40)
    at = lines.index("name   n")
    assert lines[at + 1 : at + 3] == ["a      1", "bb    22"]


def test_a_notebook_gets_escaped_text_and_tables():
    html = Result()._repr_html_()
    assert html.startswith("<p><strong>&lt;head&gt;</strong></p>")
    assert html.count("<table><caption>A [bold]title[/] that is longer</caption>") == 2
    assert "<td>22</td>" in html
