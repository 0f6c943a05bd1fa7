"""Training as a whole: equal to plain PyTorch, resumable anywhere, honest when it fails.

Tests training/train.py, training/carry_out.py, training/job.py, training/state.py,
training/live_view.py, training/diagnosis.py, training/interrupt.py, training/measure.py.
"""

import itertools
import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import convscope as cs
from convscope.data.batches import Batches, Normalization
from convscope.errors import UsageError
from convscope.runs.checkpoint import latest_checkpoint
from convscope.training import keeper, loop, together
from convscope.training.diagnosis import NotFiniteError, first_not_finite, stuck_at_guessing
from convscope.training.interrupt import StopRequest, TrainingStoppedError
from convscope.training.live_view import LiveView
from tests.conftest import slow


def arrays(count=96, classes=3, size=8, seed=0):
    """Images whose brightest third tells the class."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    images = random.integers(0, 80, (count, 1, size, size), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[0, :, label * size // classes : (label + 1) * size // classes] += 120
    return cs.ImageSet(images, labels, tuple("abc"[:classes]))


DATA = {"train": arrays(), "test": arrays(seed=1)}
PLAIN = {"precision": "float32", "quiet": True, "device": "cpu"}


def module():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3)
    )


def test_equals_a_loop_written_by_hand(tmp_path, monkeypatch):
    ours, by_hand = module(), module()
    settings = {"epochs": 2, "batch_size": 40, "learning_rate": 0.1, "validation": 0.0}
    run = cs.train(ours, DATA, cs.Recipe(**settings), out=tmp_path / "run", **PLAIN)

    train = DATA["train"]
    mean, std = train.statistics()
    optimizer = torch.optim.SGD(by_hand.parameters(), 0.1)
    batches = Batches(train, 40, normalization=Normalization(mean, std), train=True, seed=0)
    for epoch in range(2):
        for images, labels in batches.epoch(epoch):
            optimizer.zero_grad()
            F.cross_entropy(by_hand(images), labels).backward()
            optimizer.step()
    trained = run.model(module()).network
    for name, weights in by_hand.state_dict().items():
        torch.testing.assert_close(trained.state_dict()[name], weights, rtol=1e-4, atol=1e-5)


@pytest.mark.draws_figures
def test_learns_and_leaves_everything(tmp_path):
    run = cs.train(module(), DATA, cs.Recipe(epochs=8, batch_size=16), out=tmp_path / "r", **PLAIN)
    assert run.summary()["accuracy"] == 1.0
    lines = run.metrics("epoch")
    assert [line["epoch"] for line in lines] == list(range(1, 9))
    assert lines[-1]["train_loss"] < lines[0]["train_loss"]
    assert run.environment["precision"] == "float32"
    for file in ("recipe.toml", "model.safetensors", "evaluation.json", "mistakes.csv"):
        assert (run.folder / file).is_file()
    for figure in ("curves", "confusion", "mistakes"):
        assert (run.figures / f"{figure}.png").stat().st_size > 1000
    assert list((run.folder / "tensorboard").iterdir())


EVERYTHING = {
    "epochs": 3,
    "batch_size": 20,
    "optimizer": "adamw",
    "learning_rate": 0.01,
    "schedule": "cosine",
    "ema": 0.9,
    "label_smoothing": 0.1,
    "clip_gradient": 1.0,
    "validation": 0.2,
    "augmentation": {"flip": True, "crop": 1, "cutout": 2, "mixup": 0.2},
}


def final_state(run):
    checkpoint = latest_checkpoint(run.checkpoints)
    state = {k: v for k, v in checkpoint.state.items() if not k.endswith("seconds")}
    return checkpoint.tensors, state


@pytest.mark.parametrize("stop_after", [7, *slow(1, 3, 4, 11, 12)])
def test_a_stopped_run_goes_on_bit_for_bit(tmp_path, monkeypatch, stop_after):
    def network():
        return nn.Sequential(module()[:-1], nn.Dropout(0.3), module()[-1])

    def start(out):
        return cs.train(network(), DATA, "fast", out=out, **PLAIN, **EVERYTHING)

    whole = start(tmp_path / "whole")
    counted = loop.Progress.count

    def count(progress, *arguments):
        counted(progress, *arguments)
        if progress.step == stop_after:
            requests[-1].receive(15, None)

    requests = []
    created = StopRequest.__init__

    def create(request, folder):
        created(request, folder)
        requests.append(request)

    monkeypatch.setattr(StopRequest, "__init__", create)
    monkeypatch.setattr(loop.Progress, "count", count)
    with pytest.raises(TrainingStoppedError, match="Go on with: convscope resume") as stopped:
        start(tmp_path / "stopped")
    assert stopped.value.exit_code == 143
    monkeypatch.undo()
    resumed = cs.resume(tmp_path / "stopped", module=network(), data=DATA, quiet=True)
    (expected, expected_state), (got, got_state) = final_state(whole), final_state(resumed)
    assert got_state == expected_state
    assert got.keys() == expected.keys()
    assert all(torch.equal(got[name], expected[name]) for name in expected)
    timeless = [
        [{k: v for k, v in line.items() if "second" not in k} for line in run.metrics("epoch")]
        for run in (whole, resumed)
    ]
    assert timeless[0] == timeless[1]


def test_the_same_seed_gives_the_same_run(tmp_path):
    def final(out, seed):
        run = cs.train("lenet-bn", DATA, "fast", out=out, size=16, epochs=1, seed=seed, **PLAIN)
        tensors, _ = final_state(run)
        return torch.cat([t.flatten().float() for n, t in tensors.items() if "weight" in n])

    first, again, other = (
        final(tmp_path / "a", 1),
        final(tmp_path / "b", 1),
        final(tmp_path / "c", 2),
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_resume_refuses_other_images(tmp_path):
    cs.train(module(), DATA, cs.Recipe(epochs=1), out=tmp_path / "r", **PLAIN)
    other = {"train": arrays(seed=5), "test": DATA["test"]}
    with pytest.raises(UsageError, match="aren't those that run .* began with"):
        cs.resume(tmp_path / "r", module=module(), data=other, quiet=True)


def test_the_best_epoch_is_kept_and_patience_ends_the_run(tmp_path, monkeypatch):
    accuracies = iter([0.5, 0.9, 0.7, 0.8, 0.85, 0.95, 0.95])
    real = together.compute_batch_logits

    def measured(*arguments, **keywords):
        outcome = real(*arguments, **keywords)
        return type(outcome)(outcome.values, outcome.labels, outcome.loss, next(accuracies))

    monkeypatch.setattr(together, "compute_batch_logits", measured)
    recipe = cs.Recipe(epochs=7, early_stop=3, validation=0.3)
    run = cs.train(module(), DATA, recipe, out=tmp_path / "r", **PLAIN)
    assert [line["validation_accuracy"] for line in run.metrics("epoch")] == [
        0.5,
        0.9,
        0.7,
        0.8,
        0.85,
    ]
    assert latest_checkpoint(run.checkpoints).state["best_epoch"] == 2


@pytest.mark.slow
def test_minutes_end_the_run(tmp_path, monkeypatch):
    ticks = itertools.count()  # a hundredth of a second whenever it is looked at
    clock = SimpleNamespace(perf_counter=lambda: next(ticks) / 100)
    monkeypatch.setattr(loop, "time", clock)
    recipe = cs.Recipe(epochs=None, minutes=1.5 / 60, schedule="linear", batch_size=16)
    run = cs.train(module(), DATA, recipe, out=tmp_path / "r", **PLAIN)
    last = run.metrics("epoch")[-1]
    assert last["epoch"] > 2
    assert last["seconds"] < 5
    assert last["learning_rate"] < 0.5 * recipe.learning_rate


def test_a_loss_that_is_not_a_number_stops_before_it_does_harm(tmp_path):
    with pytest.raises(NotFiniteError) as caught:
        cs.train(
            module(),
            DATA,
            cs.Recipe(epochs=1, learning_rate=1e30, batch_size=8),
            out=tmp_path / "r",
            **PLAIN,
        )
    message = str(caught.value)
    assert "training stopped, and nothing of it was saved" in message
    assert "Try a lower learning rate (--lr 1e+29), or --set clip_gradient=1." in message


def test_a_network_that_gives_no_numbers_from_the_start_is_not_the_learning_rate_s_fault(tmp_path):
    class Logarithm(nn.Module):
        def forward(self, x):
            return (-1 - x.abs()).log()

    network = nn.Sequential(Logarithm(), module())
    with pytest.raises(
        NotFiniteError, match="in the very first step, .* look for a logarithm"
    ) as e:
        cs.train(network, DATA, cs.Recipe(epochs=1, batch_size=8), out=tmp_path / "r", **PLAIN)
    assert "--lr" not in str(e.value)
    assert "first appears in the output of '0' (Logarithm)" in str(e.value)


def test_weights_that_are_not_numbers_are_never_saved(tmp_path, monkeypatch):
    """The last step of an epoch explodes after a loss that was fine."""
    stepped = torch.optim.SGD.step

    def step(optimizer, *arguments):
        stepped(optimizer, *arguments)
        optimizer.calls = getattr(optimizer, "calls", 0) + 1
        if optimizer.calls == 9:
            optimizer.param_groups[0]["params"][0].data.fill_(torch.nan)

    monkeypatch.setattr(torch.optim.SGD, "step", step)
    with pytest.raises(NotFiniteError, match=r"Weights became NaN .* in '0.weight'"):
        cs.train(module(), DATA, cs.Recipe(epochs=4, batch_size=32), out=tmp_path / "r", **PLAIN)
    run = cs.Run(tmp_path / "r")
    assert all(t.isfinite().all() for t in latest_checkpoint(run.checkpoints).tensors.values())
    assert all(t.isfinite().all() for t in run.model(module()).network.state_dict().values())
    assert len(run.metrics("epoch")) == 2


class InfiniteStatistics(nn.Module):
    """A normalization whose variance overflows, which no training loss shows."""

    def __init__(self):
        super().__init__()
        self.register_buffer("running_var", torch.ones(1))

    def forward(self, x):
        if self.training:
            self.running_var.fill_(torch.inf)
        return x


def test_infinite_statistics_are_never_saved(tmp_path):
    network = nn.Sequential(InfiniteStatistics(), module())
    with pytest.raises(NotFiniteError, match=r"Statistics became .* They are in '0\.running_var'"):
        cs.train(network, DATA, cs.Recipe(epochs=1, batch_size=32), out=tmp_path / "r", **PLAIN)
    assert not cs.Run(tmp_path / "r").model_file.exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Weights that hold NaN or infinity")
def test_a_mask_of_infinity_is_its_module_s_business(tmp_path):
    network = module()
    network.register_buffer("mask", torch.full((3,), -torch.inf))
    cs.train(network, DATA, cs.Recipe(epochs=1, batch_size=32), out=tmp_path / "r", **PLAIN)


def test_weights_broken_from_the_start_are_no_step_s_fault(tmp_path):
    network = module()
    with torch.no_grad():
        next(network.parameters()).fill_(torch.nan)
    with pytest.raises(NotFiniteError, match="in the very first step") as told:
        cs.train(network, DATA, cs.Recipe(epochs=1), out=tmp_path / "r", **PLAIN)
    assert "hold NaN or infinity already. So it isn't the learning rate" in str(told.value)


@pytest.mark.slow
def test_a_stop_in_the_last_evaluation_is_kept_and_goes_on(tmp_path, monkeypatch):
    requests, created = [], StopRequest.__init__

    def create(request, folder):
        created(request, folder)
        requests.append(request)

    evaluated = together.compute_batch_logits

    def evaluate(*arguments, on_batch, **options):
        requests[-1].receive(15, None)
        return evaluated(*arguments, on_batch=on_batch, **options)

    monkeypatch.setattr(StopRequest, "__init__", create)
    monkeypatch.setattr(together, "compute_batch_logits", evaluate)
    with pytest.raises(TrainingStoppedError, match="everything is kept"):
        cs.train(module(), DATA, cs.Recipe(epochs=1), out=tmp_path / "stopped", **PLAIN)
    monkeypatch.undo()
    resumed = cs.resume(tmp_path / "stopped", module=module(), data=DATA, quiet=True)
    whole = cs.train(module(), DATA, cs.Recipe(epochs=1), out=tmp_path / "whole", **PLAIN)
    assert resumed.model_file.read_bytes() == whole.model_file.read_bytes()


@pytest.mark.slow
def test_a_crash_before_the_first_checkpoint_leaves_no_lines_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(keeper, "save_checkpoint", lambda *_: 1 / 0)
    recipe = cs.Recipe(epochs=2, validation=0)
    with pytest.raises(ZeroDivisionError):
        cs.train(module(), DATA, recipe, out=tmp_path / "r", **PLAIN)
    monkeypatch.undo()
    run = cs.resume(tmp_path / "r", module=module(), data=DATA, quiet=True)
    assert [line["epoch"] for line in run.metrics("epoch")] == [1, 2]


@pytest.mark.slow
def test_a_finished_run_goes_on_when_its_recipe_has_more_epochs(tmp_path):
    run = cs.train(module(), DATA, cs.Recipe(epochs=1), out=tmp_path / "r", **PLAIN)
    run.recipe.replace(epochs=3).write(run.recipe_file)
    cs.resume(run, module=module(), data=DATA, quiet=True)
    assert [line["epoch"] for line in run.metrics("epoch")] == [1, 2, 3]


def test_among_equals_the_epoch_with_the_least_loss_is_best():
    progress = loop.Progress()
    assert progress.is_best(0.5, 2.0)
    assert progress.is_best(0.5, 1.0)
    assert not progress.is_best(0.5, 1.5)
    assert not progress.is_best(0.4, 0.1)
    assert progress.is_best(0.6, 3.0)


class Overflows(nn.Module):
    def forward(self, x):
        return x * torch.inf


def test_the_first_layer_that_overflows_is_named():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), Overflows(), nn.ReLU())
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    execution = loop.Execution(torch.device("cpu"), "float32")
    where = first_not_finite(network, torch.randn(2, 1, 8, 8), execution)
    assert where == "It first appears in the output of '2' (Overflows)."
    assert all(torch.equal(before[name], b) for name, b in network.named_buffers())
    assert not any(module._forward_hooks for module in network.modules())
    with torch.no_grad():
        network[0].bias[0] = torch.nan
    assert "The weights '0.bias' hold NaN" in first_not_finite(
        network, torch.randn(2, 1, 8, 8), execution
    )
    assert "images themselves" in first_not_finite(
        network, torch.full((2, 1, 8, 8), torch.inf), execution
    )


@pytest.mark.parametrize(
    ("loss", "epoch", "is_last", "says"),
    [
        (2.3026, 3, False, True),
        (2.31, 6, False, True),
        (2.3026, 1, False, False),
        (2.3026, 1, True, True),
        (1.9, 3, True, False),
    ],
)
def test_guessing_is_called_out(loss, epoch, is_last, says):
    warning = stuck_at_guessing({"train_loss": loss, "epoch": epoch}, 10, is_last=is_last)
    assert (warning is not None) == says
    if says:
        assert "ln(10) = 2.303" in warning
        assert math.isclose(math.log(10), 2.303, abs_tol=1e-3)


class Tied(nn.Module):
    """An autoencoder's weights, used twice, before a dense layer."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(64, 64), nn.Linear(64, 64)
        self.second.weight = self.first.weight
        self.last = nn.Linear(64, 3)

    def forward(self, x):
        return self.last(self.second(self.first(x.flatten(1)).relu()).relu())


