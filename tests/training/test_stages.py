"""A new layer learns first, from features that are computed once, then the layers below it.

Tests training/stages.py, training/features.py.
"""

import json
import shutil

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

import convscope as cs
from convscope.errors import ConvscopeError, UsageError
from convscope.runs.begin_from import read_origin
from convscope.runtime.execution import Execution
from convscope.training import keeper, loop
from convscope.training.features import compute_features, ends_with
from tests.conftest import leave_out_figures, leave_out_forecast, slow

OPTIONS = {"precision": "float32", "quiet": True, "device": "cpu", "threads": 1}
STAGES = {"head_epochs": 3, "copies": 2, "epochs_per_third": 1, "rate_decay": 0.5}
CPU = Execution(torch.device("cpu"), "float32")


class Net(nn.Module):
    """Convolution, batch norm and dropout before the last layer."""

    def __init__(self, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.3)
        self.fc = nn.Linear(4 * 64, classes)

    def forward(self, images):
        found = self.norm2(self.conv2(self.norm1(self.conv1(images)).relu())).relu()
        return self.fc(self.drop(found.flatten(1)))


def arrays(classes, seed):
    random = np.random.default_rng(seed)
    labels = np.arange(42) % len(classes)
    images = random.integers(0, 90, (42, 1, 8, 8), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[:, label] = 250
    return cs.ImageSet(images, labels, tuple(classes))


def data(classes):
    return {name: arrays(classes, n) for n, name in enumerate(("train", "validation", "test"))}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source") / "run"
    torch.manual_seed(0)
    with pytest.MonkeyPatch.context() as patch:
        leave_out_figures(patch)
        leave_out_forecast(patch)
        return cs.train(Net(5), data("abcde"), "fast", epochs=2, out=folder, **OPTIONS)


def train(source, out, epochs=7, network=None, classes="xyz", **changes):
    torch.manual_seed(1)
    changes = {"stages": STAGES, "batch_size": 8, **changes}
    network = network or Net(len(classes))
    return cs.train(
        network, data(classes), None, epochs=epochs, from_=source, out=out, **OPTIONS, **changes
    )


@pytest.fixture(scope="module")
def run(source, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        leave_out_figures(patch)
        leave_out_forecast(patch)
        return train(source, tmp_path_factory.mktemp("staged") / "run")


def weights(run):
    return safetensors.torch.load_file(run.model_file)


def test_what_learns_in_each_epoch(source, tmp_path, monkeypatch):
    """Told by the state after every epoch: what is frozen stays the source's to the bit."""
    states = []
    real = keeper.save_checkpoint

    def keep(folder, tensors, state):
        states.append({name: tensor.clone() for name, tensor in tensors.items()})
        real(folder, tensors, state)

    monkeypatch.setattr(keeper, "save_checkpoint", keep)
    train(source, tmp_path / "run")
    theirs = {f"network.{name}": tensor for name, tensor in weights(source).items()}
    parts = ["conv1", "norm1", "conv2", "norm2"]
    expected = [set(), set(), set(), {"norm2"}, {"norm1", "norm2", "conv2"}, {*parts}, {*parts}]
    seen = []
    for before, after in zip([theirs, *states], states, strict=False):
        changed = {
            name.split(".")[1]
            for name, tensor in after.items()
            if name.startswith("network.") and before[name].shape == tensor.shape
            and not torch.equal(before[name], tensor)
        }  # fmt: skip
        seen.append(changed - {"fc"})
    assert len(seen) == 7
    assert seen[:3] == expected[:3]
    assert [len(each) for each in seen] == sorted(len(each) for each in seen)
    assert seen[-1] == {*parts}
    assert "norm2" in seen[3]
    assert "conv1" not in seen[3]


@pytest.mark.slow
def test_frozen_layers_keep_their_statistics_and_no_features_stay(source, tmp_path):
    run = train(source, tmp_path / "run", epochs=2)  # one of which is the new layer's
    head = train(source, tmp_path / "head", epochs=1)
    ours, theirs = weights(head), weights(source)
    for name in ("norm1.running_mean", "norm2.running_var", "conv1.weight"):
        assert torch.equal(ours[name], theirs[name])
    assert not (run.folder / "features").exists()
    assert not (head.folder / "features").exists()


def test_features_give_what_the_whole_network_gives(run, source, tmp_path, monkeypatch):
    """The same run without features: every step computes the frozen layers anew."""
    without = {"augmentation": {"flip": False, "crop": 0}, "stages": STAGES | {"copies": 0}}
    kept = train(source, tmp_path / "kept", epochs=3, **without)
    monkeypatch.setattr("convscope.training.stages.ends_with", lambda *arguments: False)
    anew = train(source, tmp_path / "anew", epochs=3, **without)
    for ours, theirs in zip(kept.metrics("epoch")[:2], anew.metrics("epoch")[:2], strict=True):
        assert ours["train_loss"] == pytest.approx(theirs["train_loss"], rel=1e-4)
        assert ours["validation_loss"] == pytest.approx(theirs["validation_loss"], rel=1e-4)


def test_each_stage_goes_through_the_schedule(run):
    rates = [line["learning_rate"] for line in run.metrics("epoch")]
    assert rates[2] < rates[1]  # the end of the new layer's
    assert rates[3] > rates[2]  # and the warm-up of the next
    assert rates[-1] < max(rates[3:])


@pytest.mark.parametrize("stop", [20, *slow(0, 2, 9, 17, 30)])
def test_a_run_goes_on_bit_for_bit_from_any_stage(run, source, tmp_path, monkeypatch, stop):
    steps = []

    def stopping(*arguments, **options):
        steps.append(1)
        if len(steps) > stop:
            raise ConvscopeError("stopped")
        return loop.training_step_loss(*arguments, **options)

    monkeypatch.setattr(loop, "training_step_loss", loop.training_loss, raising=False)
    with monkeypatch.context() as patch:
        patch.setattr(loop, "training_loss", stopping)
        with pytest.raises(ConvscopeError, match="stopped"):
            train(source, tmp_path / "run", checkpoint_minutes=1e-9)
    resumed = cs.resume(tmp_path / "run", module=Net(3), data=data("xyz"), quiet=True)
    ours, theirs = weights(resumed), weights(run)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert not (resumed.folder / "features").exists()


@pytest.mark.slow
def test_a_time_limit_holds_for_all_stages(source, tmp_path):
    run = train(source, tmp_path / "run", epochs=None, minutes=0.01)
    assert run.model_file.exists()
    assert run.metrics("epoch")[-1]["seconds"] < 60


def test_the_module_is_given_back_as_it_was(source, tmp_path):
    network = Net(3)
    network.conv1.weight.requires_grad_(False)
    network.norm1.eval()
    train(source, tmp_path / "run", epochs=1, network=network)
    flags = {name: p.requires_grad for name, p in network.named_parameters()}
    assert [name for name, learns in flags.items() if not learns] == ["conv1.weight"]
    assert network.drop.training
    assert not network.norm1.training


@pytest.mark.slow
def test_the_same_classes_have_no_new_layer_so_all_learns_at_once(source, tmp_path):
    run = train(source, tmp_path / "run", epochs=1, classes="abcde")
    assert read_origin(run).new == ()
    assert not torch.equal(weights(run)["conv1.weight"], weights(source)["conv1.weight"])


def test_the_recipe_needs_a_source(tmp_path):
    with pytest.raises(UsageError, match="Say which: --from SOURCE"):
        cs.train("lenet", "digits", "transfer", out=tmp_path / "run", quiet=True)


def test_a_report_says_where_the_weights_came_from(run):
    page = run.report_file.read_text(encoding="utf-8")
    assert "Begins from" in page
    assert "only the new layer" in page
    assert json.loads(run.environment_file.read_text())["origin"]["taken"] > 0


@pytest.mark.slow
def test_the_doctor_knows_frozen_layers_and_first_weights(source, tmp_path):
    shutil.copytree(source.folder, tmp_path / "source")
    head = train(tmp_path / "source", tmp_path / "head", epochs=2, stages=STAGES | {"copies": 0})
    found = cs.diagnose(head, module=Net(3), data=data("xyz"), device="cpu", quiet=True)
    assert f"begun from {tmp_path / 'source'}" in str(found)
    assert "lower layers are still frozen, by the recipe" in str(found)
    assert found.measured.subject.knows_first
    shutil.rmtree(tmp_path / "source")
    found = cs.diagnose(head, module=Net(3), data=data("xyz"), device="cpu", quiet=True)
    assert "the weights that the run began with aren't known" in str(found)


def test_whether_a_layer_is_the_end_is_tried():
    class Averaged(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 3, 1)

        def forward(self, images):
            return self.conv(images).mean((2, 3))

    images = torch.rand(2, 1, 8, 8)
    assert ends_with(Net(3), "fc", images, CPU)
    assert not ends_with(Averaged(), "conv", images, CPU)
    assert not ends_with(Net(3), "conv1", images, CPU)


def test_features_are_what_the_layer_gets_in_evaluation_mode(tmp_path):
    network, images = Net(3), torch.rand(10, 1, 8, 8)
    passes = [[(images[:6], None), (images[6:], None)], [(images.flip(-1), None)]]
    found = compute_features(network, "fc", passes, 10, CPU, tmp_path / "features" / "a.npy")
    assert network.training
    network.eval()
    for copy, given in enumerate((images, images.flip(-1))):
        torch.testing.assert_close(
            network.fc(torch.from_numpy(found[copy])), network(given), rtol=1e-5, atol=1e-6
        )
    assert np.load(tmp_path / "features" / "a.npy", mmap_mode="r").shape == (2, 10, 256)
