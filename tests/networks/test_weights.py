"""Weights from files: they fit or are refused in words, and nothing in a file is run.

Tests networks/name_prefixes.py.
"""

import pickle
import warnings
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

from convscope.errors import ConvscopeError, UsageError
from convscope.networks.catalog import build
from convscope.networks.weights import load_weights, read_weights
from tests.networks.deterministic import fill, waves


def message(call, kind=UsageError):
    with pytest.raises(ConvscopeError) as caught:
        call()
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)


class Hostile:
    """Unpickling this creates a file."""

    def __init__(self, canary):
        self.canary = canary

    def __reduce__(self):
        return Path.touch, (self.canary,)


@pytest.fixture
def lenet():
    return fill(build("lenet")).eval()


@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".PT"])
def test_a_file_gives_the_same_logits(lenet, tmp_path, suffix):
    path = tmp_path / f"weights{suffix}"
    if suffix == ".safetensors":
        safetensors.torch.save_file(lenet.state_dict(), path)
    else:
        torch.save(lenet.state_dict(), path)
    other = build("lenet").eval()
    load_weights(other, path)
    assert torch.equal(other(waves(2, 1, 28)), lenet(waves(2, 1, 28)))


@pytest.mark.parametrize("name", ["best.pth.tar", "last.ckpt", "pytorch_model.bin", "x.pth"])
@pytest.mark.parametrize("wrapping", ["state_dict", "model_state_dict", "model", None])
def test_checkpoints_of_other_programs(lenet, tmp_path, name, wrapping):
    state = lenet.state_dict()
    content = state if wrapping is None else {"epoch": 3, wrapping: state, "best": 0.5}
    torch.save(content, tmp_path / name)
    other = build("lenet").eval()
    load_weights(other, tmp_path / name)
    assert torch.equal(other(waves(2, 1, 28)), lenet(waves(2, 1, 28)))


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "model.", "module._orig_mod."])
def test_prefixes_of_other_programs_are_taken_off_and_said(lenet, prefix):
    other = build("lenet").eval()
    with pytest.warns(UserWarning, match=f"begin with '{prefix}'; it is taken off"):
        load_weights(other, {prefix + name: t for name, t in lenet.state_dict().items()})
    assert torch.equal(other(waves(2, 1, 28)), lenet(waves(2, 1, 28)))


@pytest.mark.parametrize("prefix", ["net.", "net.backbone.", "module.student.model."])
def test_where_the_network_lay_in_another_module_is_taken_off_and_said(lenet, prefix):
    weights = {f"{prefix}{name}": tensor for name, tensor in lenet.state_dict().items()}
    other = build("lenet")
    with pytest.warns(UserWarning, match=f"begin with '{prefix}'; it is taken off"):
        load_weights(other, weights)
    assert all(torch.equal(t, lenet.state_dict()[name]) for name, t in other.state_dict().items())
    with pytest.raises(UsageError, match="another architecture"):
        load_weights(other, weights | {f"{prefix}more": torch.zeros(1)})


@pytest.mark.parametrize("before", ["", "model."])
def test_a_part_that_was_compiled(lenet, before):
    weights = {
        before + name.replace("features.", "features._orig_mod."): tensor
        for name, tensor in lenet.state_dict().items()
    }
    other = build("lenet")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the other prefix
        load_weights(other, weights)
    assert all(torch.equal(t, lenet.state_dict()[name]) for name, t in other.state_dict().items())


def test_what_is_no_file_of_weights_is_said(tmp_path):
    file = tmp_path / "text.pth"
    file.write_text("hello")
    with pytest.raises(ConvscopeError, match=r"damaged: its content isn't what torch\.save writes"):
        read_weights(file)
    with zipfile.ZipFile(tmp_path / "program.pt", "w") as archive:  # as torch.jit.save lays it out
        for name in ("data.pkl", "constants.pkl", "version", "code/__torch__.py"):
            archive.writestr(f"program/{name}", b"3\n")
    with pytest.raises(UsageError, match="is a TorchScript program, .* Save the state_dict"):
        read_weights(tmp_path / "program.pt")


def test_weights_under_any_one_key_and_several(lenet, tmp_path):
    weights = dict(lenet.state_dict())
    torch.save({"epoch": 3, "ema": weights, "optimizer": {}}, tmp_path / "one.pt")
    found = read_weights(tmp_path / "one.pt")
    assert {name: found[name].shape for name in found} == {n: t.shape for n, t in weights.items()}
    torch.save({"teacher": weights, "student": weights}, tmp_path / "two.pt")
    with pytest.raises(UsageError, match="several sets of weights: teacher and student"):
        read_weights(tmp_path / "two.pt")


