import pytest
import torch

import convscope as cs
from convscope.runtime import choose_execution as choosing
from convscope.runtime.choose_execution import choose_execution
from convscope.runtime.execution import Execution
from tests.conftest import slow

CPU = torch.device("cpu")


def batch(network="lenet"):
    torch.manual_seed(0)
    return cs.build(network, 1, 10), torch.randn(8, 1, 28, 28), torch.arange(8)


def test_leaves_the_network_and_the_generator_alone():
    network, images, labels = batch("lenet-bn")
    before = {name: t.clone() for name, t in network.state_dict().items()}
    state = torch.get_rng_state()
    choose_execution(network, images, labels, CPU)
    assert torch.equal(state, torch.get_rng_state())
    assert network.training
    assert all(torch.equal(before[name], t) for name, t in network.state_dict().items())
    assert all(p.grad is None for p in network.parameters())


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_precision_that_is_asked_for_is_taken_as_it_is(precision):
    chosen = choose_execution(*batch(), CPU, precision, threads=1)
    assert (chosen.precision, chosen.reason) == (precision, "as asked")


@pytest.mark.parametrize(
    ("speeds", "precision", "reason"),
    [
        ({"float32": 100, "bfloat16": 400}, "bfloat16", "bfloat16 measured to be 4.0× as fast"),
        ({"float32": 100, "bfloat16": 10}, "float32", "bfloat16 measured to be 0.1× as fast"),
    ],
)
def test_the_faster_is_chosen(monkeypatch, speeds, precision, reason):
    monkeypatch.setattr(choosing, "_agrees", lambda *_: True)
    monkeypatch.setattr(choosing, "_speed", lambda network, way, *_: speeds[way.precision])
    chosen = choose_execution(*batch(), CPU)
    assert chosen.precision == precision
    assert chosen.reason.startswith(reason)


def gradients(monkeypatch, short_loss, short):
    """Fake steps: what bfloat16 gives on the first batch, and float32 on both."""
    plain = iter([(2.0, torch.tensor([1.0, 0.0])), (2.1, torch.tensor([1.0, 1.0]))])
    monkeypatch.setattr(
        choosing,
        "_loss_and_gradient",
        lambda network, way, **_: (
            (short_loss, torch.tensor(short)) if way.precision == "bfloat16" else next(plain)
        ),
    )


@pytest.mark.parametrize(
    ("loss", "gradient", "agrees"),
    [
        (2.0, [1.0, 0.0], True),
        (2.0, [1.0, 0.3], True),  # a small turn beside that of the other batch, 45°
        (2.0, [1.0, 0.9], False),
        (2.5, [1.0, 0.0], False),
        (float("nan"), [1.0, 0.0], False),
        (2.0, [float("nan"), 0.0], False),
    ],
)
def test_rounding_must_matter_less_than_the_choice_of_the_batch(
    monkeypatch, loss, gradient, agrees
):
    gradients(monkeypatch, loss, gradient)
    monkeypatch.setattr(choosing, "_speed", lambda network, way, *_: len(way.precision))
    chosen = choose_execution(*batch(), CPU)
    assert (chosen.precision == "bfloat16") == agrees
    if not agrees:
        assert chosen.reason.startswith("in bfloat16, rounding changes the gradient more than")


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["resnet18-32px", "lenet", *slow("densenet121-32px", "googlenet-32px")]
)
def test_the_usual_networks_may_use_bfloat16(name):
    torch.manual_seed(0)
    network = cs.build(name, 1, 10)
    images, labels = torch.randn(32, 1, 28, 28), torch.arange(32) % 10
    plain, short = Execution(CPU, "float32"), Execution(CPU, "bfloat16")
    assert choosing._agrees(choosing._Probe(network, images, labels, 0.0), plain, short)


def test_a_batch_of_one_image():
    network, images, labels = batch()
    chosen = choose_execution(network, images[:1], labels[:1], CPU)
    assert chosen.precision == "float32"
    assert "too small to compare" in chosen.reason


@pytest.mark.parametrize(("alone", "threads"), [(50.0, 2), (200.0, 1)])
def test_one_thread_is_used_where_it_is_faster(monkeypatch, alone, threads):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        monkeypatch.setattr(
            choosing,
            "_speed",
            lambda *_: {1: alone, 2: 100.0}[torch.get_num_threads()] * 32,
        )
        chosen = choose_execution(*batch(), CPU, "float32")
        assert torch.get_num_threads() == 2
        with chosen.using_threads():
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert chosen.threads == threads
    assert ("one thread measured to be faster than 2" in chosen.reason) == (threads == 1)