@pytest.mark.slow
def test_tied_weights_are_kept_and_resumed(tmp_path):
    run = cs.train(Tied(), DATA, cs.Recipe(epochs=1), out=tmp_path / "r", **PLAIN)
    run.recipe.replace(epochs=2).write(run.recipe_file)
    cs.resume(run, module=Tied(), data=DATA, quiet=True)
    network = run.model(Tied()).network
    assert network.first.weight is network.second.weight


def test_names_with_brackets_are_printed_as_they_are(capfd):
    LiveView().message("Left out pets [old]/[/x].png: not an image")
    assert "pets [old]/[/x].png" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"early_stop": 3}, "early_stop needs validation images"),
        ({"dropout": 0.5}, "lenet has no dropout to set"),
        ({"size": 3}, r"Images of 3×3 are too small for 'lenet'|too small for lenet"),
        ({"network_arguments": {"widht": 2}}, "widht"),
        ({"device": "cuda:99"}, "Device 'cuda:99' isn't available"),
        ({"epoch": 3}, "Unknown recipe field 'epoch'. Did you mean 'epochs'"),
    ],
)
def test_what_does_not_fit_is_said_before_anything_is_written(tmp_path, changes, message):
    with pytest.raises(UsageError, match=message):
        cs.train(
            "lenet", DATA, cs.Recipe(epochs=1, validation=0), out=tmp_path / "r", **PLAIN | changes
        )
    assert not (tmp_path / "r").exists()


