"""The third-party scripts are the published ones, small, and with their licences."""

import hashlib
import json
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

from convscope.studio.static_files import ROOT
from convscope.studio.views import VIEWS
from tests.sources import PACKAGE

FOLDER = PACKAGE / "studio" / "static" / "vendor"
ENTRIES = json.loads((FOLDER / "VENDOR.json").read_text(encoding="utf-8"))
HERE = Path(__file__).parents[2] / "vendor"


def test_every_file_is_told_of():
    told = {each["file"] for each in ENTRIES} | {each["licence_file"] for each in ENTRIES}
    assert {path.name for path in FOLDER.iterdir()} == told | {"VENDOR.json"}


@pytest.mark.parametrize("entry", ENTRIES, ids=[each["file"] for each in ENTRIES])
def test_files_are_as_they_were_copied(entry):
    content = (FOLDER / entry["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    licence = (FOLDER / entry["licence_file"]).read_text(encoding="utf-8")
    assert {"MIT": "Permission is hereby granted", "Apache-2.0": "Apache License"}[
        entry["licence"]
    ] in licence
    locked = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    facts = locked[f"node_modules/{entry['name']}"]
    assert (facts["version"], facts["integrity"]) == (entry["version"], entry["integrity"])


def test_scripts_import_only_from_beside_them():
    for entry in ENTRIES:
        text = (FOLDER / entry["file"]).read_text(encoding="utf-8")
        for source in re.findall(r"""\bfrom\s*["']([^"']+)["']""", text):
            assert (FOLDER / source).is_file()
        assert "sourceMappingURL" not in text


def loaded_by(script):
    """A script and all that it imports, as paths below `static`."""
    root, found, todo = Path(str(ROOT)), set(), [script]
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            text = (root / path).read_text(encoding="utf-8")
            sources = re.findall(r"""\b(?:from|import)\s*["'](\.[^"']+)["']""", text)
            places = [(root / path).parent.joinpath(source).resolve() for source in sources]
            todo += [str(place.relative_to(root.resolve())) for place in places]
    return found


def test_the_budget_of_scripts_and_styles_is_kept():
    """Before compression: of what the first page loads, and of what any view does."""
    root = Path(str(ROOT))
    files = [path for path in root.rglob("*") if path.is_file()]
    vendored = sum(path.stat().st_size for path in files if path.parent == FOLDER)
    styles = sum(path.stat().st_size for path in files if path.suffix == ".css")
    whole = sum(path.stat().st_size for path in files if path.suffix == ".js")
    page = loaded_by("main.js")
    assert {"vendor/preact.js", "route.js"} <= page
    loaded = {
        name: sum((root / path).stat().st_size for path in page | loaded_by(f"{name}/view.js"))
        for name in VIEWS
    }
    print(f"scripts {loaded}, all {whole:,} bytes; vendored {vendored:,}; styles {styles:,}")
    assert vendored < 150_000
    assert loaded["bench"] < 150_000  # the first page
    assert max(loaded.values()) < 200_000
    assert styles < 40_000


@pytest.mark.skipif(not (HERE / "node_modules").is_dir(), reason="needs `make vendor`, from npm")
def test_they_come_out_of_the_published_packages_again(tmp_path, monkeypatch):
    made = runpy.run_path(str(HERE / "vendor.py"))
    for name, (package, path) in made["FILES"].items():
        published = (HERE / "node_modules" / package / path).read_text(encoding="utf-8")
        assert made["as_vendored"](published) == (FOLDER / name).read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node, to read the scripts")
def test_scripts_are_scripts():
    files = [str(path) for path in sorted(Path(str(ROOT)).rglob("*.js"))]
    # Without a package.json that says so, node takes .js for the older kind of script.
    code = (
        "import fs from 'node:fs'; import vm from 'node:vm';"
        "for (const file of process.argv.slice(1))"
        "new vm.SourceTextModule(fs.readFileSync(file, 'utf8'), {identifier: file})"
    )
    node = ["node", "--no-warnings", "--experimental-vm-modules", "--input-type=module"]
    done = subprocess.run([*node, "-e", code, "--", *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
