import json

import pytest
import torch
from torch import nn

import convscope as cs
from convscope.planning.history import Outcome
from convscope.planning.plan import forecasters, plan
from convscope.planning.record_step import record_step
from convscope.planning.stopwatch import Stopwatch
from convscope.runtime.execution import Execution

pytestmark = pytest.mark.usefixtures("own_cache")


def recorded(network, shape=(1, 28, 28)):
    execution = Execution(torch.device("cpu"), "float32", 1)
    return record_step(network, shape, execution, lambda n: torch.optim.SGD(n.parameters(), 0.1))


def test_a_recorded_step_counts_what_pytorch_counts():
    from torch.utils.flop_counter import FlopCounterMode

    network = cs.build("lenet")
    step = recorded(network)
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(4, 1, 28, 28)).sum().backward()
    flops = sum(each.at(4, step.stand_in).flops for each in step.operations)
    assert flops == counter.get_total_flops()


def test_recording_leaves_the_network_as_it_is():
    network = cs.build("lenet-bn").eval()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    recorded(network)
    assert all(torch.equal(before[name], t) for name, t in network.state_dict().items())
    assert not network.training
    assert all(parameter.grad is None for parameter in network.parameters())


def test_every_operation_can_be_timed():
    step = recorded(cs.build("resnet18-32px"), (1, 32, 32))
    stopwatch = Stopwatch(2**26)
    for operation in {each.key: each.at(2, step.stand_in) for each in step.operations}.values():
        assert stopwatch.seconds(operation, 1) > 0


def test_a_plan_in_json():
    result = plan("lenet", "digits", size=28, epochs=2, precision="float32").as_dict()
    json.dumps(result)
    assert result["time"]["low"] < result["time"]["run_seconds"] < result["time"]["high"]
    assert sum(result["memory"]["parts"].values()) > 0
    assert result["time"]["steps_per_epoch"] == -(-1438 // result["batch_size"])


def test_memory_grows_with_the_batch():
    (forecaster,) = forecasters("lenet", "digits", size=28, precision="float32")
    small, large = (
        forecaster.at(size, measuring_seconds=0).step_memory.live for size in (64, 4096)
    )
    assert large > 10 * small


def test_a_network_that_asks_for_values_is_refused_in_one_line():
    class Asks(nn.Module):
        def __init__(self):
            super().__init__()
            self.dense = nn.Linear(784, 10)

        def forward(self, x):
            return self.dense(x.flatten(1)) * (2 if x.sum().item() > 0 else 1)

    with pytest.raises(cs.ConvscopeError, match="can't be forecast"):
        plan(Asks(), image_shape=(1, 28, 28), recipe=cs.Recipe(epochs=1))


def test_without_data_or_shape():
    with pytest.raises(cs.UsageError, match="Give data, or image_shape"):
        plan("lenet")


def test_a_time_that_is_given_is_filled_as_history_says(monkeypatch):
    slow = [Outcome("run", 1.0, 2.0, "other", 1, "float32") for _ in range(90)]
    for module in ("forecaster", "run_time"):
        monkeypatch.setattr(
            f"convscope.planning.{module}.outcomes", lambda what: slow if what == "run" else []
        )
    found = forecasters("lenet", "mnist", precision="float32", minutes=5, epochs=None)[0].at(64)
    correction = found.run.value / found.uncorrected["run"]
    assert correction > 1.7
    outside = found.start_seconds + found.final_evaluation_seconds
    assert found.run.value == pytest.approx(300 + correction * outside)
    assert 300 < found.run.low < found.run.value <= found.run.high < 300 + 3 * correction * outside
