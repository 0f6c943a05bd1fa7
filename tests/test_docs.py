"""The code in the documentation runs, links lead somewhere, and every recipe field is explained."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
# Pages that docs/build_site.py makes.
MADE = {"lessons/index.md", "glossary.md", "commands.md", "interface.md", "en/index.html"}
PAGE_NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def blocks(page, language):
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=PAGE_NAMES)
def test_python_runs(page, tmp_path):
    code = "\n".join(blocks(page, "python"))
    if not code:
        pytest.skip("no Python on this page")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=PAGE_NAMES)
def test_commands_run(page, tmp_path):
    """Blocks marked `sh` are for copying as they stand: each line must end well, in order."""
    commands = [line for block in blocks(page, "sh") for line in block.splitlines()]
    ours = [shlex.split(line, comments=True) for line in commands if line.startswith("convscope ")]
    if not ours:
        pytest.skip("no commands on this page")
    for command in ours:
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env=os.environ | {"COLUMNS": "120"},
        )
        assert done.returncode == 0, f"{shlex.join(command)}\n{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=PAGE_NAMES)
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target and target.removeprefix("../") not in MADE:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_field_of_a_recipe_is_explained():
    from convscope.runs.recipe import Recipe

    for name in Recipe.model_fields:
        assert f"\n        {name}: " in Recipe.__doc__, name