@pytest.mark.slow
def test_small_images_are_enlarged_for_a_network_that_needs_it(tmp_path, capfd):
    run = cs.train("lenet", DATA, "fast", out=tmp_path / "r", epochs=1, precision="float32")
    assert run.model().card.size == 28
    assert "Images are enlarged from 8 to 28 pixels" in capfd.readouterr().err


class Pair(nn.Module):
    def forward(self, x):
        return x, x


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (nn.Flatten(), r"gives \(2, 64\) for 2 images; training needs logits of shape \(2, 3\)"),
        (Pair(), r"gives \(2, 1, 8, 8\) for 2 images"),
        (nn.Conv2d(3, 1, 3), r"Conv2d fails on images of shape \(2, 1, 8, 8\)"),
    ],
)
def test_modules_that_do_not_map_images_to_logits(tmp_path, network, message):
    with pytest.raises(UsageError, match=message):
        cs.train(network, DATA, cs.Recipe(epochs=1, validation=0), out=tmp_path / "r", **PLAIN)


def test_metrics_are_json(tmp_path):
    """Every line is an object of finite numbers, texts and truths, whoever reads it."""
    recipe = cs.Recipe(epochs=2, batch_size=32, validation=0.25)
    run = cs.train(module(), DATA, recipe, out=tmp_path / "r", **PLAIN)

    def refuse(name):
        raise AssertionError(f"{name} isn't JSON")

    text = run.metrics_file.read_text(encoding="utf-8")
    lines = [json.loads(line, parse_constant=refuse) for line in text.splitlines()]
    without = [{name: each for name, each in line.items() if name != "check"} for line in lines]
    assert without == run.metrics()
    epochs = [line for line in lines if line["kind"] == "epoch"]
    assert [line["epoch"] for line in epochs] == [1, 2]
    for name in ("train_loss", "validation_loss", "validation_accuracy", "learning_rate"):
        assert all(math.isfinite(line[name]) for line in epochs), name
    assert all(0 <= line["validation_accuracy"] <= 1 for line in epochs)
    summary = json.loads(json.dumps(run.summary(), allow_nan=False))
    assert summary == run.summary()
    assert summary["epochs"] == 2
    assert summary["accuracy"] == json.loads(run.evaluation_file.read_text())["accuracy"]


def test_robustness_is_left_out_where_it_would_take_long(tmp_path, monkeypatch, capsys):
    from convscope.evaluation import robustness

    monkeypatch.setattr(robustness, "BRIEF", 1e-6)
    run = cs.train("mlp", "digits", epochs=1, out=tmp_path / "run")
    assert json.loads(run.evaluation_file.read_text())["robustness"] is None
    assert f"convscope evaluate {run.folder}" in capsys.readouterr().err.replace("\n", " ")
