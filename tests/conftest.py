"""What all tests share: a cache of their own, few threads, the command line as a function."""

import gc
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from filelock import FileLock
from hypothesis import settings

from convscope.cli.main import main

# How long an example takes says more about the machine than about the code. The same examples every
# time, so that a red test is due to a change; `--hypothesis-profile explore` looks for new ones.
settings.register_profile("default", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("default")


# Files that take longest, above all in the slow tests. The others come by their number of tests.
LONGEST = [
    *("test_docs_site.py", "test_as_notebook.py", "test_as_script.py", "test_lessons.py"),
    *("test_wrong_libraries.py", "test_docs.py", "test_stored_results.py", "test_train.py"),
]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Skip what needs a GPU where there is none; and order the files.

    Of several test processes, none shall have a long file left when the others have ended.
    """
    for item in items:
        if item.get_closest_marker("gpu") and not torch.cuda.is_available():
            item.add_marker(pytest.mark.skip(reason="needs a GPU"))
    if "PYTEST_XDIST_WORKER" in os.environ:
        tests = Counter(item.path for item in items)
        items.sort(key=lambda item: (item.path.name not in LONGEST, -tests[item.path]))


def pytest_collection_finish():
    """Thousands of tests stay to the end: garbage is never sought among them again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _folders_of_the_tests(tmp_path_factory):
    """Tests never touch the person's folders, and never find yesterday's results there."""
    os.environ["CONVSCOPE_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["CONVSCOPE_USER_DATA"] = str(tmp_path_factory.mktemp("user-data"))


@pytest.fixture(scope="session", autouse=True)
def _threads():
    """Beside other workers, one thread each is quickest."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _threads_stay():
    """A test that leaves more threads than cores behind makes all later ones slow."""
    before = _count_threads()
    yield
    after = _count_threads()
    assert before is None or after == before, "Threads: the test left another number than it found"


def _count_threads():
    """Threads of PyTorch, if a test has loaded it."""
    torch = sys.modules.get("torch")
    return None if torch is None else torch.get_num_threads()


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


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Run a command in this process, in an empty folder, and check its exit code.

    Without the seconds that a fresh process takes to load torch.

    Returns what it printed. `folder` is where it runs instead, `columns` how wide its terminal is.
    """

    def run(*arguments, code=0, columns=120, folder=tmp_path):
        monkeypatch.chdir(folder)
        monkeypatch.setenv("COLUMNS", str(columns))
        # Training would otherwise begin by replacing this program, the tests, by itself.
        monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=7")
        monkeypatch.setattr(sys, "argv", ["convscope", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert (ended.value.code or 0) == code, printed.out + printed.err
        return SimpleNamespace(stdout=printed.out, stderr=printed.err)

    return run


@pytest.fixture(scope="session")
def train_once(tmp_path_factory):
    """Train a network for all test processes: the first that asks trains, the others wait.

    The run is for reading; a test that writes into one copies it first.
    """
    import convscope as cs

    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent

    def train(name, network, data, **options):
        folder = root / "trained" / name / f"{network}-{Path(data).name}"
        folder.parent.mkdir(parents=True, exist_ok=True)
        done = folder.with_name("done")
        with FileLock(folder.with_name("lock")):
            if not done.exists():
                cs.train(
                    network, data, "fast", out=folder, quiet=True, precision="float32", threads=1,
                    **options,
                )  # fmt: skip
                done.touch()
        return cs.Run(folder)

    return train


@pytest.fixture(scope="session")
def digits_run(train_once):
    """A short training run on digits, for everything that reads runs."""
    return train_once("short", "lenet", "digits", epochs=6, size=28)


@pytest.fixture(scope="session")
def good_digits_run(train_once):
    """A run that is about 97 % right on digits, for what needs a network that has learned."""
    return train_once("good", "resnet9", "digits", epochs=6)


@pytest.fixture
def without_figures(monkeypatch):
    """Reports of runs without their figures, which take longer to draw than a small run to train.

    For tests of anything else: those of the figures, the reports and the commands draw them.
    """
    leave_out_figures(monkeypatch)


def leave_out_figures(monkeypatch):
    """What `without_figures` does, for a training that several tests share."""
    for name in ("curves_figure", "confusion_figure", "mistakes_figure"):
        monkeypatch.setattr(f"convscope.evaluation.report.{name}", lambda *_: None)


def leave_out_forecast(monkeypatch):
    """Runs begin without their forecast, which takes longer than a tiny run.

    As if the network couldn't be followed. For tests of anything else.
    """

    def refuse(*_):
        raise ValueError("this test does without")

    monkeypatch.setattr("convscope.training.expectation.Forecaster", refuse)


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A cache folder that only this test has."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("CONVSCOPE_CACHE", str(folder))
    return folder


def needs_data(name):
    """Skip where a named data set isn't on this machine and would have to be downloaded."""
    folder = Path(os.environ.get("CONVSCOPE_DATA", "nowhere"))
    present = folder.is_dir() and any(name in path.name for path in folder.iterdir())
    return pytest.mark.skipif(not present, reason=f"{name} isn't in $CONVSCOPE_DATA")


def slow(*names):
    """These cases of a parametrized test are slow: others of their kind are among the fast."""
    return [pytest.param(name, marks=pytest.mark.slow) for name in names]


def as_dict(done):
    return json.loads(done.stdout)