def test_weights_of_other_parts_may_lie_beside(lenet):
    """As a loss's and a metric's in a training framework's file, or PyTorch's AveragedModel."""
    weights = {f"net.{name}": tensor for name, tensor in lenet.state_dict().items()}
    beside = {"criterion.weight": torch.ones(10), "n_averaged": torch.tensor(5)}
    other = build("lenet")
    with (
        pytest.warns(UserWarning, match=r"begin with 'net\.'; it is taken off"),
        pytest.warns(UserWarning, match="has no such part: criterion.weight and n_averaged"),
    ):
        load_weights(other, weights | beside)
    assert all(map(torch.equal, other.state_dict().values(), lenet.state_dict().values()))
    averaged = torch.optim.swa_utils.AveragedModel(lenet).state_dict()
    with (
        pytest.warns(UserWarning, match=r"begin with 'module\.'; it is taken off"),
        pytest.warns(UserWarning, match=r"no such part: n_averaged\."),
    ):
        load_weights(other, averaged)


def test_of_two_networks_that_fit_none_is_chosen(lenet):
    weights = {f"{part}.{n}": t for part in ("ema", "net") for n, t in lenet.state_dict().items()}
    with pytest.raises(
        UsageError, match=r"fit below each of 'ema\.' and 'net\.': save one of these"
    ):
        load_weights(build("lenet"), weights)


def test_of_several_sets_it_is_said_which_is_taken(lenet, tmp_path):
    own = lenet.state_dict()
    file = tmp_path / "all.pt"
    torch.save({"state_dict_ema": {n: t + 1 for n, t in own.items()}, "state_dict": own}, file)
    other = build("lenet")
    with pytest.warns(
        UserWarning, match="'state_dict_ema' and 'state_dict'. Of these, 'state_dict' is"
    ):
        load_weights(other, file)
    assert all(map(torch.equal, other.state_dict().values(), own.values()))


def test_a_prefix_that_is_the_networks_own_stays():
    own = torch.nn.Module()
    own.model = torch.nn.Linear(2, 3)
    load_weights(own, {"model.weight": torch.ones(3, 2), "model.bias": torch.zeros(3)})
    assert (own.model.weight == 1).all()


def test_a_wrapped_pickle_is_not_run_either(lenet, tmp_path):
    canary, path = tmp_path / "canary", tmp_path / "weights.ckpt"
    torch.save({"state_dict": lenet.state_dict(), "hyper_parameters": Hostile(canary)}, path)
    assert "could run code" in message(lambda: read_weights(path))
    assert not canary.exists()


def test_a_pickle_is_not_run(lenet, tmp_path):
    canary, path = tmp_path / "canary", tmp_path / "weights.pth"
    torch.save({**lenet.state_dict(), "note": Hostile(canary)}, path)
    assert message(lambda: load_weights(lenet, path)) == (
        f"{str(path)!r} is damaged, or holds more than tensors, which is not read because it could "
        "run code. Save the state_dict alone, best as .safetensors."
    )
    path.write_bytes(pickle.dumps(Hostile(canary)))
    message(lambda: read_weights(path))
    assert not canary.exists()
    pickle.loads(pickle.dumps(Hostile(canary)))  # noqa: S301  (the test could fail)
    assert canary.exists()


def test_no_such_file(tmp_path):
    path = tmp_path / "none.pth"
    assert message(lambda: read_weights(path)) == f"No weights file {str(path)!r}."


def test_another_kind_of_file(tmp_path):
    path = tmp_path / "weights.h5"
    path.touch()
    assert message(lambda: read_weights(path)) == (
        "Weights are read from .safetensors files and from .pth, .pt, .pth.tar, .ckpt, .bin; "
        f"{str(path)!r} is none of them."
    )


@pytest.mark.parametrize("content", [b"", b"no weights", b"\xff" * 100])
@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_a_damaged_file(tmp_path, suffix, content):
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(content)
    with pytest.raises(ConvscopeError, match="is damaged"):
        read_weights(path)


def test_half_a_file(lenet, tmp_path):
    path = tmp_path / "weights.pth"
    torch.save(lenet.state_dict(), path)
    path.write_bytes(path.read_bytes()[:20000])
    assert message(lambda: read_weights(path), ConvscopeError).startswith(
        f"Weights file {str(path)!r} is damaged: "
    )


@pytest.mark.parametrize("content", [[torch.zeros(1)], {"state_dict": {}}, {1: torch.zeros(1)}])
def test_a_file_without_tensors_by_name(tmp_path, content):
    path = tmp_path / "weights.pth"
    torch.save(content, path)
    assert message(lambda: read_weights(path)) == (
        f"{str(path)!r} holds no tensors by name. Save network.state_dict() and nothing else."
    )


