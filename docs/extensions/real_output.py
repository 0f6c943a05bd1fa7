"""Directives that run what they show: a guide's output is that of the code it was built with.

`{convscope}` runs commands, `{python}` code; a page's examples run in one folder, in their order.
What is written there can be shown with `{made-figure}`. A command that fails fails the build. The
same example on the same page of another language isn't run again: its output is kept meanwhile.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from collections.abc import Callable

    from sphinx.application import Sphinx

_variables: dict[str, dict[str, Any]] = {}
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class RunsInFolder(SphinxDirective):
    """What runs in the folder of its page."""

    has_content = True
    option_spec: ClassVar = {"tail": directives.nonnegative_int, "quiet": directives.flag}

    def folder(self) -> Path:
        """The folder of the page's examples, in that which `docs/build_site.py` has made."""
        folder = Path(os.environ["CONVSCOPE_DOCS_EXAMPLES"]) / self.env.docname
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def output_of(self, source: str, run: Callable[[], str]) -> str:
        """What the example gives; it is run if it hasn't been yet."""
        kept = self.folder().with_name(f"{self.folder().name}.json")
        outputs = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
        if source not in outputs:
            outputs[source] = run()
            kept.write_text(json.dumps(outputs), encoding="utf-8")
        return str(outputs[source])

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
        output = self.output_of("\n".join(commands), lambda: self._run_all(commands))
        return self.show("\n".join(f"convscope {line}" for line in commands), "console", output)

    def _run_all(self, commands: list[str]) -> str:
        output = ""
        for command in commands:
            done = subprocess.run(
                [sys.executable, "-m", "convscope", *shlex.split(command)],
                cwd=self.folder(),
                capture_output=True,
                text=True,
                env=os.environ | {"COLUMNS": "96"},
            )
            if done.returncode:
                raise self.error(f"convscope {command}\n{done.stdout}{done.stderr}")
            output += done.stdout
        return output


class Python(RunsInFolder):
    """Python code; the variables of earlier examples of the page are there."""

    def run(self) -> list[nodes.Node]:
        """Run it, and show what it printed."""
        source = "\n".join(self.content)
        return self.show(source, "python", self.output_of(source, lambda: self._execute(source)))

    def _execute(self, source: str) -> str:
        variables = _variables.setdefault(str(self.folder()), {"__name__": "__main__"})
        printed = io.StringIO()
        with contextlib.chdir(self.folder()), contextlib.redirect_stdout(printed):
            try:
                exec(compile(ast.parse(source), self.env.docname, "exec"), variables)  # noqa: S102
            except Exception as error:
                raise self.error(f"{type(error).__name__}: {error}\n{source}") from error
        return printed.getvalue()


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


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("convscope", Convscope)
    app.add_directive("python", Python)
    app.add_directive("made-figure", MadeFigure)
    return {"parallel_read_safe": False}
