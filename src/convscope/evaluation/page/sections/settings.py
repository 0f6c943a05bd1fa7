"""Everything needed to do the run again: its recipe, and where it ran."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from convscope.evaluation.page.tables import table
from convscope.evaluation.page.words import with_options
from convscope.look.html import escape
from convscope.runs.begin_from import describe_origin, read_origin
from convscope.runs.run import Run
from convscope.runs.stages import describe_stages


def recipe(run: Run) -> str:
    """The recipe as it lies in the run's folder, and the command that takes it."""
    settings = run.recipe
    names = f"{settings.network or 'NETWORK'} {settings.data or 'DATA'}"
    command = f"convscope train {names} --recipe recipe.toml"
    lines = run.recipe_file.read_text(encoding="utf-8").splitlines()
    content = "\n".join(map(escape, lines))  # escaped by the line, since it marks control signs
    return (
        f"{_beginning(run)}<p>Saved as recipe.toml, this trains it again: "
        f"<code>{with_options(command)}</code></p>\n"
        f'<pre tabindex="0">{content}</pre>'
    )


def _beginning(run: Run) -> str:
    """Where the first weights came from, and which layers learned when; nothing if from nothing."""
    origin = read_origin(run) if run.recipe.from_ else None
    if origin is None:
        return ""
    said = f"{describe_origin(origin)} {describe_stages(run.recipe, origin.new)}"
    return f"<p>{escape(said)}</p>\n"


def environment(run: Run) -> str:
    """Machine, versions, and what was chosen by measuring; nothing where the run has none."""
    if not run.environment_file.exists():
        return ""
    facts = {name: value for name, value in run.environment.items() if name != "recipe"}
    rows = [[name, text] for name, text in _flat(facts)]
    return table(["setting", "value"], rows, caption="Machine and versions")


def _flat(values: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        full = f"{above}{name}".replace("_", " ") if not above else f"{above}{name}"
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{full}: ")
        else:
            parts = value if isinstance(value, list) and value else [value]
            yield full, ", ".join(_said(each) for each in parts)


def _said(value: Any) -> str:
    if value in ({}, [], None):
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
