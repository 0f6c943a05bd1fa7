"""The engine is measured, must agree, and is said.

Tests shipping/server/engines.py.
"""

import math

import pytest
import torch

from convscope.errors import ConvscopeError, UsageError
from convscope.evaluation.torch_engine import EngineOutput
from convscope.networks.catalog import build
from convscope.runs.model import Model
from convscope.runs.model_file import ModelCard, Rejection
from convscope.shipping.server import choice as choices
from convscope.shipping.server.choice import Measured, choose, disagreement, sample_images
from convscope.shipping.server.engines import NAMES, make_engine

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(3)
    network = build("lenet-bn", 1, 3)
    network.train()
    network(torch.randn(64, 1, 28, 28))  # statistics that batch normalization doesn't start with
    card = ModelCard(
        network="lenet-bn", classes=("a", "b", "c"), channels=1, size=28, mean=(0.3,), std=(0.2,),
        temperature=1.7, rejection=Rejection(score="energy", threshold=1.0, rate=0.05),
    )  # fmt: skip
    return Model(network.eval().requires_grad_(requires_grad=False), card)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(choices, "TIMING_SECONDS", 0.0)


def engine_that(monkeypatch, name, change):
    """Make one engine answer otherwise than it would."""
    real = make_engine

    def make(asked, *arguments):
        engine = real(asked, *arguments)
        if asked == name:
            change(engine)
        return engine

    monkeypatch.setattr(choices, "make_engine", make)


@pytest.mark.parametrize("name", NAMES)
def test_engines_agree(model, name):
    images = sample_images(model.card, 7)
    expected = make_engine("float32", model, CPU).run(images)
    given = make_engine(name, model, CPU).run(images)
    assert given.probabilities.shape == (7, 3)
    assert given.probabilities.dtype == torch.float32
    difference, changed = disagreement(expected, given, choices.TOLERANCE[name])
    assert difference <= choices.TOLERANCE[name]
    assert changed == 0
    assert given.unknown.shape == (7,)


def test_an_engine_answers_as_the_plain_network_does(model):
    network, card = model.network, model.card
    images = sample_images(card, 5)
    normalized = (torch.from_numpy(images) / 255 - 0.3) / 0.2
    expected = (network(normalized) / 1.7).softmax(dim=1)
    torch.testing.assert_close(
        make_engine("float32", model, CPU).run(images).probabilities, expected
    )


@pytest.mark.slow
def test_all_engines_are_measured(model, quick):
    chosen = choose(model, CPU, 16)
    assert [each.engine for each in chosen.measured] == list(NAMES)
    for each in chosen.measured:
        assert not each.refused
        assert each.latency > 0
        assert each.throughput > 0
        assert "images/s in full batches" in str(each)
    assert len(chosen.run(sample_images(model.card, 16)).probabilities) == 16


@pytest.mark.parametrize("name", NAMES)
def test_an_engine_that_is_asked_for(model, quick, name):
    chosen = choose(model, CPU, 4, name)
    assert chosen.name == name
    assert chosen.reason == "as asked"


def test_no_such_engine(model):
    with pytest.raises(UsageError, match=r"Unknown engine 'bfloat'. Did you mean 'bfloat16' or"):
        choose(model, CPU, 4, "bfloat")


@pytest.mark.slow
def test_an_engine_that_disagrees_is_not_used(model, quick, monkeypatch):
    def change(engine):
        run = engine.run
        engine.run = lambda images: EngineOutput(
            run(images).probabilities.flip(1), run(images).unknown
        )

    engine_that(monkeypatch, "onnx", change)
    chosen = choose(model, CPU, 4)
    assert "onnx" not in chosen.name
    refused = chosen.measured[2].refused
    assert refused.startswith("differs from float32 (by ")
    assert math.isnan(chosen.measured[2].throughput)
    with pytest.raises(ConvscopeError, match="Engine 'onnx' can't be used: differs"):
        choose(model, CPU, 4, "onnx")


@pytest.mark.slow
def test_an_engine_that_fails_is_not_used(model, quick, monkeypatch):
    def change(engine):
        def fail(images):
            raise RuntimeError("no such kernel\nmore")

        engine.run = fail

    engine_that(monkeypatch, "bfloat16", change)
    chosen = choose(model, CPU, 4)
    assert chosen.measured[1].refused == "fails on this network: no such kernel"


def test_weights_that_are_not_numbers(model):
    broken = build("lenet-bn", 1, 3).eval().requires_grad_(requires_grad=False)
    next(broken.parameters()).fill_(float("nan"))
    with pytest.raises(ConvscopeError, match="logits are not numbers"):
        choose(Model(broken, model.card), CPU, 4)


class Named:
    def __init__(self, name):
        self.name = name


def decide(monkeypatch, **speeds):
    """What is chosen where engines have these (latency in ms, images per second)."""
    monkeypatch.setattr(choices, "_switch", lambda *_: 8)
    usable = {
        name: (Named(name), Measured(name, 0.0, latency / 1000, throughput))
        for name, (latency, throughput) in speeds.items()
    }
    measured = tuple(result for _, result in usable.values())
    card = ModelCard(network="x", classes=("a",), channels=1, size=4, mean=(0,), std=(1,))
    return choices._fastest(usable, measured, card, 64)


def test_two_exact_engines_share_the_work(monkeypatch):
    chosen = decide(monkeypatch, float32=(5, 400), onnx=(2, 300), bfloat16=(5, 350))
    assert chosen.name == "onnx below 8 images, else float32"
    assert chosen.latency == 0.002
    assert chosen.throughput == 400


def test_one_exact_engine_that_is_best_at_both(monkeypatch):
    chosen = decide(monkeypatch, float32=(5, 400), onnx=(2, 500))
    assert (chosen.name, chosen.switch) == ("onnx", 1)


def test_bfloat16_answers_all_or_nothing(monkeypatch):
    chosen = decide(monkeypatch, float32=(5, 400), onnx=(3, 450), bfloat16=(4, 1100))
    assert chosen.name == "bfloat16"
    assert "2.4× the throughput of float32" in chosen.reason


def test_bfloat16_must_be_clearly_faster(monkeypatch):
    chosen = decide(monkeypatch, float32=(5, 400), onnx=(3, 450), bfloat16=(3, 600))
    assert chosen.name == "onnx"


def test_bfloat16_is_not_taken_where_float32_is_fast_enough(monkeypatch):
    chosen = decide(monkeypatch, float32=(0.5, 8000), onnx=(0.3, 9000), bfloat16=(0.6, 21000))
    assert chosen.name == "onnx"


def test_samples_are_the_same_every_time():
    card = ModelCard(network="x", classes=("a",), channels=3, size=9, mean=(0,) * 3, std=(1,) * 3)
    images = sample_images(card, 6)
    assert images.shape == (6, 3, 9, 9)
    assert (images == sample_images(card, 6)).all()
    assert images.std() > 20


def test_rounding_may_swap_what_is_as_good_as_equal():
    ours = EngineOutput(
        torch.tensor([[0.501, 0.499], [0.9, 0.1]]), torch.zeros(2, dtype=torch.bool)
    )
    theirs = EngineOutput(torch.tensor([[0.499, 0.501], [0.9, 0.1]]), ours.unknown)
    difference, changed = disagreement(ours, theirs, 0.01)
    assert changed == 0
    assert difference == pytest.approx(0.002, rel=1e-3)
    assert disagreement(ours, theirs, 1e-4)[1] == 1
