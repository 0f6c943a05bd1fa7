"""`convscope train --seeds` and what follows it, from end to end."""

import json

import pytest

TRAIN = ["train", "softmax-regression", "digits", "--recipe", "fast", "--precision", "float32"]


@pytest.mark.slow
def test_seeds_from_end_to_end(command, tmp_path):
    first = [*TRAIN, "--epochs", "2", "--seeds", "2", "--out", "g"]
    done = command(*first)
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["seed", "accuracy", "loss", "time"]
    assert [line.split()[0] for line in lines[1:3]] == ["0", "1"]
    assert lines[4].startswith("test accuracy over 2 seeds: median ")
    assert "standard deviation" in lines[5]
    assert lines[6] == "Compare with another recipe: convscope compare g OTHER"
    assert "Seed 0 (1 of 2)" in done.stderr
    more = command(*first[:-3], "3", "--out", "g", "--json")
    result = json.loads(more.stdout)
    assert more.stderr.count("has ended before: not repeated") == 2
    assert result["run"] == "g"
    assert [row["run"] for row in result["seeds"]] == ["g/seed-0", "g/seed-1", "g/seed-2"]
    accuracies = sorted(row["accuracy"] for row in result["seeds"])
    assert result["accuracy"] == accuracies[1]
    assert result["spread"]["highest"] == accuracies[2]
    other = [*TRAIN, "--epochs", "1", "--seeds", "2", "--quiet"]
    assert command(*other).stderr == ""
    compared = json.loads(
        command("compare", "g", "runs/softmax-regression-digits-1", "--json").stdout
    )
    assert compared["pairs"][0]["test"] == "permutation"
    assert compared["pairs"][0]["has_too_few_seeds"]
    changed = command(*first, "--lr", "0.5", code=2)
    assert "'g' holds seeds of another recipe: learning_rate was 0.002 and is 0.5" in changed.stderr


@pytest.mark.slow
def test_a_failed_seed_ends_with_1(command):
    arguments = [*TRAIN, "--epochs", "1", "--seeds", "2", "--lr", "1e30", "--out", "g"]
    done = command(*arguments, code=1)
    assert done.stdout.count("failed\n") == 2
    assert "Seed 1 failed. " in done.stdout
    assert "No seed has a result." in done.stdout
    assert "A seed that failed isn't repeated; to try it again, remove its folder." in done.stdout
    again = command(*arguments, "--json", code=1)
    assert json.loads(again.stdout)["failed"] == [0, 1]


def test_one_seed_has_no_spread(command):
    done = command(*TRAIN, "--seeds", "1", code=2)
    assert done.stderr == (
        "convscope: --seeds must be at least 2, since one run shows no spread; given 1.\n"
    )
