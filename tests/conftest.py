"""What all tests share: a cache of their own, few threads, the command line as a function."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says more about the machine than about the code.
settings.register_profile("default", deadline=None)
settings.load_profile("default")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Tests never touch the person's cache, and never find yesterday's results there."""
    os.environ["CONVSCOPE_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session", autouse=True)
def _threads():
    """Beside other workers, one thread each is quickest."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        import torch

        torch.set_num_threads(1)


@pytest.fixture
def convscope(tmp_path):
    """Run the command line in a fresh process and an empty folder; returns what came of it."""

    def run(*arguments, code=0, **environment):
        done = subprocess.run(
            [sys.executable, "-m", "convscope", *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=os.environ | {"COLUMNS": "120"} | environment,
        )
        assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    return run


@pytest.fixture(scope="session")
def digits_run(tmp_path_factory):
    """A short training run on digits, for everything that reads runs."""
    import convscope as cs

    out = tmp_path_factory.mktemp("runs") / "lenet-digits"
    return cs.train(
        "lenet", "digits", "fast", out=out, epochs=6, size=28, quiet=True, precision="float32"
    )


@pytest.fixture(scope="session")
def good_digits_run(tmp_path_factory):
    """A run that is about 97 % right on digits, for what needs a network that has learned."""
    import convscope as cs

    out = tmp_path_factory.mktemp("runs") / "resnet9-digits"
    return cs.train("resnet9", "digits", "fast", out=out, epochs=5, quiet=True, precision="float32")


def needs_data(name):
    """Skip where a named data set isn't on this machine and would have to be downloaded."""
    folder = Path(os.environ.get("CONVSCOPE_DATA", "nowhere"))
    present = folder.is_dir() and any(name in path.name for path in folder.iterdir())
    return pytest.mark.skipif(not present, reason=f"{name} isn't in $CONVSCOPE_DATA")


def as_dict(done):
    return json.loads(done.stdout)
