"""Directives that run what they show: a guide's output is that of the code it was built with.

`{convscope}` runs commands, `{python}` code; a page's examples run in one folder, in their order.
What is written there can be shown with `{made-figure}`. A command that fails fails the build.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_folders: dict[str, Path] = {}
_variables: dict[str, dict[str, Any]] = {}
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class RunsInFolder(SphinxDirective):
    """What runs in the folder of its page."""

    has_content = True
    option_spec: ClassVar = {"tail": directives.nonnegative_int, "quiet": directives.flag}

    def folder(self) -> Path:
        """The folder of the page's examples."""
        page = f"{self.env.app.outdir}:{self.env.docname}"
        if page not in _folders:
            _folders[page] = Path(tempfile.mkdtemp(prefix="convscope-docs-"))
        return _folders[page]

    def show(self, source: str, language: str, output: str) -> list[nodes.Node]:
        """The example and what it gave; `:tail: N` shows the last lines only."""
        lines = CONTROL.sub("", output).rstrip().splitlines()
        lines = [line.rsplit("\r", 1)[-1].rstrip() for line in lines]
        if "tail" in self.options and len(lines) > self.options["tail"]:
            lines = ["…", *lines[-self.options["tail"] :]]
        shown: list[nodes.Node] = [nodes.literal_block(source, source, language=language)]
        if lines and "quiet" not in self.options:
            text = "\n".join(lines)
            shown.append(nodes.literal_block(text, text, language="text", classes=["output"]))
        return shown


class Convscope(RunsInFolder):
    """Commands, one a line, each without its leading `convscope`."""

    def run(self) -> list[nodes.Node]:
        """Run them, and show the last one's output below all."""
        commands = [line for line in self.content if line.strip()]
        output = ""
        for command in commands:
            done = subprocess.run(
                [sys.executable, "-m", "convscope", *shlex.split(command)],
                cwd=self.folder(),
                capture_output=True,
                text=True,
                env=os.environ | {"COLUMNS": "96", "CONVSCOPE_LANG": self.env.config.language[:2]},
            )
            if done.returncode:
                raise self.error(f"convscope {command}\n{done.stdout}{done.stderr}")
            output += done.stdout
        return self.show("\n".join(f"convscope {line}" for line in commands), "console", output)


class Python(RunsInFolder):
    """Python code; the variables of earlier examples of the page are there."""

    def run(self) -> list[nodes.Node]:
        """Run it, and show what it printed."""
        source = "\n".join(self.content)
        variables = _variables.setdefault(str(self.folder()), {"__name__": "__main__"})
        printed = io.StringIO()
        with contextlib.chdir(self.folder()), contextlib.redirect_stdout(printed):
            try:
                exec(compile(ast.parse(source), self.env.docname, "exec"), variables)  # noqa: S102
            except Exception as error:
                raise self.error(f"{type(error).__name__}: {error}\n{source}") from error
        return self.show(source, "python", printed.getvalue())


class MadeFigure(RunsInFolder):
    """A figure that an example has written."""

    has_content = False
    required_arguments = 1
    option_spec: ClassVar = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Copy it beside the page."""
        made = self.folder() / self.arguments[0]
        if not made.is_file():
            raise self.error(f"No example of this page has written {self.arguments[0]}.")
        name = f"{self.env.docname}-{made.name}".replace("/", "-")
        shutil.copyfile(made, Path(self.env.srcdir) / name)
        depth = "../" * self.env.docname.count("/")
        return [nodes.image(uri=f"{depth}{name}", alt=self.options["alt"])]


def _remove_folders(app: Sphinx, exception: Exception | None) -> None:
    for folder in _folders.values():
        shutil.rmtree(folder, ignore_errors=True)
    _folders.clear()
    _variables.clear()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("convscope", Convscope)
    app.add_directive("python", Python)
    app.add_directive("made-figure", MadeFigure)
    app.connect("build-finished", _remove_folders)
    return {"parallel_read_safe": False}