def test_weights_of_another_architecture_change_nothing_and_name_where_they_fit(lenet):
    before = {name: tensor.clone() for name, tensor in lenet.state_dict().items()}
    assert message(lambda: load_weights(lenet, build("nin").state_dict())) == (
        "These weights are of another architecture than lenet: missing features.conv1.weight, "
        "features.conv1.bias, features.conv2.weight and 7 more; unknown features.0.0.weight, "
        "features.0.0.bias, features.0.2.weight and 21 more. Their names fit 'nin'."
    )
    assert all(torch.equal(before[name], t) for name, t in lenet.state_dict().items())


def test_another_number_of_classes(lenet):
    assert message(lambda: load_weights(lenet, build("lenet", classes=3).state_dict())) == (
        "These weights are of another architecture than lenet: of another shape "
        "classifier.dense3.weight (3×84 instead of 10×84) and classifier.dense3.bias (3 instead "
        "of 10). The names fit, so build it with the in_channels, classes and other arguments that "
        "the weights were trained with."
    )


def test_a_file_of_another_architecture_is_named(lenet, tmp_path):
    path = tmp_path / "mlp.safetensors"
    safetensors.torch.save_file(build("mlp").state_dict(), path)
    words = message(lambda: load_weights(lenet, path))
    assert words.startswith(
        f"The weights in {str(path)!r} are of another architecture than lenet: "
    )
    assert words.endswith(" Their names fit 'mlp'.")


def test_weights_of_nothing_known(lenet):
    words = message(lambda: load_weights(lenet, {"scale": torch.tensor(1.0)}))
    assert words.endswith("unknown scale.")


def test_auxiliary_classifiers_are_left_out_and_said_so():
    network = fill(build("googlenet-torchvision"))
    published = {"aux1.fc1.bias": torch.zeros(3), "aux2.fc1.bias": torch.zeros(3)}
    published |= network.state_dict()
    with pytest.warns(UserWarning, match=r"no such part: aux1\.fc1\.bias and aux2\.fc1\.bias\."):
        load_weights(build("googlenet-torchvision"), published)


def test_old_names_of_densenet_and_missing_counters():
    network = fill(build("densenet121")).eval()
    published = {
        name.replace("norm1.", "norm.1.").replace("norm2.", "norm.2.").replace("conv1.", "conv.1.")
        if "denselayer" in name
        else name: tensor
        for name, tensor in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in published
    other = build("densenet121").eval()
    load_weights(other, published)
    assert torch.equal(other(waves(1, 1, 32)), network(waves(1, 1, 32)))


def test_any_module_can_be_filled():
    source, target = torch.nn.Linear(2, 3), torch.nn.Linear(2, 3)
    load_weights(target, source.state_dict())
    assert torch.equal(source.weight, target.weight)
    words = message(lambda: load_weights(target, {}))
    assert (
        words == "These weights are of another architecture than Linear: missing weight and bias."
    )


@pytest.mark.parametrize("kind", [torch.int8, torch.bool, torch.int64, torch.complex64])
def test_numbers_that_would_be_cut_off_are_refused(lenet, kind):
    before = {name: tensor.clone() for name, tensor in lenet.state_dict().items()}
    given = {name: (100 * tensor).to(kind) for name, tensor in before.items()}
    name = str(kind).removeprefix("torch.")
    said = rf"of another kind of numbers features\.conv1\.weight \({name} instead of float32\)"
    with pytest.raises(UsageError, match=said):
        load_weights(lenet, given)
    assert all(torch.equal(before[name], t) for name, t in lenet.state_dict().items())


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_numbers_that_are_only_rounded_are_taken_and_a_counter_in_any_form(kind):
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    load_weights(network, {name: t.to(kind) for name, t in network.state_dict().items()})
    assert network[0].weight.dtype == torch.float32
    assert network[1].num_batches_tracked.dtype == torch.int64


def test_weights_that_are_not_numbers_are_said(lenet):
    given = lenet.state_dict() | {"features.conv2.bias": torch.full((16,), float("nan"))}
    with pytest.warns(UserWarning, match=r"NaN or infinity: features\.conv2\.bias\.$"):
        load_weights(lenet, given)


def test_what_is_no_file_of_weights(lenet, tmp_path):
    pointer = tmp_path / "lenet.safetensors"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n")
    with pytest.raises(UsageError, match="where Git LFS keeps them.* git lfs pull"):
        load_weights(lenet, pointer)
    with pytest.raises(UsageError, match="weights must be a file, or tensors by name.*a NoneType"):
        load_weights(lenet, None)
