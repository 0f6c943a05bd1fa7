import json
from typing import get_args

import numpy as np
import onnx
import pytest
import torch

import convscope
from convscope.errors import ConvscopeError
from convscope.evaluation.calibration import calibrate_probabilities
from convscope.evaluation.unknown import familiarity, is_unknown
from convscope.networks.catalog import list_networks
from convscope.runs.model import Model
from convscope.runs.model_file import Gaussians, Rejection, Score
from convscope.shipping.export.assemble import onnx_bytes
from convscope.shipping.export.session import Session
from tests.shipping.export.models import card_for, made


def quickly(names, quick):
    """Every export takes a second or more: a few of each kind are among the fast tests."""
    return [pytest.param(n, marks=[] if n in quick else [pytest.mark.slow]) for n in names]


def images(card, count=3):
    generator = np.random.default_rng(1)
    return generator.integers(0, 256, (count, card.size, card.size, 3), dtype=np.uint8)


def expected(model, inputs):
    """The logits of images (N, H, W, 3) of its size, in colour."""
    tensor = torch.from_numpy(inputs.transpose(0, 3, 1, 2).copy())
    with torch.no_grad():
        return model.network(model.normalization.apply(tensor))


@pytest.mark.parametrize("name", quickly(list_networks(), ("softmax-regression",)))
def test_every_network_answers_the_same(name):
    model = made(name)
    content = onnx_bytes(model)
    onnx.checker.check_model(content, full_check=True)
    session, card = Session(content), model.card
    inputs = images(card, 7)
    probabilities = calibrate_probabilities(expected(model, inputs), card)
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


@pytest.mark.parametrize("score", quickly(get_args(Score), ("energy",)))
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


@pytest.mark.slow
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
    wanted = calibrate_probabilities(expected(model, inputs), model.card)
    np.testing.assert_allclose(said.probabilities, wanted, atol=1e-6)
    assert model.network.training  # left as it was


def count_images(images):
    return len(images)


class Counting(torch.nn.Module):
    """Asks for the number of images in one of the ways that people write."""

    def __init__(self, make_rows):
        super().__init__()
        self.make_rows = make_rows
        self.dense = torch.nn.Linear(28 * 28, 3)
        self.token = torch.nn.Parameter(torch.randn(1, 28 * 28))

    def forward(self, images):
        return self.dense(self.make_rows(images, self.token))


WAYS = {
    "len in view": lambda x, _: x.view(len(x), -1),
    "len in a function": lambda x, _: x.reshape(count_images(x), -1),
    "len in expand": lambda x, token: token.expand(len(x), -1) + x.flatten(1),
    "len in zeros": lambda x, token: torch.zeros(len(x), 1) + token + x.flatten(1),
    "len in arithmetic": lambda x, _: x.flatten(1) * len(x) / len(x),
    "int": lambda x, _: x.view(int(x.shape[0]), -1),
    "size in view": lambda x, _: x.view(x.size(0), -1),
    "size() in reshape": lambda x, _: x.reshape(x.size()[0], 28 * 28),
    "shape in expand": lambda x, token: token.expand(x.shape[0], -1) * x.flatten(1),
    "shape in four": lambda x, _: (lambda n, c, h, w: x.reshape(n, c * h * w))(*x.shape),
}


@pytest.mark.parametrize("way", quickly(WAYS, ("len in view",)))
def test_the_batch_is_free_however_a_module_asks_for_it(way):
    torch.manual_seed(0)
    model = Model(Counting(WAYS[way]).eval(), card_for(1, network=""))
    session, inputs = Session(onnx_bytes(model)), images(model.card, 7)
    grey = inputs[..., :1].repeat(3, axis=3)
    with torch.no_grad():
        pixels = torch.from_numpy(grey[..., :1].transpose(0, 3, 1, 2).copy())
        wanted = [
            calibrate_probabilities(
                model.network(model.normalization.apply(pixels[:count])), model.card
            )
            for count in (1, 3, 7)
        ]
    for probabilities in wanted:
        said = session.run(grey[: len(probabilities)])
        np.testing.assert_allclose(said.probabilities, probabilities, atol=1e-5)


