import json
from typing import get_args

import numpy as np
import onnx
import pytest
import torch

import convscope
from convscope.errors import ConvscopeError
from convscope.evaluation.calibration import calibrated_probabilities
from convscope.evaluation.unknown import familiarity, is_unknown
from convscope.networks.catalog import list_networks
from convscope.runs.model import Model
from convscope.runs.model_file import Gaussians, Rejection, Score
from convscope.shipping.export.assemble import onnx_bytes
from convscope.shipping.export.session import Session
from tests.shipping.export.models import card_for, made

QUICK = ("softmax-regression", "lenet", "lenet-bn", "nin-32px", "resnet9", "densenet-32px")


def images(card, count=3):
    generator = np.random.default_rng(1)
    return generator.integers(0, 256, (count, card.size, card.size, 3), dtype=np.uint8)


def expected(model, inputs):
    """The logits of images (N, H, W, 3) of its size, in colour."""
    tensor = torch.from_numpy(inputs.transpose(0, 3, 1, 2).copy())
    with torch.no_grad():
        return model.network(model.normalization.apply(tensor))


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[] if n in QUICK else [pytest.mark.slow]) for n in list_networks()],
)
def test_every_network_answers_the_same(name):
    model = made(name)
    content = onnx_bytes(model)
    onnx.checker.check_model(content, full_check=True)
    session, card = Session(content), model.card
    inputs = images(card, 7)
    probabilities = calibrated_probabilities(expected(model, inputs), card)
    for count in (0, 1, 2, 7):
        said = session.run(inputs[:count])
        np.testing.assert_allclose(said.probabilities, probabilities[:count], atol=1e-4)
        best = probabilities[:count].argmax(dim=1).tolist()
        assert said.labels == [card.classes[number] for number in best]
        assert not said.unknown.any()


def rejection(score, logits):
    """One that rejects some of the images these logits are of."""
    classes = logits.shape[1]
    gaussians = None
    if score == "gaussian_energy":
        gaussians = Gaussians(
            means=tuple(tuple(row) for row in logits[:2].tolist()),
            factors=(tuple(tuple(row) for row in torch.eye(classes).tolist()),) * 2,
            offsets=(0.0, 0.5),
            energy=0.7,
        )
    median = familiarity(logits, score, gaussians).median().item() + 1e-6
    return Rejection(score=score, threshold=median, rate=0.1, gaussians=gaussians)


@pytest.mark.parametrize("score", get_args(Score))
def test_unknown(score):
    model = made("lenet")
    inputs = images(model.card, 9)
    logits = expected(model, inputs)
    card = model.card.model_copy(update={"rejection": rejection(score, logits)})
    unknown = is_unknown(logits, card)
    said = Session(onnx_bytes(Model(model.network, card))).run(inputs)
    assert 0 < unknown.sum() < 9
    assert said.unknown.tolist() == unknown.tolist()
    assert [label == "unknown" for label in said.labels] == unknown.tolist()


def test_a_module_of_ones_own():
    class Own(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.size = torch.nn.Parameter(torch.ones(1))  # a name that preprocessing has as well
            self.dense = torch.nn.Linear(3, 3)

        def forward(self, images):
            return self.dense(images.mean(dim=(2, 3)) * self.size)

    model = Model(Own(), card_for(network=""))
    inputs = images(model.card)
    said = Session(onnx_bytes(model)).run(inputs)
    wanted = calibrated_probabilities(expected(model, inputs), model.card)
    np.testing.assert_allclose(said.probabilities, wanted, atol=1e-6)
    assert model.network.training  # left as it was


def test_what_cannot_be_exported_is_explained():
    class Looping(torch.nn.Module):
        def forward(self, images):
            flat = images.flatten(1)[:, :3]
            while flat.sum() > 1:
                flat = flat / 2
            return flat

    with pytest.raises(ConvscopeError) as error:
        onnx_bytes(Model(Looping(), card_for(network="")))
    assert str(error.value).startswith("This network can't be exported to ONNX: ")
    assert "operations on tensors that don't depend on the values in them." in str(error.value)


def test_the_file_describes_itself_and_gives_nothing_away():
    content = onnx_bytes(made("lenet-bn", 1, trained_on="/home/somebody/secret/pets"))
    model = onnx.load_from_string(content)
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(facts["classes"]) == ["cat", "dog", "猫 & 犬"]
    assert json.loads(facts["mean"]) == [0.5]
    assert (facts["size"], facts["channels"], facts["opset"]) == ("28", "1", "18")
    assert (facts["network"], facts["trained_on"]) == ("lenet-bn", "pets")
    assert facts["convscope_version"] == convscope.__version__ == model.producer_version
    assert model.doc_string.startswith("lenet-bn, trained on pets. Takes raw images, uint8 ")
    assert [value.name for value in model.graph.input] == ["images"]
    assert [value.name for value in model.graph.output] == ["labels", "probabilities", "unknown"]
    assert b"secret" not in content
    assert b".py" not in content  # no stack of the program that made it
    names = [node.name for node in model.graph.node]
    assert all(names)
    assert len(set(names)) == len(names)
    assert any(name.startswith("network.") and name.endswith("/Conv") for name in names)


@pytest.mark.slow
def test_other_opsets():
    model = made("small")
    inputs = images(model.card)
    first = Session(onnx_bytes(model)).run(inputs)
    content = onnx_bytes(model, opset=21)
    assert onnx.load_from_string(content).opset_import[0].version == 21
    second = Session(content).run(inputs)
    np.testing.assert_allclose(first.probabilities, second.probabilities, atol=1e-6)
