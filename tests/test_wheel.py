"""The built wheel, installed into an environment that has only what it needs besides."""

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

import httpx
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
HERE = Path(__file__).parents[1]
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
NAMED = re.compile(r"""(?:href|src)="(/static/[^"]+)"|(?:from|import\()\s*["'](\.[^"']+)["']""")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder of programs of a fresh environment with the wheel in it."""
    pytest.importorskip("hatchling", reason="needs hatchling, which builds the wheel")
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "-q", "-w", str(folder)]
    subprocess.run([*build, str(HERE)], check=True)
    [wheel] = folder.glob("*.whl")
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    python = environment / "bin" / "python"
    target = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True, capture_output=True, text=True, env=own_environment(),
    ).stdout.strip()  # fmt: skip
    # What it needs is not loaded anew: it is found where the tests have it. What makes this
    # checkout importable there is a line in a file of its own, which isn't read from here.
    Path(target, "needed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    command = [*install, "--no-deps", "--no-index", str(wheel)]
    subprocess.run(command, check=True, env=own_environment())
    return environment / "bin"


def own_environment():
    """The variables, without those that lead to this checkout."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


@pytest.fixture(scope="module")
def studio(installed, tmp_path_factory):
    """A studio of that environment: a client with its token."""
    process = subprocess.Popen(
        [installed / "convscope", "studio", str(tmp_path_factory.mktemp("runs")),
         "--no-open", "--port", "0"],
        stdout=subprocess.PIPE, text=True, env=own_environment(), cwd=installed,
    )  # fmt: skip
    try:
        said = process.stdout.readline()
        address, token = re.search(r"(http://\S+)/\?token=(\S+)", said).groups()
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=address, headers=headers, timeout=60, verify=False) as client:  # noqa: S501
            yield client
    finally:
        process.send_signal(signal.SIGTERM)
        process.stdout.close()
        process.wait(60)


def test_it_is_the_wheel_that_runs(installed):
    code = "import convscope, convscope.studio as s; print(convscope.__file__); print(s.__file__)"
    done = subprocess.run(
        [installed / "python", "-c", code],
        check=True, capture_output=True, text=True, env=own_environment(), cwd=installed,
    )  # fmt: skip
    for line in done.stdout.splitlines():
        assert Path(line).is_relative_to(installed.parent)


def test_every_file_that_the_page_names_is_served_with_its_type(studio):
    page = studio.get("/")
    assert page.headers["content-type"].startswith("text/html")
    waiting = [found[0] for found in NAMED.findall(page.text)]
    waiting += ["/static/words/en.json", "/static/words/zh.json"]
    seen = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = studio.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-type"].startswith(TYPES[Path(path).suffix]), path
        if path.endswith(".js"):
            folder = Path(path).parent
            named = [found[1] for found in NAMED.findall(answer.text) if found[1]]
            waiting += [os.path.normpath(folder / each) for each in named]
    scripts = {path for path in seen if path.endswith(".js")}
    shipped = HERE / "src" / "convscope" / "studio" / "static"
    assert scripts == {
        f"/static/{file.relative_to(shipped).as_posix()}" for file in shipped.rglob("*.js")
    }


def test_its_views_answer_and_the_lessons_are_in_it(studio):
    assert studio.get("/api/hello").status_code == 200
    views = re.findall(r"name: '(\w+)'", studio.get("/static/views.js").text)
    assert {"bench", "network", "lessons"} <= set(views)
    for view in views:
        assert studio.get(f"/{view}").status_code == 200
    lessons = studio.get("/api/lessons/choices?language=zh").json()["lessons"]
    assert len(lessons) == 18
    assert sum(len(each["exercises"]) for each in lessons) == 68
    asked = {"network": "catalog:lenet", "image": "digit-3"}
    answer = studio.post("/api/network/open", content=json.dumps(asked),
                         headers={"Content-Type": "application/json"})  # fmt: skip
    assert answer.json()["output"]
