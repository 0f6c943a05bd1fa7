import json

import pytest
import torch

from convscope.folders import cache_folder
from convscope.planning.fixed_costs import RECENT, FixedCosts, fixed_costs, remember_fixed_costs

pytestmark = pytest.mark.usefixtures("own_cache")


def costs(seconds):
    return FixedCosts(seconds, 2 * seconds, 1000, 100, 200)


def test_before_the_first_run_others_stand_in():
    assert fixed_costs() == (FixedCosts(), False)


def test_the_median_of_the_last_runs():
    for seconds in (100.0, *range(1, RECENT + 1)):
        remember_fixed_costs(costs(float(seconds)))
    assert fixed_costs() == (costs(3.0), True)


def test_other_versions_do_not_count(monkeypatch):
    remember_fixed_costs(costs(1.0))
    monkeypatch.setattr(torch, "__version__", "1.0")
    assert not fixed_costs()[1]


def test_damaged_lines_are_passed_over():
    remember_fixed_costs(costs(1.0))
    file = cache_folder() / "fixed_costs.jsonl"
    wrong = json.loads(file.read_text()) | {"start_seconds": "soon"}
    with file.open("a") as log:
        log.write(f'{{"machine"\n[]\n3\n{json.dumps(wrong)}\n')
    assert fixed_costs() == (costs(1.0), True)


def test_lines_of_before_the_memory_of_evaluating_was_measured():
    remember_fixed_costs(costs(1.0))
    file = cache_folder() / "fixed_costs.jsonl"
    fields = json.loads(file.read_text())
    del fields["final_evaluation_bytes"]
    file.write_text(json.dumps(fields) + "\n")
    assert fixed_costs()[0].final_evaluation_bytes == FixedCosts().final_evaluation_bytes
