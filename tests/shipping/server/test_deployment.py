"""The unit and the container file: their commands exist, they run as nobody in particular."""

import configparser
import importlib.metadata
import json
import re
import shlex
from pathlib import Path

import pytest
import typer.main

from convscope.cli.main import app
from convscope.shipping.server.limits import DRAIN_SECONDS

REPOSITORY = Path(__file__).parents[3]
SERVING = (REPOSITORY / "docs" / "serving.md").read_text(encoding="utf-8")
CONTAINER = (REPOSITORY / "Containerfile").read_text(encoding="utf-8")


def check_command(words):
    """The command line takes these words; nothing is started."""
    assert Path(words[0]).name == "convscope"
    _, name, *options = words
    return typer.main.get_command(app).commands[name].make_context(name, options).params


def test_the_unit():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read_string(re.search(r"```ini\n(.*?)```", SERVING, re.DOTALL)[1])
    service = unit["Service"]
    given = check_command(shlex.split(service["ExecStart"]))
    assert (given["host"], given["port"]) == ("127.0.0.1", 8000)
    assert service["DynamicUser"] == "yes"
    assert float(service["TimeoutStopSec"]) > DRAIN_SECONDS + 2


def test_the_container():
    lines = re.sub(r"\\\n\s*", "", CONTAINER).splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    does = dict(steps)
    given = check_command(json.loads(does["CMD"]))
    assert given["host"] == "0.0.0.0"  # noqa: S104 - a container is reached from outside
    assert given["port"] == int(does["EXPOSE"])
    assert int(does["USER"]) > 0
    assert [name for name, _ in steps].index("RUN") < [name for name, _ in steps].index("USER")
    assert does["STOPSIGNAL"] == "SIGTERM"
    for copied in does["COPY"].split()[1:-1]:
        assert (REPOSITORY / copied).is_file()


def test_licences_name_everything_that_is_installed():
    text = (REPOSITORY / "SECURITY.md").read_text(encoding="utf-8").lower()
    text = text.replace("pytorch", "torch")
    for need in importlib.metadata.requires("convscope") or []:
        name = re.match(r"[\w-]+", need)[0]
        extra = re.search(r"extra == ['\"](\w+)['\"]", need)
        if extra is None or extra[1] in ("web", "onnx", "tune"):
            assert re.search(rf"\b{name.lower()}\b", text), name


@pytest.mark.parametrize("name", ["CONVSCOPE_TOKEN", "CONVSCOPE_CACHE"])
def test_variables_are_ones_that_are_read(name):
    assert name in SERVING
    assert name in CONTAINER
    sources = (REPOSITORY / "src").rglob("*.py")
    assert any(name in file.read_text(encoding="utf-8") for file in sources)
