from rich.text import Text

from convscope.look.text import full_width, least_width, plain_table, plain_text


def table():
    made = plain_table("[bold]Title")
    made.add_column("name")
    made.add_column("value", justify="right")
    made.add_row(Text("[red]cat"), "1")
    made.add_row("a dog", "10")
    return made


def test_text_and_tables_without_codes_or_spaces_at_the_end():
    assert plain_text("[red] :smile:", "", table(), width=40).splitlines() == [
        "[red] :smile:",
        "",
        "[bold]Title",
        "name      value",
        "[red]cat      1",
        "a dog        10",
    ]


def test_texts_are_left_whole_and_rich_texts_wrapped():
    assert plain_text("a/long/path " * 5, width=20).count("\n") == 0
    assert plain_text(Text("five words of a text"), width=12).splitlines() == [
        "five words",
        "of a text",
    ]


def test_widths_of_a_table():
    assert full_width(table()) == len("[red]cat  value")
    assert 0 < least_width(table()) <= full_width(table())
