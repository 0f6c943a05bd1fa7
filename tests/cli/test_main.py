"""What ends a command: a message and an exit code for each kind of error."""

import sys

import pytest
import typer
from rich.markup import render

from convscope.cli import main as module
from convscope.cli.main import app
from convscope.errors import ConvscopeError, UsageError


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (UsageError("No such run."), 2, "convscope: No such run.\n"),
        (ConvscopeError("The file is damaged."), 1, "convscope: The file is damaged.\n"),
        (KeyboardInterrupt(), 130, "convscope: Stopped.\n"),
        (
            OSError(28, "No space left"),
            1,
            "convscope: [Errno 28] No space left. Free some space and give the command again; a "
            "run goes on with resume.\n",
        ),
    ],
)
def test_errors_are_one_line_and_a_code(error, code, message, monkeypatch, capsys):
    def app():
        raise error

    monkeypatch.setattr(sys, "argv", ["convscope", "networks"])
    monkeypatch.setattr(sys.modules["convscope.cli.main"], "app", app)
    with pytest.raises(SystemExit) as ended:
        module.main() if hasattr(module, "main") else module()
    assert ended.value.code == code
    assert capsys.readouterr() == ("", message)


def test_help_names_every_command(command):
    shown = command("--help").stdout
    for name in ("train", "resume", "evaluate", "predict", "compare", "plan", "show", "explain",
                 "kernels", "data", "doctor", "export", "serve", "networks"):  # fmt: skip
        assert f" {name} " in shown, name


def test_no_help_is_taken_for_markup():
    # [a-z] in an example would vanish on the screen.
    commands = typer.main.get_command(app).commands
    for name, command in commands.items():
        helps = [getattr(parameter, "help", None) for parameter in command.params]
        for text in (*helps, command.help, command.epilog):
            assert render(text or "").plain == (text or ""), f"{name}: {text}"


def test_the_version(command):
    import convscope

    assert convscope.__version__ in command("--version").stdout


def test_an_unknown_option_is_a_mistake(command):
    assert "--colour" in command("networks", "--colour", code=2).stderr
