"""Model files that a disk has damaged, or that somebody made to do harm.

Tests runs/model_file.py, runs/tensor_file.py, runs/model.py.
"""

import json
import random
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from convscope.errors import ConvscopeError
from convscope.networks.catalog import build
from convscope.runs import tensor_file
from convscope.runs.model import load_model
from convscope.runs.model_file import ModelCard, read_card, save_model, write_card

GOLDEN = Path(__file__).parents[1] / "golden" / "lenet.safetensors"
CARD = ModelCard(
    network="mlp",
    network_arguments={"size": 8, "hidden": 4},
    classes=("cat", "dog"),
    channels=1,
    size=8,
    mean=(0.5,),
    std=(0.25,),
)


@pytest.fixture
def file(tmp_path):
    torch.manual_seed(0)
    save_model(tmp_path / "m.safetensors", build("mlp", 1, 2, size=8, hidden=4), CARD)
    return tmp_path / "m.safetensors"


def split(file):
    raw = file.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    return json.loads(raw[8 : 8 + length]), raw[8 + length :]


def join(file, header, rest):
    text = json.dumps(header).encode()
    file.write_bytes(len(text).to_bytes(8, "little") + text + rest)


def test_the_same_content_is_the_same_bytes(file, tmp_path):
    content = {file.read_bytes()}
    for number in range(8):
        other = tmp_path / f"{number}.safetensors"
        torch.manual_seed(0)
        save_model(other, build("mlp", 1, 2, size=8, hidden=4), CARD)
        write_card(other, CARD)
        content.add(other.read_bytes())
    assert len(content) == 1
    assert list(split(file)[0]["__metadata__"]) == ["check", "convscope", "sha256"]


def flip_bits(file, places):
    raw = file.read_bytes()
    for place in places:
        damaged = bytearray(raw)
        damaged[place // 8] ^= 1 << place % 8
        file.write_bytes(damaged)
        with pytest.raises(ConvscopeError):
            load_model(file)


def test_flipped_bits_are_noticed(file):
    flip_bits(file, random.Random(0).sample(range(8 * file.stat().st_size), 150))


@pytest.mark.slow
def test_every_flipped_bit_is_noticed(file):
    flip_bits(file, range(8 * file.stat().st_size))


def change(file, number, generator):
    """Damage a header: fields dropped, doubled, of another type, out of bounds."""
    header, rest = split(file)
    values = [
        *(-1, 0, 1, 2**31, 2**63, 2**200, 1e-300, 1e300, float("nan"), float("inf"), "", "x"),
        *("\x1b[31m", "../../x", None, True, [], {}, [1], {"a": 1}, "F64", "I8", [0, 2**62]),
    ]
    metadata = header["__metadata__"]
    if number % 2:
        card = json.loads(metadata["convscope"])
        place, name = random_place(card, generator)
        if generator.random() < 0.15:
            del place[name]
        else:
            place[name] = generator.choice(values)
        if generator.random() < 0.2:
            card["network_arguments"] = {
                generator.choice(["in_channels", "classes", "size", "hidden", "width", "x"]):
                generator.choice(values)
            }  # fmt: skip
        metadata["convscope"] = json.dumps(card)
        metadata.pop("check", None)
    else:
        place, name = random_place(header, generator)
        place[name] = generator.choice(values)
    join(file, header, rest)


def random_place(table, generator):
    while True:
        names = list(table) if isinstance(table, dict) else list(range(len(table)))
        name = generator.choice(names)
        inner = table[name]
        if not isinstance(inner, dict | list) or not inner or generator.random() < 0.3:
            return table, name
        table = inner


def fuzz(file, count, seed=0):
    generator = random.Random(seed)
    whole, accepted = file.read_bytes(), 0
    for number in range(count):
        file.write_bytes(whole)
        change(file, number, generator)
        try:
            load_model(file)
            read_card(file)
            accepted += 1
        except ConvscopeError:
            pass
    return accepted


def test_changed_headers_end_in_one_kind_of_error(file):
    assert fuzz(file, 60) < 20  # another class name, another mean: a valid card


@pytest.mark.slow
def test_many_changed_headers(file):
    """In a process that may not take much more memory than torch itself."""
    program = (
        "import resource, sys; from pathlib import Path\n"
        "import tests.runs.test_damaged_model_file as t; import torch\n"
        "t.load_model(Path(sys.argv[1]))\n"
        "size = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (size + 2**28,) * 2)\n"
        "print(t.fuzz(Path(sys.argv[1]), 20_000, seed=1))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, file],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"temperature": 1e-300}, "temperature: "),
        ({"temperature": 0}, "temperature: "),
        ({"mean": [float("nan")]}, "mean.0: "),
        ({"std": [-1.0]}, "std.0: "),
        ({"mean": [0.5, 0.5]}, "mean and std must have 1 values"),
        ({"classes": ["cat", "cat"]}, "two have the same name"),
        ({"classes": []}, "classes: "),
        ({"size": 10**9}, "size: "),
        ({"grey_range": [5.0, 5.0]}, "grey_range"),
        ({"network_arguments": {"in_channels": 3}}, "channels and classes are fields of their own"),
        ({"network_arguments": {"size": 8, "hidden": 2**31}}, "cannot be built with"),
        ({"network_arguments": {"size": 8, "hidden": 2**30}}, "of another architecture"),
        ({"network": "vgg16", "network_arguments": {"width": 400.0}}, "of another architecture"),
        ({"network": "../mlp"}, "Unknown network"),
    ],
)
def test_every_field_of_a_card_has_bounds(file, changes, reason):
    header, rest = split(file)
    metadata = header["__metadata__"]
    metadata["convscope"] = json.dumps(json.loads(metadata["convscope"]) | changes)
    del metadata["check"]  # a file of an earlier version has none
    join(file, header, rest)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ConvscopeError, match=r"m\.safetensors") as told:
        load_model(file)
    assert reason in str(told.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


def test_a_file_of_before_opens_and_gets_its_checksum(tmp_path):
    file = tmp_path / "m.safetensors"
    shutil.copy(GOLDEN, file)
    card = load_model(file).card
    write_card(file, card)
    assert "check" in split(file)[0]["__metadata__"]
    flip_bits(file, range(64, 2000, 7))


def test_a_header_of_any_length_is_not_read(file):
    header, rest = split(file)
    header |= {f"x{n}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for n in range(9)}
    text = json.dumps(header).encode().ljust(tensor_file.HEADER_BYTES + 1)
    file.write_bytes(len(text).to_bytes(8, "little") + text + rest)
    with pytest.raises(ConvscopeError, match="its header has 16,777,217 bytes; at most 16,777,216"):
        read_card(file)
