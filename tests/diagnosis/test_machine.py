import json

import pytest

from convscope.diagnosis import machine as module
from convscope.diagnosis.machine import examine_machine


def fact(topic):
    return next(each for each in examine_machine().facts if each.topic == topic)


def test_facts_are_plain_values_and_complete():
    machine = examine_machine()
    numbers = json.loads(json.dumps(machine.numbers))
    assert numbers["usable_cores"] >= 1
    assert numbers["free_disk_bytes"] > 0
    assert set(numbers["data_sets"]) == {"digits", "fashion-mnist", "mnist", "cifar10"}
    topics = {each.topic for each in machine.facts}
    assert topics >= {"PyTorch", "processor", "threads", "memory", "cache folder", "GPU", "digits"}
    assert all(each.advice for each in machine.facts if each.state != "ok")


def test_little_memory_is_a_problem(monkeypatch):
    monkeypatch.setattr(module, "system_memory", lambda: (4 << 30, 1 << 30))
    assert fact("memory").state == "problem"
    assert "1.07 GB of 4.29 GB available" in fact("memory").value
    assert not examine_machine().is_ready


def test_memory_that_is_not_known(monkeypatch):
    monkeypatch.setattr(module, "system_memory", lambda: (None, None))
    assert fact("memory").value == "not known here"


def test_threads_that_the_environment_holds_back(monkeypatch):
    monkeypatch.setattr(module, "_usable_cores", lambda: 8)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert fact("threads").advice == "OMP_NUM_THREADS=1 holds the others back; unset it."


def test_a_missing_extra_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(module, "_version", lambda name: None if name == "fastapi" else "1")
    assert fact("extra web").value == "no fastapi"
    assert fact("extra web").advice == "For convscope serve: pip install 'convscope[web]'"


def test_a_data_set_is_found_without_being_read(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path))
    assert fact("cifar10").state == "missing"
    (tmp_path / "cifar10-jpeg.zip").touch()
    assert fact("cifar10").value == str(tmp_path)


@pytest.mark.parametrize("bytes_free", [1 << 30])
def test_a_full_disk_is_a_problem(monkeypatch, bytes_free):
    usage = type("Usage", (), {"free": bytes_free})
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: usage)
    assert "CONVSCOPE_CACHE" in fact("cache folder").advice
    assert fact("cache folder").state == "problem"
