"""Training on a GPU: what comes out is what a processor computes, in the memory that was forecast.

Skipped without one; `benchmarks/gpu.sh` runs these.
"""

import pytest
import torch

import convscope as cs
from convscope.planning.cuda_memory import cuda_memory
from convscope.planning.record_step import record_step
from convscope.runs.optimization import make_optimizer
from convscope.runtime.execution import Execution
from convscope.runtime.training_step import training_step

pytestmark = pytest.mark.gpu
CPU = torch.device("cpu")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_run_learns_there_and_is_evaluated_alike_here(tmp_path, precision):
    options = {"epochs": 4, "quiet": True, "precision": precision}
    run = cs.train("resnet9", "digits", "fast", out=tmp_path / "run", device="cuda", **options)
    assert run.summary()["accuracy"] > 0.8
    here = cs.evaluate(run, device="cpu", quiet=True)
    assert here.accuracy == pytest.approx(run.summary()["accuracy"], abs=0.01)


class StopHereError(Exception):
    """What the watcher raises."""


class StopAfterTwo:
    """Ends the run in its second epoch."""

    def step(self, progress, loss):
        pass

    def epoch(self, metrics, state):
        if metrics["epoch"] == 2:
            raise StopHereError

    def message(self, text):
        pass


def test_a_stopped_run_goes_on_where_it_was(tmp_path):
    options = {"quiet": True, "precision": "float32", "device": "cuda", "epochs": 4}
    whole = cs.train("lenet", "digits", "fast", out=tmp_path / "whole", **options)
    options |= {"watcher": StopAfterTwo(), "out": tmp_path / "part"}
    with pytest.raises(StopHereError):
        cs.train("lenet", "digits", "fast", **options)
    run = cs.resume(tmp_path / "part", quiet=True)
    assert [line["train_loss"] for line in run.metrics("epoch")] == pytest.approx(
        [line["train_loss"] for line in whole.metrics("epoch")], rel=0.02
    )


@pytest.mark.parametrize("network", ["lenet", "resnet18", "densenet"])
def test_the_allocator_counts_what_was_forecast(network):
    recipe = cs.Recipe(epochs=1, momentum=0.9)
    built = cs.build(network, 1, 10)
    side = 28 if network == "lenet" else 96
    forecast = cuda_memory(
        record_step(built, (1, side, side), Execution(CPU, "float32"), recipe), 64
    )
    device = torch.device("cuda")
    execution = Execution(device, "float32")
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    trained = execution.place(built).train()
    optimizer = make_optimizer(trained, recipe)
    images = execution.lay_out(torch.rand(64, 1, side, side))
    labels = torch.randint(0, 10, (64,), device=device)
    for number in range(2):
        training_step(trained, images, labels, execution, optimizer, number=number)
    took = torch.cuda.max_memory_allocated() - before
    assert forecast.allocated == pytest.approx(took, rel=0.3, abs=20e6)
