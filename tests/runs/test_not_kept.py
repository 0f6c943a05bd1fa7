"""What a run's folder doesn't hold. Tests runs/not_kept.py."""

from types import SimpleNamespace

import pytest

import convscope as cs
from convscope.runs.not_kept import how_to_ask


@pytest.mark.parametrize(
    ("network", "data", "said"),
    [
        ("lenet", "digits", "convscope doctor runs/a"),
        ("", "digits", "convscope.diagnose('runs/a', module=my_module)"),
        ("lenet", "", "convscope.diagnose('runs/a', data=my_data)"),
        ("", "", "convscope.diagnose('runs/a', module=my_module, data=my_data)"),
    ],
)
def test_only_what_can_work_is_advised(network, data, said):
    run = SimpleNamespace(folder="runs/a", recipe=cs.Recipe(network=network, data=data, epochs=1))
    assert how_to_ask(run, "doctor", "convscope.diagnose") == said
