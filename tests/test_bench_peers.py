"""What `make bench-peers` trains and counts; Keras itself isn't among what tests need."""

import importlib
import json
import sys
from pathlib import Path

import pytest
import torch

import convscope as cs
from convscope.runs.recipe import named

PEERS = Path(__file__).parents[1] / "benchmarks" / "peers"
NETWORKS = sorted(file.stem for file in (PEERS / "pytorch_networks").glob("*.py"))


@pytest.fixture
def load(monkeypatch):
    """Imports a file of the benchmark as its programs do, and forgets it afterwards."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(PEERS)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if PEERS in Path(file).parents or name == "pytorch_networks":
            del sys.modules[name]


def catalog_network(name):
    return cs.build(name, 1, 10, **named("book", name, "fashion-mnist").network_arguments)


def test_every_network_of_the_benchmark_is_there_for_both(load):
    keras = sorted(file.stem for file in (PEERS / "keras_networks").glob("*.py"))
    assert keras == NETWORKS == sorted(load("compare").BATCHES)


@pytest.mark.parametrize("name", NETWORKS)
def test_plain_network_has_the_weights_of_the_catalogs(load, name):
    with torch.device("meta"):
        plain = load(f"pytorch_networks.{name}").build()
        ours = catalog_network(name)
    shapes = [sorted(tuple(p.shape) for p in each.parameters()) for each in (plain, ours)]
    assert shapes[0] == shapes[1]


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_plain_network_computes_what_the_catalogs_does(load, name):
    torch.manual_seed(0)
    plain, ours = load(f"pytorch_networks.{name}").build(), catalog_network(name)
    plain.load_state_dict(dict(zip(plain.state_dict(), ours.state_dict().values(), strict=True)))
    size = named("book", name, "fashion-mnist").size or 28
    images = torch.rand(2, 1, size, size)
    with torch.no_grad():
        logits = [network.eval()(images) for network in (plain, ours)]
    torch.testing.assert_close(*logits)


def figures(program, repeat, training, weights=7):
    seconds = {"start-up": 1.0, "training": training, "evaluation": 1.0, "whole": training + 4}
    return {
        "network": "lenet",
        "program": program,
        "repeat": repeat,
        "way": "float32",
        "images": {"train": 100, "test": 10},
        "accuracy": 0.5,
        "weights": weights,
        "seconds": seconds,
    }


def test_ratios_are_medians_over_the_repeats(load):
    table = load("table")
    runs = [
        figures(program, repeat, training)
        for repeat, times in enumerate([(1, 3, 5, 7), (1, 7, 5, 7), (3, 3, 7, 15)])
        for program, training in zip(table.PROGRAMS, times, strict=True)
    ]
    text = table.table(runs)
    assert "| lenet | 2.00 | 3.00 | 4.00 |" in text  # (3+1)/(1+1), (5+1)/(1+1), …
    assert "| lenet | PyTorch | float32 | 33 | 1.0 | 3.0 | 1.0 | 7.0 | 50.0 % |" in text
    assert text.count("geometric mean") == 2


def test_networks_with_other_weights_end_it(load):
    table = load("table")
    runs = [figures("Convscope", 0, 1.0), figures("PyTorch", 0, 1.0)]
    table.check_weights("lenet", runs)
    table.check_weights("nin", runs)
    with pytest.raises(SystemExit, match="different networks 'lenet'"):
        table.check_weights("lenet", [*runs, figures("JAX", 0, 1.0, weights=8)])


def test_parts_come_from_the_moments_that_a_program_prints(load, capsys):
    timeline = load("timeline").Timeline()
    for _ in range(2):
        timeline.end_step()
        timeline.end_step()
        timeline.end_training()
        timeline.end_evaluation()
    timeline.show(accuracy=0.5, weights=7, version="some 1.0")
    printed = json.loads(capsys.readouterr().out)
    assert printed["first_step"] <= printed["trained"][0] <= printed["evaluated"][1]

    printed = {"first_step": [12, 2], "trained": [[20, 5], [40, 9]]}
    printed["evaluated"] = [[23, 6], [44, 11]]
    parts = load("compare").divide(printed, 0, 10, 50)
    assert parts == {"start-up": 2, "training": 17, "evaluation": 4, "whole": 40}
    parts = load("compare").divide(printed, 1, 0, 12)
    assert parts == {"start-up": 2, "training": 3, "evaluation": 2, "whole": 12}


@pytest.mark.slow
def test_a_program_that_fails_says_how(load, tmp_path):
    compare = load("compare")
    settings = compare.settings_of("lenet", (1, 1), 1, str(tmp_path))
    with pytest.raises(SystemExit, match=r"PyTorch failed on lenet:(?s:.*)FileNotFoundError"):
        compare.run("PyTorch", settings, "")  # there are no images in the folder


@pytest.mark.slow
def test_pytorchs_loop_and_convscopes_run(load, tmp_path):
    compare = load("compare")
    settings = compare.settings_of("lenet", (2, 1), 1, str(tmp_path))
    compare.write_images(settings)
    for program in ("PyTorch", "Convscope"):
        done = compare.run(program, settings | {"way": "bfloat16"}, "")
        assert done["weights"] == 61_706
        assert 0 < done["seconds"]["training"] < done["seconds"]["whole"]
        assert done["processor_seconds"]["start-up"] > 0
