"""The `convscope` program: its commands, and how errors reach a person."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
import warnings
from types import FrameType
from typing import Annotated, NoReturn

import typer

from convscope.cli import compare as compare_command
from convscope.cli import data as data_command
from convscope.cli import doctor as doctor_command
from convscope.cli import evaluate as evaluate_command
from convscope.cli import explain as explain_command
from convscope.cli import export as export_command
from convscope.cli import kernels as kernels_command
from convscope.cli import lesson as lesson_command
from convscope.cli import networks as networks_command
from convscope.cli import plan as plan_command
from convscope.cli import predict as predict_command
from convscope.cli import serve as serve_command
from convscope.cli import show as show_command
from convscope.cli import studio as studio_command
from convscope.cli import train as train_command
from convscope.cli import tune as tune_command
from convscope.cli.console import fail, write_any_text
from convscope.errors import ConvscopeError, TerminatedError
from convscope.runtime.allocator import start_again_without_thread_cache
from convscope.runtime.signals import (
    ending_signals,
    let_through,
    put_off_while_importing,
    repeats_itself,
)
from convscope.version import __version__

app = typer.Typer(
    name="convscope",
    help="See, plan, train, evaluate and ship convolutional networks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"convscope {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """See, plan, train, evaluate and ship convolutional networks."""


app.command(epilog=plan_command.EPILOG)(plan_command.plan)
app.command(epilog=train_command.EPILOG)(train_command.train)
app.command()(train_command.resume)
app.command(epilog=tune_command.EPILOG)(tune_command.tune)
app.command(epilog=data_command.EPILOG)(data_command.data)
app.command(epilog=evaluate_command.EPILOG)(evaluate_command.evaluate)
app.command(epilog=compare_command.EPILOG)(compare_command.compare)
app.command(epilog=predict_command.EPILOG)(predict_command.predict)
app.command(epilog=serve_command.EPILOG)(serve_command.serve)
app.command(epilog=export_command.EPILOG)(export_command.export)
app.command()(networks_command.networks)
app.command(epilog=show_command.EPILOG)(show_command.show)
app.command(epilog=explain_command.EPILOG)(explain_command.explain)
app.command(epilog=doctor_command.EPILOG)(doctor_command.doctor)
app.command(epilog=kernels_command.EPILOG)(kernels_command.kernels)
app.command(epilog=studio_command.EPILOG)(studio_command.studio)
app.add_typer(lesson_command.lesson, name="lesson")


def main() -> None:
    """Run the command line. A person's mistake ends in one line on standard error."""
    # Threads that wait for one another should soon sleep instead of spinning, so that whoever they
    # wait for gets the processor. GNU's OpenMP reads this when torch is loaded, which is later.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    if os.environ.get("WORLD_SIZE", "1") != "1":
        # PyTorch's remarks to developers, of which every process would print its own.
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    # What is wrong with an image is said in one line of our own; Pillow would add some.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    write_any_text()
    if sys.argv[1:2] in (["train"], ["resume"], ["tune"]):
        start_again_without_thread_cache()
    came = _listen_to_signals()
    let_through()
    try:
        app()
    except SystemExit as error:  # typer ends so after Ctrl-C, and after SIGTERM by our handler
        if error.code != 128 + signal.SIGINT:
            raise
        fail("Stopped.")
        _end(came)
    except ConvscopeError as error:
        fail(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        fail("Stopped.")
        _end(came)
    except BrokenPipeError:  # the reader of our output went away, as in `| head`
        sys.stderr.close()
        sys.exit(141)
    except OSError as error:  # a full disk, a file that may not be read
        hint = ""
        if error.errno == errno.ENOSPC:
            hint = " Free some space and give the command again; a run goes on with resume."
        fail(f"{error}.{hint}")
        sys.exit(1)


def _end(came: list[int]) -> NoReturn:
    """Exit as the first signal says; those to come can't cut the end off any more."""
    for number in came:
        signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + (came or [signal.SIGINT])[0])


def _listen_to_signals() -> list[int]:
    """Let all signals end a command in one way; the list holds their numbers once they came."""
    came: list[int] = []

    def receive(number: int, frame: FrameType | None) -> None:
        if not put_off_while_importing(number, frame) and not repeats_itself():
            came.append(number)
            raise TerminatedError(number)

    if threading.current_thread() is threading.main_thread():
        for number in ending_signals():
            signal.signal(number, receive)
    return came
