import pytest
import safetensors.torch
import torch

import convscope as cs
from convscope.errors import ConvscopeError, UsageError
from convscope.runs.model import load_model
from convscope.runs.model_file import ModelCard, read_card, save_model, write_card


def card_of(network, **changes):
    fields = {
        "network": network,
        "network_arguments": {"size": 28},
        "classes": ("猫", "dog", "cow"),
        "channels": 1,
        "size": 28,
        "mean": (0.5,),
        "std": (0.25,),
    }
    return ModelCard(**fields | changes)


@pytest.fixture
def model_file(tmp_path):
    network = cs.build("lenet", 1, 3).eval()
    save_model(tmp_path / "model.safetensors", network, card_of("lenet"))
    return network, tmp_path / "model.safetensors"


def test_one_file_predicts_the_same(model_file):
    network, file = model_file
    model = load_model(file)
    loaded, card = model.network, model.card
    images = torch.randn(4, 1, 28, 28)
    assert torch.equal(loaded(images), network(images))
    assert card == card_of("lenet")
    assert not loaded.training


def test_channels_last_weights_are_stored_plainly(tmp_path):
    network = cs.build("lenet", 1, 3).to(memory_format=torch.channels_last).eval()
    save_model(tmp_path / "m.safetensors", network, card_of("lenet"))
    loaded = load_model(tmp_path / "m.safetensors").network
    for name, weights in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], weights)


def test_own_module(tmp_path):
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 3))
    save_model(tmp_path / "m.safetensors", module, card_of("", network_arguments={}))
    with pytest.raises(UsageError, match=r"module of your own.*Run\(folder\)\.model\(my_module\)"):
        load_model(tmp_path / "m.safetensors")
    fresh = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 3))
    loaded = load_model(tmp_path / "m.safetensors", fresh).network
    images = torch.randn(2, 1, 28, 28)
    assert torch.equal(loaded(images), module(images))


def test_weights_of_another_architecture(model_file):
    _, file = model_file
    with pytest.raises(
        UsageError, match="are of another architecture than Linear: missing weight and bias"
    ):
        load_model(file, torch.nn.Linear(3, 3))


@pytest.mark.parametrize(
    ("size", "words"),
    [(1, "Images of 1×1 are too small for lenet"), (20, "got 20×20"), (64, "got 64×64")],
)
def test_a_card_with_images_that_the_network_cannot_take(model_file, size, words):
    network, file = model_file
    save_model(file, network, card_of("lenet", size=size))
    with pytest.raises(UsageError, match=rf"model\.safetensors': .*{words}"):
        load_model(file)


def test_missing(tmp_path):
    with pytest.raises(UsageError, match="No model file"):
        read_card(tmp_path / "model.safetensors")


def test_damaged(model_file):
    _, file = model_file
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ConvscopeError, match=r"model\.safetensors' is damaged"):
        load_model(file)


@pytest.mark.parametrize("place", [0.2, 0.5, 0.9, 1.0])
def test_one_wrong_bit_is_noticed(model_file, place):
    _, file = model_file
    content = bytearray(file.read_bytes())
    start = 8 + int.from_bytes(content[:8], "little")
    content[start + int(place * (len(content) - start - 1))] ^= 1
    file.write_bytes(content)
    message = r"model\.safetensors' is damaged: its weights aren't those that were written\. Take"
    with pytest.raises(ConvscopeError, match=message):
        load_model(file)


def test_files_of_older_code_have_no_digest(model_file):
    network, file = model_file
    metadata = {"convscope": card_of("lenet").model_dump_json()}
    safetensors.torch.save_file(network.state_dict(), file, metadata)
    assert load_model(file).card == card_of("lenet")


def test_another_card_leaves_the_digest_right(model_file):
    _, file = model_file
    write_card(file, card_of("lenet", temperature=2.0))
    assert load_model(file).card.temperature == 2.0


def test_all_types_and_shapes_have_a_digest(tmp_path):
    module = torch.nn.BatchNorm2d(3).bfloat16()  # with a count of no dimensions
    module.register_buffer("none", torch.zeros(0, 2))
    module.register_buffer("yes", torch.ones(2, dtype=torch.bool))
    file, other = tmp_path / "m.safetensors", tmp_path / "other.safetensors"
    save_model(file, module, card_of("", network_arguments={}))
    load_model(file, module)
    with safetensors.safe_open(file, framework="pt") as opened:
        metadata, names = opened.metadata(), [*opened.keys()]
    assert sorted(names) == sorted(module.state_dict())
    # Other values or another type of a tensor give another digest; other shapes don't fit anyway.
    for name in names:
        for change in (bits_turned, as_other_type):
            tensors = safetensors.torch.load_file(file)
            changed = change(tensors[name])
            if changed is None:
                continue
            safetensors.torch.save_file(tensors | {name: changed}, other, metadata)
            with pytest.raises(ConvscopeError, match="is damaged: its weights aren't those"):
                load_model(other, module)


