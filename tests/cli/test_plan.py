"""Tests cli/plan.py, cli/plan_lists.py, look/amounts.py."""

import json

import pytest

from convscope.errors import UsageError
from convscope.look.amounts import parse_count, parse_size
from convscope.look.numbers import percent
from convscope.planning import plan as planning

LENET = ("plan", "lenet", "mnist", "--precision", "float32")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4GB", 4 * 10**9),
        ("500MB", 5 * 10**8),
        ("4GiB", 4 * 2**30),
        ("1.5 gb", 1_500_000_000),
        (".5TB", 5 * 10**11),
        ("12B", 12),
    ],
)
def test_sizes(text, size):
    assert parse_size("--fits", text) == size


@pytest.mark.parametrize("text", ["4", "", "GB", "-4GB", "4 G", "4GBs", "1e9B", "nanGB", "٤GB"])
def test_what_is_no_size(text):
    with pytest.raises(UsageError, match="--fits takes a size with its unit, such as 500MB, 4GB"):
        parse_size("--fits", text)


def test_no_memory_at_all():
    with pytest.raises(UsageError, match=r"--fits takes .*; '0GB' is nothing"):
        parse_size("--fits", "0GB")


def test_counts():
    assert parse_count("--budget", "100M") == 10**8
    assert parse_count("--budget", "1.8g") == 1_800_000_000
    assert parse_count("--budget", "7850") == 7850
    with pytest.raises(UsageError, match="--budget takes a number such as 500k, 100M or 1.8G"):
        parse_count("--budget", "100MB")


def test_one_screen_for_people(command):
    shown = command(*LENET, "--epochs", "3", "--batch-size", "64").stdout
    assert shown.startswith("lenet on mnist: batch size 64, 28×28 pixels, float32, 3 epochs of")
    assert "nine" not in shown
    assert "The ranges are meant to hold 90 % of the outcomes." in shown
    for part in ("activations", "data set", "forward", "backward", "optimizer", "an epoch"):
        assert part in shown
    assert len(shown.splitlines()) < 40


def test_a_plan_prints_itself_as_the_command_does(command, monkeypatch):
    made = []
    real = planning.plan

    def plan(*arguments, **changes):
        made.append(real(*arguments, **changes))
        return made[-1]

    monkeypatch.setattr(planning, "plan", plan)
    shown = command(*LENET, "--batch-size", "64", columns=120).stdout
    assert [line.rstrip() for line in shown.splitlines()] == str(made[0]).splitlines()
    written = json.loads(command(*LENET, "--batch-size", "64", "--json").stdout)
    assert written == json.loads(json.dumps(made[1].as_dict()))


def test_narrow_terminals_get_one_table_below_the_other(command):
    shown = command(*LENET, columns=60).stdout
    assert max(map(len, shown.splitlines())) <= 60


def test_the_json_is_that_of_the_forecast(command):
    written = json.loads(command(*LENET, "--json").stdout)
    assert set(written) == {
        *("network", "data", "batch_size", "size", "precision"),
        *("memory", "time", "flops", "notes"),
    }
    assert written["memory"]["low"] < written["memory"]["peak_bytes"] < written["memory"]["high"]


@pytest.mark.slow
def test_what_fits_a_memory_is_told_with_the_command_to_train_it(command, tmp_path, monkeypatch):
    # What earlier runs took in the process of the tests, which is large, would count here too.
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))
    done = command(*LENET, "--fits", "1GB")
    assert "Largest batch within 1 GB:" in done.stdout
    assert "convscope train lenet mnist --precision float32 --batch-size" in done.stdout
    written = json.loads(command(*LENET, "--fits", "1GB", "--json").stdout)["fits"]
    assert written["limit_bytes"] == 10**9
    assert written["high"] <= 10**9


def test_a_memory_that_is_too_small(command):
    done = command(*LENET, "--fits", "50MB", code=1)
    assert "lenet doesn't fit in 50 MB: with one image a step" in done.stderr


@pytest.mark.slow
def test_minutes_bring_alternatives_and_a_plot_is_written(command, tmp_path):
    done = command(*LENET, "--minutes", "2", "--plot", "plan.png", "--json")
    written = json.loads(done.stdout)
    assert written["alternatives"][0]["change"] == "as it is"
    fitting = written["alternatives"][0]["fitting_epochs"]
    assert written["time"]["epochs"] == pytest.approx(fitting, rel=0.1)
    assert written["files"] == {"plot": "plan.png"}
    assert (tmp_path / "plan.png").is_file()
    shown = command(*LENET, "--what-if").stdout
    assert "With one thing changed" in shown
    assert "14 pixels" in shown


def test_all_networks_within_a_budget(command, digits_run, monkeypatch):
    """All of a few: `planning/test_overview.py` counts every network of the catalog."""
    few = ["alexnet", "lenet", "resnet18-32px", "softmax-regression"]
    monkeypatch.setattr("convscope.planning.overview.list_networks", lambda: few)
    runs = str(digits_run.folder.parent)
    shown = command(
        "plan", "all", "digits", "--size", "28", "--budget", "500k", "--runs", runs
    ).stdout
    assert "at most 500 k" in shown
    (row,) = (line for line in shown.splitlines() if line.startswith("lenet "))
    assert row.split()[1:3] == ["417", "k"]
    assert row.endswith(percent(digits_run.summary()["accuracy"]))
    assert "resnet18-32px" not in shown
    assert "Left out, made for larger images (--size): alexnet" in shown
    written = json.loads(command("plan", "all", "mnist", "--budget", "10k", "--json").stdout)
    assert [row["network"] for row in written["networks"]] == ["softmax-regression"]


def test_the_history_of_this_machine(command, tmp_path, monkeypatch):
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))
    assert "No forecast has come to an outcome" in command("plan", "--history").stdout
    from convscope.planning.history import ForecastOutcome, remember

    for number in range(12):
        remember(ForecastOutcome("step", 0.1, 0.1 + number / 1000, "lenet", 64, "float32"))
    shown = command("plan", "--history").stdout
    assert "Forecasts on this machine" in shown
    assert "lenet, float32" in shown
    written = json.loads(command("plan", "--history", "--json").stdout)
    assert written["records"][0]["count"] == 12
    assert len(written["last"]) == 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Give a network and data, as in: convscope plan resnet9 cifar10"),
        (("lenet",), "Give a network and data"),
        (("lenett", "mnist"), "Unknown network 'lenett'. Did you mean 'lenet'"),
        (("lenet", "mnist", "--fits", "4"), "--fits takes a size with its unit"),
        (("lenet", "mnist", "--budget", "1M"), "--budget chooses among all networks"),
        (("all", "mnist", "--fits", "1GB"), "are for one network, not for all"),
        (("all", "mnist", "--budget", "1M", "--plot", "x.png"), "--plot draws all networks"),
        (("all", "mnist", "--runs", "nowhere"), "--runs 'nowhere' isn't a folder"),
        (("lenet", "mnist", "--runs", "."), "--runs goes with all: convscope plan all mnist"),
        (("--history", "--fits", "1GB"), "--history stands alone"),
        (("lenet", "mnist", "--set", "optimiser=adam"), "Did you mean 'optimizer'"),
        (("lenet", "mnist", "--plot", "plan.pdf"), "--plot must be a file that ends with .png"),
    ],
)
def test_mistakes(command, arguments, message):
    assert message in command("plan", *arguments, code=2).stderr