@pytest.mark.slow
def test_a_class_token_is_exported():
    class ClassToken(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.patch = torch.nn.Conv2d(3, 16, 7, 7)
            self.token = torch.nn.Parameter(torch.randn(1, 1, 16))
            self.dense = torch.nn.Linear(16, 3)

        def forward(self, images):
            tokens = self.patch(images).flatten(2).mT
            every = torch.cat([self.token.expand(len(images), -1, -1), tokens], 1)
            return self.dense(every.mean(1))

    model = Model(ClassToken().eval(), card_for(network=""))
    session, inputs = Session(onnx_bytes(model)), images(model.card, 7)
    wanted = calibrate_probabilities(expected(model, inputs), model.card)
    for count in (1, 3, 7):
        said = session.run(inputs[:count])
        np.testing.assert_allclose(said.probabilities, wanted[:count], atol=1e-5)


class Looping(torch.nn.Module):
    def forward(self, images):
        flat = images.flatten(1)[:, :3]
        while flat.sum() > 1:
            flat = flat / 2
        return flat


class PairsOnly(torch.nn.Module):
    def forward(self, images):
        return images.reshape(2, -1)[:, :3]


class OneByOne(torch.nn.Module):
    def forward(self, images):
        return torch.stack([images[number].flatten()[:3] for number in range(len(images))])


class Failing(torch.nn.Module):
    def forward(self, images):
        raise RuntimeError("\033[96mMine\033[0m is wrong\nNext steps:\n- Create an issue")


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (Looping(), "what it does depends on numbers that it computes."),
        (PairsOnly(), "it computes with a fixed number of images."),
        (OneByOne(), "it computes with a fixed number of images."),
        (Failing(), "Mine is wrong."),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_exported_is_explained_in_a_sentence_of_ours(network, reason, capfd):
    with pytest.raises(ConvscopeError) as error:
        onnx_bytes(Model(network, card_for(network="")))
    assert str(error.value) == (
        f"This network can't be exported to ONNX: {reason} Its forward must be made of operations "
        "on tensors that don't depend on the values in them, nor on how many images there are."
    )
    assert capfd.readouterr() == ("", "")


class Precise(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = torch.nn.Linear(3, 3).double()

    def forward(self, images):
        return self.dense(images.mean((2, 3)).double())


class Distances(torch.nn.Module):
    def forward(self, images):
        return torch.cdist(images.mean((2, 3)), torch.eye(3))


class Exponential(torch.nn.Module):
    def forward(self, images):
        return torch.linalg.matrix_exp(images[:, :, :3, :3]).sum((1, 2))


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (Precise(), "it computes in float64, and the file would in float32. Train it in float32:"),
        (Distances(), "what it does depends on how many images there are, as torch.cdist does"),
        (Exponential(), "ONNX has nothing for the operation aten.linalg_matrix_exp. Write it"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_reason_is_the_one_to_mend(network, reason):
    with pytest.raises(ConvscopeError, match=f"can't be exported to ONNX: {reason}"):
        onnx_bytes(Model(network, card_for(network="")))


def test_weights_that_are_computed_from_others_become_what_they_are():
    """As orthogonal ones, by a matrix exponential, which ONNX doesn't have."""
    dense = torch.nn.utils.parametrizations.orthogonal(torch.nn.Linear(3, 3, bias=False))
    network = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), dense).eval()
    model = Model(network, card_for(network=""))
    inputs = images(model.card, 3)
    said = Session(onnx_bytes(model)).run(inputs)
    wanted = calibrate_probabilities(expected(model, inputs), model.card)
    np.testing.assert_allclose(said.probabilities, wanted, atol=1e-5)
    assert torch.nn.utils.parametrize.is_parametrized(dense)


@pytest.mark.slow
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
