import random

import pytest
import torch
from torch import nn

from convscope.errors import ConvscopeError
from convscope.runs.checkpoint import (
    forget_later,
    latest_checkpoint,
    load_checkpoint_weights,
    save_checkpoint,
)


def save(folder, step):
    save_checkpoint(folder, {"w": torch.full((100,), float(step))}, {"step": step, "loss": 0.5})


def test_gives_back_what_was_saved(tmp_path):
    tensors = {"a": torch.randn(3, 4).bfloat16(), "b": torch.arange(5), "c": torch.tensor(2.5)}
    save_checkpoint(tmp_path, tensors, {"step": 7, "name": "卷积"})
    checkpoint = latest_checkpoint(tmp_path)
    assert checkpoint.state == {"step": 7, "name": "卷积"}
    assert checkpoint.tensors.keys() == tensors.keys()
    assert all(torch.equal(checkpoint.tensors[name], tensors[name]) for name in tensors)


def test_none_where_there_was_never_one(tmp_path):
    assert latest_checkpoint(tmp_path) is None


def test_keeps_the_newest_two(tmp_path):
    for step in (5, 10, 15, 100_000_000):
        save(tmp_path, step)
    assert len(list(tmp_path.iterdir())) == 4
    assert latest_checkpoint(tmp_path).state["step"] == 100_000_000


def test_every_flipped_bit_is_noticed(tmp_path):
    save(tmp_path, 1)
    save(tmp_path, 2)
    newest = tmp_path / "step-00000002.safetensors"
    whole = newest.read_bytes()
    generator = random.Random(0)
    for _ in range(200):
        damaged = bytearray(whole)
        place = generator.randrange(len(whole) * 8)
        damaged[place // 8] ^= 1 << place % 8
        newest.write_bytes(damaged)
        checkpoint = latest_checkpoint(tmp_path)
        assert checkpoint.state["step"] == 1
        assert "damaged (wrong checksum)" in checkpoint.passed_over[0]


def test_every_flipped_bit_of_the_manifest_is_noticed(tmp_path):
    save(tmp_path, 1)
    save(tmp_path, 2)
    newest = tmp_path / "step-00000002.json"
    whole = newest.read_bytes()
    for place in random.Random(0).sample(range(8 * len(whole)), 100):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        newest.write_bytes(damaged)
        assert latest_checkpoint(tmp_path).state["step"] == 1


@pytest.mark.parametrize("orders", [range(8), pytest.param(range(8, 1008), marks=pytest.mark.slow)])
def test_the_last_good_one_is_never_lost(tmp_path, monkeypatch, orders):
    """Over random orders of saves, damage, and resumptions."""
    monkeypatch.setattr("os.fsync", lambda _: None)  # no power fails here
    for order in orders:
        generator = random.Random(order)
        folder = tmp_path / str(order)
        step, good = 0, set()
        for _ in range(8):
            step += generator.choice([1, 3, 120_000_000])
            save(folder, step)
            good = {each for each in good if each < step} | {step}
            files = sorted(folder.glob("step-*"))
            if generator.random() < 0.4:  # the newest is damaged, and the run resumed
                for file in files:
                    if int(file.stem[5:]) == step and generator.random() < 0.7:
                        file.write_bytes(file.read_bytes()[:-1])
                        good.discard(step)
                if not good:
                    break
                found = latest_checkpoint(folder)
                assert found.state["step"] == max(good)
                step = found.state["step"]
                forget_later(folder, step)
            good = {each for each in good if (folder / f"step-{each:08d}.json").exists()}
            assert latest_checkpoint(folder).state["step"] == max(good)
            assert len(list(folder.iterdir())) <= 4


@pytest.mark.parametrize("suffix", [".safetensors", ".json"])
def test_every_cut_is_noticed(tmp_path, suffix):
    save(tmp_path, 1)
    save(tmp_path, 2)
    newest = tmp_path / f"step-00000002{suffix}"
    whole = newest.read_bytes()
    for length in range(0, len(whole), 16):
        newest.write_bytes(whole[:length])
        assert latest_checkpoint(tmp_path).state["step"] == 1


def test_a_save_that_fails_keeps_the_one_before(tmp_path, monkeypatch):
    save(tmp_path, 1)

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("safetensors.torch.save_file", full)
    with pytest.raises(ConvscopeError, match=r"No space.* It needs 400 bytes, and .* are free"):
        save(tmp_path, 2)
    assert latest_checkpoint(tmp_path).state["step"] == 1
    assert len(list(tmp_path.iterdir())) == 2


def test_all_damaged(tmp_path):
    save(tmp_path, 1)
    (tmp_path / "step-00000001.safetensors").write_bytes(b"")
    with pytest.raises(ConvscopeError, match="No checkpoint in .* can be used: step-00000001"):
        latest_checkpoint(tmp_path)


@pytest.mark.parametrize("averaged", [False, True])
def test_weights_of_a_checkpoint_are_those_that_would_be_kept(tmp_path, averaged):
    trained, average, network = (nn.Linear(3, 2) for _ in range(3))
    tensors = {f"network.{name}": tensor for name, tensor in trained.state_dict().items()}
    if averaged:
        tensors |= {f"average.{name}": tensor for name, tensor in average.state_dict().items()}
    save_checkpoint(tmp_path, tensors | {"optimizer.weight/exp_avg": torch.ones(2)}, {"step": 3})
    file = tmp_path / "step-00000003.safetensors"
    load_checkpoint_weights(file, network)
    assert torch.equal(network.weight, (average if averaged else trained).weight)
    with pytest.raises(ConvscopeError, match="step-00000003 can't be used"):
        load_checkpoint_weights(file, nn.Linear(4, 2))
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ConvscopeError, match="wrong checksum"):
        load_checkpoint_weights(file, network)
