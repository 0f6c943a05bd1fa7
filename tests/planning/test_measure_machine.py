import subprocess
from types import SimpleNamespace

import pytest

from convscope.errors import ConvscopeError
from convscope.planning import measure_machine as module
from convscope.planning.fixed_costs import FixedCosts, fixed_costs, remember_fixed_costs
from convscope.planning.measure_machine import STEPS, measure_machine
from convscope.planning.times import OperationTimes

pytestmark = pytest.mark.usefixtures("own_cache")


def test_operations_are_timed_and_kept(monkeypatch, tmp_path):
    costs = FixedCosts(1.0, 2.0, 300, 40)
    monkeypatch.setattr(module, "_train_small_run", lambda: remember_fixed_costs(costs))
    monkeypatch.setattr(module, "NETWORKS", ("lenet",))
    steps = []
    found = measure_machine(steps.append, 1.0)
    assert found.costs == costs
    assert found.operations > 50
    assert 0 < found.share_measured <= 1
    assert len(steps) <= STEPS
    assert (tmp_path / "cache" / "operations.json").is_file()
    assert OperationTimes(module.torch.get_num_threads())._seconds
    assert found.as_dict()["start_bytes"] == 300
    assert str(found).startswith("start-up       1 s\nevaluation     2 s, besides the logits")


def test_a_run_that_fails_says_why(monkeypatch):
    failed = subprocess.CompletedProcess([], 1, "", "warning\nconvscope: No space left.\n")
    monkeypatch.setattr(module.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(ConvscopeError, match=r"calibrating failed: convscope: No space left\."):
        measure_machine(lambda _: None)


@pytest.mark.slow
def test_the_small_run_leaves_its_costs(monkeypatch):
    """In a process that no other program seems to hold up: a run on a busy machine leaves none."""
    code = (
        "from convscope.runtime import contention; contention._waited = dict; "
        "from convscope.cli.main import main; main()"
    )
    run = subprocess.run

    def run_undisturbed(words, **options):
        return run([words[0], "-c", code, *words[words.index("train") :]], **options)

    monkeypatch.setattr(module, "subprocess", SimpleNamespace(run=run_undisturbed))
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=7")  # else it starts anew
    module._train_small_run()
    costs, are_measured = fixed_costs()
    assert are_measured
    assert costs.start_bytes > 50e6
