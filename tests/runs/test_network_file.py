import sys

import pytest
from torch import nn

from convscope.errors import UsageError
from convscope.runs.network_file import load_network_file, names_network_file

NET = """
from torch import nn

class Net(nn.Module):
    def __init__(self, in_channels=1, num_classes=10, width=4):
        super().__init__()
        self.fc = nn.Linear(in_channels, num_classes)

class Needs(nn.Module):
    def __init__(self, depth):
        super().__init__()

def broken():
    return 1 / 0

ready = nn.Linear(3, 2)
number = 7
"""


@pytest.fixture(autouse=True)
def _imports_kept(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def file(tmp_path):
    (tmp_path / "own_net.py").write_text(NET)
    return tmp_path / "own_net.py"


def load(text, **facts):
    return load_network_file(str(text), lambda: facts)


def test_which_texts_mean_a_file():
    assert names_network_file("my_net.py:Net")
    assert names_network_file("a/b.py:build")
    assert names_network_file("my_net.py")
    for other in ("resnet18", "runs/mine", "C:\\runs", "a.pyc:Net"):
        assert not names_network_file(other)


def test_it_is_made_for_the_images(file):
    network = load(f"{file}:Net", channels=3, classes=5, size=32)
    assert (network.fc.in_features, network.fc.out_features) == (3, 5)
    assert load(f"{file}:Net").fc.out_features == 10
    assert isinstance(load(f"{file}:ready"), nn.Linear)


def test_the_images_are_not_looked_at_where_nothing_of_them_is_asked(file):
    def refuse():
        raise AssertionError("asked for")

    assert load_network_file(f"{file}:ready", refuse).out_features == 2


def test_files_beside_it_are_found(file):
    (file.parent / "beside_own_net.py").write_text("WIDTH = 6\n")
    text = file.read_text().replace("\n", "\nfrom beside_own_net import WIDTH\n", 1)
    file.write_text(text.replace("nn.Linear(in_channels, num_classes)", "nn.Linear(WIDTH, 2)"))
    assert load(f"{file}:Net").fc.in_features == 6


def test_a_file_may_be_called_like_a_library(tmp_path):
    import json

    (tmp_path / "json.py").write_text(NET)
    assert load(f"{tmp_path / 'json.py'}:Net").fc.out_features == 10
    assert sys.modules["json"] is json


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("import torch\nx = (1,\n", 2, "SyntaxError"),
        ("import torch\nimport nothere_at_all\n", 2, "ModuleNotFoundError"),
        ("def f():\n    raise KeyError('x')\n\nf()\n", 2, "KeyError"),
        ("import sys\nsys.exit(3)\n", 2, 'below: if __name__ == "__main__":'),
    ],
)
def test_errors_of_the_file_have_its_line(tmp_path, text, line, said):
    (tmp_path / "wrong.py").write_text(text)
    with pytest.raises(UsageError) as told:
        load(f"{tmp_path / 'wrong.py'}:Net")
    assert str(told.value).startswith(f"{tmp_path / 'wrong.py'}, line {line}: ")
    assert said in str(told.value)
    assert "wrong" not in sys.modules


def test_what_it_cannot_give_is_said(file):
    with pytest.raises(UsageError, match=r"line 14: ZeroDivisionError: division by zero"):
        load(f"{file}:broken")
    with pytest.raises(
        UsageError,
        match="'Nett'. There are: Needs, Net, broken, ready",
    ):
        load(f"{file}:Nett")
    with pytest.raises(UsageError, match="needs depth, which can't be known"):
        load(f"{file}:Needs")
    with pytest.raises(UsageError, match="is a int; it must give a torch.nn.Module"):
        load(f"{file}:number")
    with pytest.raises(UsageError, match="which network of the file"):
        load(file)
    with pytest.raises(UsageError, match="There is no file"):
        load(f"{file}x.py:Net")