def bits_turned(tensor):
    """Every bit turned; None where there are none."""
    raw = tensor.reshape(-1).view(torch.uint8)
    if not len(raw):
        return None
    turned = raw ^ (1 if tensor.dtype == torch.bool else 0x41)
    return turned.view(tensor.dtype).reshape(tensor.shape)


def as_other_type(tensor):
    """The same bytes, said to be of another type of the same width."""
    other = {1: torch.uint8, 2: torch.float16, 4: torch.int32, 8: torch.float64}
    return tensor.reshape(-1).view(other[tensor.element_size()]).reshape(tensor.shape)


def test_weights_alone(tmp_path):
    safetensors.torch.save_file({"w": torch.zeros(1)}, tmp_path / "w.safetensors")
    with pytest.raises(UsageError, match="holds weights alone"):
        read_card(tmp_path / "w.safetensors")


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ('{"format": 2}', "format: Input should be 1"),
        ("[]", "metadata: Input should be an object"),
        ("{", "metadata: Invalid JSON"),
    ],
)
def test_wrong_cards(tmp_path, card, message):
    file = tmp_path / "m.safetensors"
    safetensors.torch.save_file({"w": torch.zeros(1)}, file, {"convscope": card})
    with pytest.raises(ConvscopeError, match=message):
        read_card(file)


def test_a_card_that_names_no_network_of_ours(tmp_path):
    network = cs.build("lenet", 1, 3)
    save_model(tmp_path / "m.safetensors", network, card_of("os.system"))
    with pytest.raises(UsageError, match=r"Unknown network 'os\.system'"):
        load_model(tmp_path / "m.safetensors")


GAUSSIANS = {
    "means": [[1.0, 0.0], [0.0, 1.0]],
    "factors": [[[1.0, 0.0], [0.5, 2.0]]] * 2,
    "offsets": [0.7, 0.7],
    "energy": 0.5,
}


def rejecting(rejection):
    return ModelCard(
        network="lenet", classes=("cat", "dog"), channels=1, size=28, mean=(0.0,), std=(1.0,),
        temperature=1.7, rejection=rejection,
    )  # fmt: skip


def test_temperature_and_rejection_come_back_as_they_were(tmp_path):
    network = cs.build("lenet", 1, 2)
    before = rejecting(None)
    save_model(tmp_path / "m.safetensors", network, before)
    rejection = {
        "score": "gaussian_energy", "threshold": -3.25, "rate": 0.05, "gaussians": GAUSSIANS,
    }  # fmt: skip
    write_card(tmp_path / "m.safetensors", rejecting(rejection))
    model = load_model(tmp_path / "m.safetensors")
    loaded, card = model.network, model.card
    assert card == rejecting(rejection)
    assert card.rejection.threshold == -3.25
    for name, tensor in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)


@pytest.mark.parametrize(
    ("rejection", "message"),
    [
        ({"score": "gaussian_energy"}, "gaussians belong to the score 'gaussian_energy'"),
        ({"score": "energy", "gaussians": GAUSSIANS}, "gaussians belong to the score"),
        ({"score": "energy", "threshold": float("nan")}, "finite number"),
        ({"score": "entropy"}, "'max_probability', 'max_logit', 'energy' or 'gaussian_energy'"),
        ({"gaussians": GAUSSIANS | {"means": [[1.0, 0.0]]}}, "gaussians don't fit 2 classes"),
        ({"gaussians": GAUSSIANS | {"means": [[1.0]] * 2}}, "gaussians don't fit 2 classes"),
        ({"gaussians": GAUSSIANS | {"factors": [[[1.0, 0.0]]] * 2}}, "don't fit 2 classes"),
        ({"gaussians": {"means": [], "factors": [], "offsets": [], "energy": 0}}, "don't fit 2"),
        ({"gaussians": GAUSSIANS | {"offsets": [float("inf"), 0.0]}}, "finite number"),
    ],
)
def test_a_rejection_that_makes_no_sense_is_refused(rejection, message):
    usual = {"score": "gaussian_energy", "threshold": 0.0, "rate": 0.05}
    with pytest.raises(ValueError, match=message):
        rejecting(usual | rejection)


def test_a_card_is_written_only_where_there_is_one(tmp_path):
    with pytest.raises(UsageError, match=r"No model file '.*gone.safetensors'"):
        write_card(tmp_path / "gone.safetensors", rejecting(None))
    (tmp_path / "bad.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ConvscopeError, match="is damaged"):
        write_card(tmp_path / "bad.safetensors", rejecting(None))
    assert (tmp_path / "bad.safetensors").read_bytes() == b"no tensors"
