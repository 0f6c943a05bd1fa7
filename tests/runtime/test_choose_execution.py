import pytest
import torch

import convscope as cs
from convscope.runtime import choose_execution as choosing
from convscope.runtime.choose_execution import choose_execution
from convscope.runtime.execution import Execution
from tests.conftest import slow

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch, tmp_path):
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path))


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


def count_measurements(monkeypatch, *, waited=0.0):
    """Speeds that are fixed; returns what was measured."""
    measured = []
    monkeypatch.setattr(choosing, "_agrees", lambda *_: measured.append("agrees") or True)
    monkeypatch.setattr(choosing, "_compare_speeds", lambda *_: measured.append("speeds") or 2.0)
    monkeypatch.setattr(choosing.Contention, "share", waited)
    return measured


def test_what_was_measured_is_not_measured_again(monkeypatch):
    measured = count_measurements(monkeypatch)
    first, second = (choose_execution(*batch(), CPU, threads=1) for _ in range(2))
    assert measured == ["agrees", "speeds"]
    assert second.precision == first.precision == "bfloat16"
    assert first.reason == "bfloat16 measured to be 2.0× as fast as float32"
    assert second.reason == "bfloat16 measured before to be 2.0× as fast as float32"
    _, images, labels = batch()
    choose_execution(cs.build("lenet", 1, 10), images, labels, CPU, threads=1)
    assert measured == ["agrees", "speeds", "agrees"]  # with other weights


def test_times_on_a_busy_machine_are_not_remembered(monkeypatch):
    measured = count_measurements(monkeypatch, waited=0.5)
    for _ in range(2):
        assert choose_execution(*batch(), CPU, threads=1).precision == "bfloat16"
    assert measured == ["agrees", "speeds", "speeds"]


def test_on_long_steps_fewer_images_are_tried_and_all_threads_taken(monkeypatch):
    tried = []
    monkeypatch.setattr(choosing, "_agrees", lambda probe, *_: tried.append(len(probe)) or True)
    monkeypatch.setattr(
        choosing, "_speed", lambda probe, *_: tried.append(len(probe)) or len(probe) / 0.3
    )
    network, images, labels = batch()
    images, labels = images.repeat(16, 1, 1, 1), labels.repeat(16)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert choose_execution(network, images, labels, CPU).threads == 2
    finally:
        torch.set_num_threads(before)
    assert tried == [2, 32, 16, 16]  # how long a step is, agreement of two halves, two speeds


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


@pytest.mark.parametrize(("waited", "chosen"), [(0.0, [1, 1, 1]), (0.5, [1, 2, 1])])
def test_noise_chooses_threads_once(monkeypatch, waited, chosen):
    """The same command gives the same bits; a busy machine is asked again."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    noise = iter([1, 2, 1])
    monkeypatch.setattr(choosing, "_measure_threads", lambda *_: next(noise))
    monkeypatch.setattr(choosing.Contention, "share", waited)
    try:
        found = [choose_execution(*batch(), CPU, "float32") for _ in range(3)]
    finally:
        torch.set_num_threads(before)
    assert [each.threads for each in found] == chosen
    assert {each.is_remembered for each in found} == {waited == 0.0}
