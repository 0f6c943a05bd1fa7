"""Where text for people goes and where JSON for programs goes, whatever the terminal can show."""

import io
import json
import sys
from pathlib import Path

import pytest

from convscope.cli.console import (
    check_out_file,
    fail,
    print_json,
    show,
    write_any_text,
)
from convscope.errors import UsageError


@pytest.fixture
def ascii_terminal(monkeypatch):
    """What a function writes to a terminal that knows only ASCII."""

    def written(function, *arguments):
        stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        monkeypatch.setattr(sys, "stdout", stream)
        function(*arguments)
        stream.flush()
        return stream.buffer.getvalue().decode("ascii")

    return written


def test_a_terminal_of_another_encoding_gets_everything_spelled_out(ascii_terminal):
    def write():
        write_any_text()
        print("猫 12×12")

    assert ascii_terminal(write) == "\\u732b 12\\xd712\n"


def test_json_survives_any_encoding(ascii_terminal):
    assert json.loads(ascii_terminal(print_json, {"class": "猫"})) == {"class": "猫"}


def test_json_is_one_readable_line_of_standard_output(capsys):
    print_json({"class": "猫", "share": 0.5})
    assert capsys.readouterr() == ('{"class": "猫", "share": 0.5}\n', "")


def test_errors_go_to_standard_error(capsys):
    fail("No such run.")
    assert capsys.readouterr() == ("", "convscope: No such run.\n")


def test_files_are_checked_before_any_work(tmp_path):
    check_out_file("--csv", tmp_path / "a.CSV", ".csv")
    with pytest.raises(UsageError, match=r"--csv must be a file that ends with \.csv; given"):
        check_out_file("--csv", tmp_path / "a.txt", ".csv")
    with pytest.raises(UsageError, match="--csv: there is no folder 'nowhere'. Make it first."):
        check_out_file("--csv", Path("nowhere/a.csv"), ".csv")


def test_a_result_is_printed_as_it_prints_itself(capsys):
    show("12 of [bold]14[/bold] :cat:")
    assert capsys.readouterr().out == "12 of [bold]14[/bold] :cat:\n"
